/** The last requested sweep: it continues while other views are shown, and its curves stay until the next one. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { SweepAnswer, SweepJob } from '../../core/contract/sweep.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';

export const useSweepJob = defineStore('sweep-job', () => {
  const lab = useLab();
  const jobs = useJobs();
  /** The question that `answer` answers; as JSON. */
  const asked = ref<string>();
  /** Grows while the sweep runs. */
  const answer = shallowRef<SweepAnswer>();
  const state = ref<'running' | 'done' | 'cancelled' | 'failed'>();
  const problem = ref<string>();
  let open: AbortController | undefined;

  /** Does nothing if it was asked already, done or running. */
  async function ask(question: SweepJob, again = false): Promise<void> {
    const key = JSON.stringify([lab.info?.path, question]);
    if (asked.value === key && !again) return;
    open?.abort();
    const mine = new AbortController();
    open = mine;
    asked.value = key;
    answer.value = undefined;
    problem.value = undefined;
    state.value = 'running';
    try {
      const made = await jobs.track(
        `Sweep of ${question.param}, run ${question.run}`,
        ({ signal, onProgress }) =>
          lab.request('sweep', question, {
            signal: AbortSignal.any([signal, mine.signal]),
            onProgress(progress) {
              onProgress(progress);
              if (open === mine && progress.soFar) answer.value = progress.soFar as SweepAnswer;
            },
          }),
        true,
      );
      if (open !== mine) return;
      answer.value = made;
      state.value = 'done';
    } catch (error) {
      if (open !== mine) return;
      const cancelled = error instanceof ServiceError && error.code === 'cancelled';
      state.value = cancelled ? 'cancelled' : 'failed';
      if (!cancelled) problem.value = (error as Error).message;
    }
  }

  return { asked, answer, state, problem, ask, cancel: () => open?.abort() };
});
