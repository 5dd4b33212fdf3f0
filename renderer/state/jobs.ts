/** Jobs that this page asked the host for: they go on whatever view is in sight, and can be cancelled at any time. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Method, Params, Progress, Result } from '../../core/contract/contract.ts';
import { useLab } from './lab.ts';

export interface JobState {
  readonly id: number;
  readonly title: string;
  readonly progress?: Progress;
  /** Units a second, once two progress reports tell. */
  readonly rate?: number;
  /** Seconds. */
  readonly left?: number;
  /** Complete, for the user; a job with one stays until it is dismissed. */
  readonly problem?: string;
  readonly cancelling?: true;
}

/** What a job does before or beside its request (uploads) tells by the same means. */
export interface JobHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export const useJobs = defineStore('jobs', () => {
  const lab = useLab();
  const jobs = shallowRef<readonly JobState[]>([]);
  const controllers = new Map<number, AbortController>();
  let nextId = 1;

  const change = (id: number, to: Partial<JobState>) => {
    jobs.value = jobs.value.map((job) => (job.id === id ? { ...job, ...to } : job));
  };
  const dismiss = (id: number) => {
    jobs.value = jobs.value.filter((job) => job.id !== id);
  };

  /**
   * Shows `work` as a job. Rejects as it does; a cancelled one as a ServiceError `cancelled`.
   * @param toldElsewhere the view that asked shows by itself why it failed
   */
  async function track<T>(title: string, work: (hooks: JobHooks) => Promise<T>, toldElsewhere = false): Promise<T> {
    const id = nextId++;
    const controller = new AbortController();
    controllers.set(id, controller);
    jobs.value = [...jobs.value, { id, title }];
    let first: { at: number; done: number; phase: string } | undefined;
    const onProgress = (progress: Progress) => {
      const now = performance.now();
      if (first?.phase !== progress.phase) first = { at: now, done: progress.done, phase: progress.phase };
      const seconds = (now - first.at) / 1000;
      const rate = seconds > 0.3 ? (progress.done - first.done) / seconds : undefined;
      const left = rate && progress.total !== undefined ? (progress.total - progress.done) / rate : undefined;
      change(id, { progress, rate, left });
    };
    try {
      const result = await work({ signal: controller.signal, onProgress });
      dismiss(id);
      return result;
    } catch (error) {
      if (toldElsewhere || (error instanceof ServiceError && error.code === 'cancelled')) dismiss(id);
      else change(id, { problem: (error as Error).message, progress: undefined });
      throw error;
    } finally {
      controllers.delete(id);
    }
  }

  const run = <M extends Method>(title: string, method: M, params: Params<M>): Promise<Result<M>> =>
    track(title, (hooks) => lab.request(method, params, hooks));

  function cancel(id: number): void {
    controllers.get(id)?.abort();
    change(id, { cancelling: true });
  }

  const running = computed(() => jobs.value.some((job) => job.problem === undefined));
  window.addEventListener('beforeunload', (event) => {
    if (running.value) event.preventDefault();
  });

  return { jobs, running, run, track, cancel, dismiss };
});
