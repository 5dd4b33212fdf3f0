/** Jobs that this page requested from the host: they continue whatever view is shown, and can be cancelled at any time. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Method, Params, Progress, Result } from '../../core/contract/contract.ts';
import { useLab } from './lab.ts';

export interface JobState {
  readonly id: number;
  readonly title: string;
  readonly progress?: Progress;
  /** Units per second, after two progress reports. */
  readonly rate?: number;
  /** Seconds. */
  readonly left?: number;
  /** Complete sentence for the user; a job with one stays until dismissed. */
  readonly problem?: string;
  readonly cancelling?: true;
}

/** Something that has happened, and what to do about it. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Work before or beside a job's request (uploads) reports by the same means. */
export interface JobHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** A notice without an action goes after this, ms; one that can be undone stays longer. */
const NOTICE_MS = 8000;
const UNDO_MS = 30_000;

export const useJobs = defineStore('jobs', () => {
  const lab = useLab();
  const jobs = shallowRef<readonly JobState[]>([]);
  const notices = shallowRef<readonly Notice[]>([]);
  const controllers = new Map<number, AbortController>();
  let nextId = 1;

  const change = (id: number, to: Partial<JobState>) => {
    jobs.value = jobs.value.map((job) => (job.id === id ? { ...job, ...to } : job));
  };
  const dismiss = (id: number) => {
    jobs.value = jobs.value.filter((job) => job.id !== id);
    notices.value = notices.value.filter((notice) => notice.id !== id);
  };

  /** Shows a notice; one with an action stays longer. */
  function notify(text: string, action?: Notice['action']): void {
    const id = nextId++;
    const done = action && { label: action.label, run: () => (dismiss(id), action.run()) };
    notices.value = [...notices.value.slice(-2), { id, text, ...(done && { action: done }) }];
    setTimeout(() => dismiss(id), action ? UNDO_MS : NOTICE_MS);
  }

  /**
   * Shows `work` as a job. Rejects as it does; a cancelled one as a ServiceError `cancelled`. Earlier failures with that title are dropped.
   * @param toldElsewhere the requesting view itself shows why it failed
   */
  async function track<T>(title: string, work: (hooks: JobHooks) => Promise<T>, toldElsewhere = false): Promise<T> {
    const id = nextId++;
    const controller = new AbortController();
    controllers.set(id, controller);
    const others = jobs.value.filter((job) => job.title !== title || job.problem === undefined);
    jobs.value = [...others, { id, title }];
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

  const run = <M extends Method>(
    title: string,
    method: M,
    params: Params<M>,
    toldElsewhere = false,
  ): Promise<Result<M>> => track(title, (hooks) => lab.request(method, params, hooks), toldElsewhere);

  function cancel(id: number): void {
    controllers.get(id)?.abort();
    change(id, { cancelling: true });
  }

  const running = computed(() => jobs.value.some((job) => job.problem === undefined));
  window.addEventListener('beforeunload', (event) => {
    if (running.value) event.preventDefault();
  });

  return { jobs, notices, running, run, track, cancel, dismiss, notify };
});
