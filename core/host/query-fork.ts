/** Query processes for where the host itself may not fork: Electron's main process does it, and hands over a port to each. */
import { z } from 'zod';
import type { QueryProcess } from './query-pool.ts';
import type { QueryReply, QueryRequest } from './query-worker.ts';

/** What the host asks of the main process. */
export type ForkRequest = { readonly type: 'query-fork' | 'query-kill'; readonly id: number };

/** What the main process answers; a port comes with `query-port`. */
export const ForkReply = z.strictObject({ type: z.enum(['query-port', 'query-exit']), id: z.number().int() });
export type ForkReply = z.infer<typeof ForkReply>;

/** The part of Electron's ports that is used. */
interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  start(): void;
}

interface Forked {
  port?: Port;
  /** Sent before the port was there. */
  readonly waiting: QueryRequest[];
  readonly replies: ((reply: QueryReply) => void)[];
  readonly exits: (() => void)[];
}

export interface ForkedQueries {
  /** A new process. */
  spawn(): QueryProcess;
  /** Takes an answer of the main process. */
  receive(reply: ForkReply, port: Port | undefined): void;
}

export function createForkedQueries(ask: (request: ForkRequest) => void): ForkedQueries {
  const all = new Map<number, Forked>();
  let next = 1;
  return {
    spawn() {
      const id = next++;
      const forked: Forked = { waiting: [], replies: [], exits: [] };
      all.set(id, forked);
      ask({ type: 'query-fork', id });
      return {
        send: (request) => (forked.port ? forked.port.postMessage(request) : void forked.waiting.push(request)),
        onReply: (listener) => void forked.replies.push(listener),
        onExit: (listener) => void forked.exits.push(listener),
        kill: () => ask({ type: 'query-kill', id }),
      };
    },
    receive({ type, id }, port) {
      const forked = all.get(id);
      if (!forked) return;
      if (type === 'query-exit') {
        all.delete(id);
        return forked.exits.forEach((listener) => listener());
      }
      forked.port = port;
      port?.on('message', ({ data }) => forked.replies.forEach((listener) => listener(data as QueryReply)));
      port?.start();
      for (const request of forked.waiting.splice(0)) port?.postMessage(request);
    },
  };
}
