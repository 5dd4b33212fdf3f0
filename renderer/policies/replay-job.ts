/** The last requested replay: it continues while other views are shown, with its progress in the job strip. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Params, RunPolicy } from '../../core/contract/contract.ts';
import type { ReplaySoFar } from '../../core/contract/jobs.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';

export const useReplayJob = defineStore('replay-job', () => {
  const lab = useLab();
  const jobs = useJobs();
  const running = ref(false);
  const problem = ref<string>();
  /** Policies finished in the running replay. */
  const soFar = shallowRef<readonly RunPolicy[]>([]);
  /** Policies that a new run starts with, requested elsewhere; undefined: all. */
  const wanted = shallowRef<readonly string[]>();
  let controller: AbortController | undefined;

  /** Resolves to the run's id; undefined if it was cancelled or failed. */
  async function start(title: string, params: Params<'replay'>): Promise<number | undefined> {
    running.value = true;
    problem.value = undefined;
    soFar.value = [];
    const mine = new AbortController();
    controller = mine;
    try {
      const made = await jobs.track(
        title,
        ({ signal, onProgress }) =>
          lab.request('replay', params, {
            signal: AbortSignal.any([signal, mine.signal]),
            onProgress(progress) {
              onProgress(progress);
              if (progress.soFar) soFar.value = (progress.soFar as ReplaySoFar).policies;
            },
          }),
        true,
      );
      return made.run;
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'cancelled')) problem.value = (error as Error).message;
      return undefined;
    } finally {
      running.value = false;
    }
  }

  return { running, problem, soFar, wanted, start, cancel: () => controller?.abort() };
});
