/** An answer of the host that follows its question. */
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Method, Params, Progress, Result } from '../../core/contract/contract.ts';
import { useLab } from '../state/lab.ts';

export interface Answer<T> {
  /** The latest answer: stays while the next one loads. */
  readonly value: Readonly<ShallowRef<T | undefined>>;
  readonly loading: Readonly<Ref<boolean>>;
  /** Why there is no answer to the current question. */
  readonly problem: Readonly<Ref<string | undefined>>;
  /** Progress, for requests that report it. */
  readonly progress: Readonly<ShallowRef<Progress | undefined>>;
  /** The user cancelled the current question. */
  readonly cancelled: Readonly<Ref<boolean>>;
  retry(): void;
  cancel(): void;
}

/** What AnswerState shows in place of an answer. */
export type Waiting = Pick<Answer<unknown>, 'problem' | 'progress' | 'cancelled' | 'retry' | 'cancel'>;

/**
 * Asks whenever the question changes, and cancels the previous one; late answers are dropped.
 * @param question undefined: nothing to ask, nothing to show
 * @param also what else makes an answer stale
 */
export function useAnswer<M extends Method>(
  method: M,
  question: () => Params<M> | undefined,
  also: () => unknown = () => undefined,
): Answer<Result<M>> {
  const lab = useLab();
  const value = shallowRef<Result<M>>();
  const loading = ref(false);
  const problem = ref<string>();
  const progress = shallowRef<Progress>();
  const cancelled = ref(false);
  let open: AbortController | undefined;

  async function ask() {
    open?.abort();
    progress.value = undefined;
    cancelled.value = false;
    const params = question();
    if (!params) {
      value.value = undefined;
      problem.value = undefined;
      loading.value = false;
      return;
    }
    const mine = new AbortController();
    open = mine;
    loading.value = true;
    try {
      const onProgress = (now: Progress) => {
        if (open === mine) progress.value = now;
      };
      const result = await lab.request(method, params, { signal: mine.signal, onProgress });
      if (open !== mine) return;
      value.value = result;
      problem.value = undefined;
    } catch (error) {
      if (open !== mine) return;
      // The shell says so, and asks again for everybody once there is a host.
      if (error instanceof ServiceError && error.code === 'gone') return;
      problem.value = (error as Error).message;
    }
    if (open === mine) loading.value = false;
  }

  watch([() => JSON.stringify(question()), also, () => lab.state === 'connected'], () => void ask(), {
    immediate: true,
  });
  onScopeDispose(() => {
    const last = open;
    open = undefined;
    last?.abort();
  });
  function cancel() {
    if (!loading.value) return;
    const last = open;
    open = undefined;
    last?.abort();
    loading.value = false;
    progress.value = undefined;
    cancelled.value = true;
  }
  return { value, loading, problem, progress, cancelled, retry: () => void ask(), cancel };
}
