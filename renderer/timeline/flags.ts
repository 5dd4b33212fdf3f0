/** Labelled flags of what is in view, as stored in the lab. */
import { shallowRef } from 'vue';
import type { FlagColor } from '../../core/contract/limits.ts';
import type { Flag, TimelineFacts } from '../../core/contract/timeline.ts';
import { useLab } from '../state/lab.ts';

export function useFlags(facts: TimelineFacts) {
  const lab = useLab();
  const flags = shallowRef<readonly Flag[]>([]);
  const problem = shallowRef('');
  const capture = facts.spe ?? facts.kvm;
  const { origin } = facts;

  async function load(): Promise<void> {
    if (capture === undefined) return;
    flags.value = await lab.request('flags', { capture, origin }).catch(() => flags.value);
  }

  async function change(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      problem.value = '';
    } catch (error) {
      problem.value = (error as Error).message;
    }
    await load();
  }

  const put = (flag: { id?: number; t: number; name: string; color: FlagColor; note: string }) =>
    capture === undefined
      ? Promise.resolve()
      : change(() => lab.request('putFlag', { ...flag, t: Math.round(flag.t), capture, origin }));
  const remove = (id: number) => change(() => lab.request('removeFlag', { id }));
  void load();
  return { flags, problem, load, put, remove };
}
