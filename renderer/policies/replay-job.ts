/** The replay that was asked for last: it goes on while other views are looked at, with its progress in the strip of jobs. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Params } from '../../core/contract/contract.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';

export const useReplayJob = defineStore('replay-job', () => {
  const lab = useLab();
  const jobs = useJobs();
  const running = ref(false);
  const problem = ref<string>();

  /** Resolves to the run's id; undefined if it was cancelled or failed. */
  async function start(title: string, params: Params<'replay'>): Promise<number | undefined> {
    running.value = true;
    problem.value = undefined;
    try {
      return (await jobs.track(title, (hooks) => lab.request('replay', params, hooks), true)).run;
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'cancelled')) problem.value = (error as Error).message;
      return undefined;
    } finally {
      running.value = false;
    }
  }

  return { running, problem, start };
});
