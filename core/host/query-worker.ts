/** Entry of a query process: answers one request after the other, and is killed when one has to end (SQLite can't be interrupted). */
import { Worker } from 'node:worker_threads';
import type { Progress } from '../contract/contract.ts';
import { explainError } from '../lab/about.ts';
import { createQueries, queryMethods } from '../lab/service/queries.ts';
import type { Queries } from '../lab/service/queries.ts';

/** What the host sends: requests already checked. */
export interface QueryRequest {
  readonly lab: string;
  readonly method: (typeof queryMethods)[number];
  readonly params: unknown;
}

/** For each request any number of `progress`, then one of the others. */
export type QueryReply =
  | { readonly progress: Progress }
  | { readonly result: unknown }
  | { readonly explained: boolean; readonly message: string };

function serve(): void {
  const open = new Map<string, Queries>();
  const answer = async (
    { lab, method, params }: QueryRequest,
    tell: (reply: QueryReply) => void,
  ): Promise<QueryReply> => {
    try {
      const queries = open.get(lab) ?? createQueries(lab);
      open.set(lab, queries);
      return { result: await queries[method](params as never, (progress) => tell({ progress })) };
    } catch (error) {
      const reason = explainError(error, lab);
      return {
        explained: reason !== undefined,
        message: reason ?? (error instanceof Error ? error.message : String(error)),
      };
    }
  };
  // One after the other, even if an answer has to wait for something.
  let last: Promise<void> = Promise.resolve();
  const take = (request: QueryRequest, send: (reply: QueryReply) => void): void => {
    last = last.then(async () => send(await answer(request, send)));
  };
  // Electron's utility process is sent a port to its host; Node's child process has a channel to it.
  const { parentPort } = process;
  if (parentPort) {
    parentPort.once('message', ({ ports: [port] }) => {
      const send = (reply: QueryReply) => port.postMessage(reply);
      port.on('message', ({ data }) => take(data as QueryRequest, send));
      port.start();
    });
  } else {
    endWithParent();
    const send = (reply: QueryReply) => process.send?.(reply);
    process.on('message', (request) => take(request as QueryRequest, send));
  }
}

/** A process in the middle of a query doesn't notice that its channel is closed: a thread checks whether the host is still there. */
function endWithParent(): void {
  const program = new URL('./parent-watch.ts', import.meta.url);
  new Worker(program, { workerData: Number(process.argv[2]), execArgv: [] }).unref();
}

serve();
