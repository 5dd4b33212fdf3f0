/** Query processes of one lab: each runs one request at a time; a request that is cancelled or takes too long takes its process with it. */
import { fork } from 'node:child_process';
import { RequestError } from '../lab/about.ts';
import type { Params, Progress, Result } from '../contract/contract.ts';
import type { QueryMethod } from '../lab/service/queries.ts';
import type { QueryCall, QueryRunner } from '../lab/service/service-runs.ts';
import type { QueryReply, QueryRequest } from './query-worker.ts';

/** A process that answers requests in order. */
export interface QueryProcess {
  send(request: QueryRequest): void;
  onReply(listener: (reply: QueryReply) => void): void;
  onExit(listener: () => void): void;
  kill(): void;
}

export interface QueryPool {
  readonly run: QueryRunner;
  /** Ends all processes; what is open fails. */
  close(): void;
}

/** Most processes at once; further requests wait. */
const PROCESSES = 2;
/** User SQL is given up after this, ms. */
const SQL_BUDGET_MS = 60_000;

type FinalReply = Exclude<QueryReply, { readonly progress: Progress }>;

interface Job {
  readonly request: QueryRequest;
  readonly budget: number | undefined;
  readonly settle: (reply: FinalReply) => void;
  readonly progress: ((progress: Progress) => void) | undefined;
  process?: QueryProcess;
  timer?: NodeJS.Timeout;
}

/** @param spawn a new process; a Node child process if left out */
export function createQueryPool(lab: string, spawn: () => QueryProcess = forkProcess): QueryPool {
  const idle: QueryProcess[] = [];
  const running = new Set<Job>();
  const waiting: Job[] = [];

  const finish = (job: Job, reply: FinalReply) => {
    clearTimeout(job.timer);
    if (!running.delete(job)) return;
    job.settle(reply);
    next();
  };
  const end = (job: Job, message: string) => {
    const at = waiting.indexOf(job);
    if (at >= 0) {
      waiting.splice(at, 1);
      return job.settle({ explained: true, message });
    }
    // Reported with the reason first: the end of its process is then no news.
    finish(job, { explained: true, message });
    job.process?.kill();
  };
  const start = (job: Job) => {
    const process = idle.pop() ?? watched(spawn());
    running.add(job);
    job.process = process;
    if (job.budget !== undefined) {
      const seconds = job.budget / 1000;
      job.timer = setTimeout(() => end(job, `given up after ${seconds} s: narrow the query down`), job.budget);
    }
    process.send(job.request);
  };
  const next = () => {
    while (waiting.length && running.size < PROCESSES) start(waiting.shift()!);
  };
  const watched = (process: QueryProcess): QueryProcess => {
    const jobOf = () => [...running].find((job) => job.process === process);
    process.onReply((reply) => {
      const job = jobOf();
      if (!job) return;
      if ('progress' in reply) return job.progress?.(reply.progress);
      idle.push(process);
      finish(job, reply);
    });
    process.onExit(() => {
      const at = idle.indexOf(process);
      if (at >= 0) idle.splice(at, 1);
      const job = jobOf();
      if (job) finish(job, { explained: true, message: 'the query’s process ended, perhaps for want of memory' });
    });
    return process;
  };

  return {
    run: <M extends QueryMethod>(method: M, params: Params<M>, { signal, progress }: QueryCall) =>
      new Promise<Result<M>>((resolve, reject) => {
        const job: Job = {
          request: { lab, method, params },
          progress,
          budget: method === 'sql' ? SQL_BUDGET_MS : undefined,
          settle: (reply) => {
            signal.removeEventListener('abort', cancel);
            if ('result' in reply) resolve(reply.result as Result<M>);
            else reject(reply.explained ? new RequestError(reply.message) : new Error(reply.message));
          },
        };
        const cancel = () => end(job, 'cancelled');
        signal.addEventListener('abort', cancel, { once: true });
        waiting.push(job);
        next();
      }),
    close() {
      for (const job of [...waiting, ...running]) end(job, 'the lab was closed');
      for (const process of idle.splice(0)) process.kill();
    },
  };
}

function forkProcess(): QueryProcess {
  const child = fork(new URL('./query-worker.ts', import.meta.url), [String(process.pid)], {
    execArgv: [],
    // Typed arrays survive.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // An idle process keeps nobody alive.
  child.unref();
  child.channel?.unref();
  return {
    send: (request) => child.send(request),
    onReply: (listener) => child.on('message', (reply) => listener(reply as QueryReply)),
    onExit: (listener) => child.once('exit', listener).once('error', listener),
    kill: () => child.kill('SIGKILL'),
  };
}
