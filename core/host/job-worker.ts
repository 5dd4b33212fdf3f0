/** Entry of a job's thread: runs one job and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { explainError } from '../lab/about.ts';
import type { Job } from '../contract/jobs.ts';
import type { Progress } from '../contract/contract.ts';
import { runJob } from '../lab/service/jobs.ts';

/** What the thread is started with. `flag[0]` turns 1 when the job has to end. */
export interface JobData {
  readonly lab: string;
  readonly job: Job;
  readonly flag: Int32Array;
}

export type JobMessage =
  | { readonly progress: Progress }
  | { readonly result: unknown }
  | { readonly explained: boolean; readonly message: string; readonly cancelled?: true };

/** Progress is reported at most this often, ms. */
const TELL_MS = 50;

/** Unwinds the job; its transaction is rolled back on the way. */
class Cancelled extends Error {}

function run({ lab, job, flag }: JobData): JobMessage {
  let sentAt = 0;
  let phase = '';
  const progress = (p: Progress) => {
    if (Atomics.load(flag, 0)) throw new Cancelled();
    const now = performance.now();
    if (now - sentAt < TELL_MS && p.phase === phase) return;
    sentAt = now;
    phase = p.phase;
    parentPort?.postMessage({ progress: p } satisfies JobMessage);
  };
  try {
    return { result: runJob(lab, job, progress) };
  } catch (error) {
    if (error instanceof Cancelled) return { explained: true, message: 'cancelled', cancelled: true };
    const reason = explainError(error, lab);
    const message = reason ?? (error instanceof Error ? error.message : String(error));
    return { explained: reason !== undefined, message };
  }
}

parentPort?.postMessage(run(workerData as JobData));
