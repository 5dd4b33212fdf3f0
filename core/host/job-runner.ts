/**
 * Runs the jobs of one lab, one at a time, each in a thread of its own. A cancel is asked first, by a flag that the job looks at
 * with each step; what doesn't unwind soon is ended, and what it had written is rolled back.
 */
import { Worker } from 'node:worker_threads';
import { RequestError } from '../lab/about.ts';
import type { Job } from '../lab/contract-jobs.ts';
import type { Call } from '../lab/contract.ts';
import { recoverLab } from '../lab/jobs.ts';
import type { JobRunner } from '../lab/service-jobs.ts';
import type { JobData, JobMessage } from './job-worker.ts';

/** Time for a job to unwind by itself, ms. */
const GRACE_MS = 50;

export interface Jobs {
  readonly run: JobRunner;
  /** Ends the job that runs and those that wait. */
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
      const mine = (async () => {
        await Promise.race([before, aborted(signal)]);
        await before;
        if (signal.aborted) throw new RequestError('cancelled');
        return runInThread(lab, job, worker, { signal, progress: call.progress });
      })();
      // Whatever comes of it, the next one may start.
      last = mine.then(
        () => undefined,
        () => undefined,
      );
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

function runInThread(lab: string, job: Job, entry: string | URL, { signal, progress }: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(entry, { workerData: { lab, job, flag } satisfies JobData, execArgv: [] });
    let grace: NodeJS.Timeout | undefined;
    let failure: Error | undefined;
    let answer: JobMessage | undefined;
    const cancel = () => {
      Atomics.store(flag, 0, 1);
      grace = setTimeout(() => void thread.terminate(), GRACE_MS);
    };
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    thread.on('message', (message: JobMessage) => {
      if ('progress' in message) {
        if (!signal.aborted) progress(message.progress);
      } else answer = message;
    });
    thread.on('error', (error) => (failure = error));
    thread.on('exit', () => {
      clearTimeout(grace);
      signal.removeEventListener('abort', cancel);
      if (answer && 'result' in answer) return resolve(answer.result);
      if (answer && 'message' in answer) return reject(failed(answer));
      try {
        recoverLab(lab);
      } catch {
        // Somebody else writes, or the lab is gone: SQLite rolls back at the next opening.
      }
      reject(signal.aborted ? new RequestError('cancelled') : crashed(failure));
    });
  });
}

function failed({ explained, message }: { readonly explained: boolean; readonly message: string }): Error {
  return explained ? new RequestError(message) : new Error(message);
}

function crashed(error: Error | undefined): Error {
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new RequestError('the job ran out of memory; the lab is as it was');
  return new Error(`the job's thread ended: ${error?.message ?? 'for an unknown reason'}; the lab is as it was`);
}
