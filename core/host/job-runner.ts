/**
 * Runs the jobs of one lab, one at a time, each in its own thread. A cancelled job is abandoned at once: nothing it does shows any more. It
 * unwinds at its next step, when it sees a flag; only one that doesn't is ended by force, since that may hit it inside SQLite. Either way
 * its transaction is rolled back.
 */
import { Worker } from 'node:worker_threads';
import { RequestError } from '../lab/about.ts';
import type { Job } from '../contract/jobs.ts';
import type { Call } from '../contract/contract.ts';
import { recoverLab } from '../lab/service/jobs.ts';
import type { JobRunner } from '../lab/service/service-jobs.ts';
import type { JobData, JobMessage } from './job-worker.ts';

/** Time for a job to unwind before its caller learns that it is cancelled, ms. */
const GRACE_MS = 50;
/** Time before a job that doesn't unwind is ended by force, ms: also when the lab is closed, whose process waits for it. */
const FORCE_MS = 10_000;

export interface Jobs {
  readonly run: JobRunner;
  /** Cancels the running job and those that wait; their process stays until they have unwound. */
  close(): void;
}

/** @param worker the thread's entry: job-worker.ts, or where a bundler put it */
export function createJobs(lab: string, worker: string | URL = new URL('./job-worker.ts', import.meta.url)): Jobs {
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async run(job, call) {
      const before = last;
      const signal = AbortSignal.any([call.signal, closing.signal]);
      if (waiting++) call.progress({ phase: 'waiting for the job before it', done: 0, unit: 'steps' });
      let ended: Promise<unknown> = Promise.resolve();
      const mine = (async () => {
        await Promise.race([before, aborted(signal)]);
        if (signal.aborted) throw new RequestError('cancelled');
        const thread = runInThread(lab, job, worker, { signal, progress: call.progress });
        ended = thread.ended;
        return thread.result;
      })();
      // Whatever the outcome, the next one may start, but only after the ones before it and its own thread have ended.
      last = Promise.allSettled([before, mine]).then(() => ended);
      try {
        return await mine;
      } finally {
        waiting--;
      }
    },
    close: () => closing.abort(),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function runInThread(
  lab: string,
  job: Job,
  entry: string | URL,
  { signal, progress }: Call,
): { readonly result: Promise<unknown>; readonly ended: Promise<unknown> } {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(entry, { workerData: { lab, job, flag } satisfies JobData, execArgv: [] });
  const timers: NodeJS.Timeout[] = [];
  let failure: Error | undefined;
  let answer: JobMessage | undefined;
  const result = Promise.withResolvers<unknown>();
  const ended = Promise.withResolvers<unknown>();
  const force = () => void thread.terminate();
  const cancel = () => {
    Atomics.store(flag, 0, 1);
    timers.push(
      setTimeout(() => result.reject(new RequestError('cancelled')), GRACE_MS),
      setTimeout(force, FORCE_MS),
    );
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  thread.on('message', (message: JobMessage) => {
    if (!('progress' in message)) answer = message;
    else if (!signal.aborted) progress(message.progress);
  });
  thread.on('error', (error) => (failure = error));
  thread.on('exit', () => {
    timers.forEach(clearTimeout);
    signal.removeEventListener('abort', cancel);
    if (answer && 'result' in answer) result.resolve(answer.result);
    else if (answer && 'message' in answer) result.reject(failed(answer));
    else {
      try {
        recoverLab(lab);
      } catch {
        // Somebody else writes, or the lab is gone: SQLite rolls back at the next open.
      }
      result.reject(signal.aborted ? new RequestError('cancelled') : crashed(failure));
    }
    ended.resolve(undefined);
  });
  return { result: result.promise, ended: ended.promise };
}

function failed({ explained, message }: { readonly explained: boolean; readonly message: string }): Error {
  return explained ? new RequestError(message) : new Error(message);
}

function crashed(error: NodeJS.ErrnoException | undefined): Error {
  if (error?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new RequestError('the job ran out of memory; the lab is as it was');
  return new Error(`the job's thread ended: ${error?.message ?? 'for an unknown reason'}; the lab is as it was`);
}
