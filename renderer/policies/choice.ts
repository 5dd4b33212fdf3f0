/** The stored result that the views show: the selection's run and policy, or the most notable without one. */
import { computed } from 'vue';
import type { DlDiscard, RunPart } from '../../core/contract/runs.ts';
import type { Run } from '../../core/contract/contract.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';
import { notable } from './notable.ts';
import { ownResults, skewOf } from './outcomes.ts';
import { shownRun } from './run-facts.ts';

/** What a run's guest does at DL=1: the key of its results. Runs of the model's first edition have both; their own comes first. */
export function ownDiscard(run: Run): DlDiscard {
  return run.policies[0]?.dlDiscard ?? 'record';
}

export function useChoice() {
  const lab = useLab();
  const selection = useSelection();
  const run = computed(() => shownRun(lab.runs ?? [], selection.current.run));
  const dlDiscard = computed(() => (run.value ? ownDiscard(run.value) : 'record'));
  const policies = computed(() => ownResults(run.value?.policies ?? []));
  const policy = computed(() =>
    selection.current.policy === undefined
      ? notable(policies.value)
      : policies.value.find((p) => p.policy === selection.current.policy),
  );
  /** For requests; undefined while there is nothing to ask about. */
  const result = computed(
    () => run.value && policy.value && { run: run.value.id, policy: policy.value.policy, dlDiscard: dlDiscard.value },
  );
  /** The selected lane and time range; with a window in focus they are the window's, and narrow nothing. */
  const part = computed((): RunPart => {
    const { lane, from, to, window } = selection.current;
    if (window !== undefined) return {};
    return { ...(lane !== undefined && { lane }), ...(from !== undefined && { from, to }) };
  });
  /** The key to count by: as chosen, else what the run's verdicts rest on. */
  const by = computed(() => selection.current.keyKind ?? (policy.value && skewOf(policy.value)?.key) ?? 'page');
  return { run, dlDiscard, policies, policy, result, part, by };
}
