/** The window in focus: found by position, stepped from there, brought into view. */
import { ref, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { FoundWindow, TimelineFacts } from '../../core/contract/timeline.ts';
import { count, duration } from '../format.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';
import { around } from './camera.ts';
import type { useStage } from './stage.ts';
import type { DlVariant } from '../../core/model/terms/results.ts';

export type Which = 'next' | 'previous' | 'longest' | 'at';

export function useFocus(
  facts: TimelineFacts,
  stage: ReturnType<typeof useStage>,
  shown: {
    readonly policies: Readonly<Ref<readonly string[]>>;
    readonly dlDiscard: Readonly<Ref<DlVariant>>;
  },
  width: () => number,
) {
  const lab = useLab();
  const selection = useSelection();
  const found = shallowRef<FoundWindow | null>();
  /** For screen readers. */
  const said = ref('');

  async function seek(which: Which): Promise<void> {
    const { run } = facts;
    const { window: at, lane, policy = shown.policies.value[0] } = selection.current;
    if (run === undefined || !policy) return;
    const { start, end } = stage.target();
    const from = at ?? Math.round((start + end) / 2);
    const dlDiscard = shown.dlDiscard.value;
    const one = which === 'at' ? { lane } : {};
    const next = await lab.request('findWindow', { run, policy, dlDiscard, which, at: from, ...one });
    if (which === 'at') return void (found.value = next);
    if (!next) return void (said.value = `${policy} has no ${which === 'longest' ? '' : `${which} `}window`);
    found.value = next;
    said.value = `${policy}: ${next.kind} on vCPU ${next.lane}, ${duration(next.end - next.start)}, ${count(next.lost)} samples lost`;
    selection.select({ policy, lane: next.lane, window: next.start, tab: 'story' });
    reveal(next);
  }

  /** Moves only as far as needed to see a window well. */
  function reveal({ start, end }: { readonly start: number; readonly end: number }): void {
    const view = stage.target();
    const span = view.end - view.start;
    const wide = ((end - start) / span) * width();
    if (start >= view.start && end <= view.end && wide >= 6) return;
    stage.go(around(start, end, wide >= 6 ? span : 0, facts.span), true);
  }

  /** The window in focus, then all. */
  function fit(): void {
    const view = stage.target();
    const focus = found.value && selection.current.window !== undefined ? found.value : undefined;
    const tight = focus && around(focus.start, focus.end, 0, facts.span);
    if (tight && Math.abs(view.end - view.start - (tight.end - tight.start)) > 1) stage.go(tight, true);
    else stage.fit();
  }

  /** At the start: the one named in the address. */
  async function restore(): Promise<void> {
    if (selection.current.window === undefined) return;
    await seek('at');
    if (found.value) reveal(found.value);
  }

  watch(
    [() => selection.current.window, () => selection.current.policy, () => selection.current.lane, shown.dlDiscard],
    async ([at]) => {
      if (at === undefined) found.value = undefined;
      else if (found.value?.start !== at) await seek('at');
      stage.redraw();
    },
  );

  return { found, said, seek, fit, restore };
}
