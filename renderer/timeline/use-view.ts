/** The part of time shown: in the address, separate from the selection, and with its own history. */
import { watch } from 'vue';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useSelection } from '../state/selection.ts';
import { framed } from './camera.ts';
import type { useStage } from './stage.ts';
import { createZoomHistory } from './zoom-history.ts';

export function useView({ span }: TimelineFacts, stage: ReturnType<typeof useStage>) {
  const selection = useSelection();
  const past = createZoomHistory();
  const isAll = (start: number, end: number) => start <= 0 && end >= span;

  /** The view came to rest: put it into the address. The full range needs no entry. */
  function remember(): void {
    const { start, end } = stage.target();
    past.rest({ start, end });
    const all = isAll(start, end);
    const place = { viewFrom: all ? undefined : Math.round(start), viewTo: all ? undefined : Math.round(end) };
    selection.select(place, 'replace');
  }

  function go(): void {
    const { viewFrom, viewTo, from, to } = selection.current;
    if (viewFrom !== undefined && viewTo !== undefined) stage.go({ start: viewFrom, end: viewTo }, false);
    // A link to a time from another view: show it.
    else if (from !== undefined && to !== undefined) stage.go(framed(from, to), false);
    else stage.fit(false);
  }

  function begin(): void {
    stage.setWhole(span);
    go();
  }

  /** Where it was before. */
  function back(): void {
    const before = past.back();
    if (before) stage.go(before, true);
  }

  // Back, forward and links move the view.
  watch([() => selection.current.viewFrom, () => selection.current.viewTo], ([from, to]) => {
    const { start, end } = stage.target();
    if (from !== undefined && to !== undefined) {
      if (Math.abs(start - from) > 1 || Math.abs(end - to) > 1) stage.go({ start: from, end: to }, true);
    } else if (!isAll(start, end)) stage.fit();
  });
  return { begin, back, remember };
}
