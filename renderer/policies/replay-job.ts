/** The replay that is on its way: it goes on while other views are looked at. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { ServiceError } from '../../core/lab/contract-client.ts';
import type { Params, Progress } from '../../core/lab/contract.ts';
import { useLab } from '../state/lab.ts';

export const useReplayJob = defineStore('replay-job', () => {
  const lab = useLab();
  const running = ref(false);
  const progress = shallowRef<Progress>();
  const problem = ref<string>();
  /** The run that came of it last. */
  const done = ref<number>();
  let open: AbortController | undefined;

  /** Resolves to the run's id; undefined if it was cancelled or failed. */
  async function start(params: Params<'replay'>): Promise<number | undefined> {
    const mine = new AbortController();
    open = mine;
    running.value = true;
    progress.value = undefined;
    problem.value = undefined;
    done.value = undefined;
    try {
      const { run } = await lab.request('replay', params, {
        signal: mine.signal,
        onProgress: (told) => {
          progress.value = told;
        },
      });
      done.value = run;
      return run;
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'cancelled')) problem.value = (error as Error).message;
      return undefined;
    } finally {
      running.value = false;
    }
  }

  return { running, progress, problem, done, start, cancel: () => open?.abort() };
});
