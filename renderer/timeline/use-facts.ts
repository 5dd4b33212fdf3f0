/** The timeline of the run in view, for anything that needs positions on it. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useAnswer } from '../charts/answer.ts';
import { shownRun } from '../policies/run-facts.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';

/** Undefined without a run, and until the answer arrives. */
export function useTimelineFacts(): ComputedRef<TimelineFacts | undefined> {
  const lab = useLab();
  const selection = useSelection();
  const answer = useAnswer('timeline', () => {
    const run = shownRun(lab.runs ?? [], selection.current.run);
    return run && { run: run.id };
  });
  return computed(() => answer.value.value);
}
