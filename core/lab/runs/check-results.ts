/** A policy's outcome under the assumption checks: coverage and verdict for each; identical losses are analysed once. */
import type { CheckResult } from '../../model/terms/results.ts';
import { sameRuns } from '../../analysis/loss-runs.ts';
import { summarise } from '../../analysis/summary.ts';
import type { Summary } from '../../analysis/summary.ts';
import type { VerdictWord } from '../../model/terms.ts';
import { checkedParams, checksOf } from '../../model/checks.ts';
import type { Policy } from '../../model/policy.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { RunInputs } from './run-inputs.ts';
import type { LostRuns, OutcomeSkews } from './skew.ts';

interface Seen {
  readonly runs: LostRuns;
  /** The policy whose plain outcome it was. */
  readonly policy?: string;
  verdict?: VerdictWord;
}

/** Losses analysed already, whatever took the samples. */
export class SeenLosses {
  readonly #seen: Seen[] = [];

  /** The first policy whose plain outcome loses the same samples. */
  policyOf(runs: LostRuns): string | undefined {
    return this.#seen.find((s) => s.policy !== undefined && sameRuns(s.runs, runs))?.policy;
  }

  add(runs: LostRuns, policy: string, verdict: VerdictWord | undefined): void {
    this.#seen.push({ runs, policy, ...(verdict && { verdict }) });
  }

  /** The verdict on these losses, computed if not known yet. */
  verdict(runs: LostRuns, judge: () => VerdictWord | undefined): VerdictWord | undefined {
    const known = this.#seen.find((s) => s.verdict !== undefined && sameRuns(s.runs, runs));
    if (known) return known.verdict;
    const verdict = judge();
    this.#seen.push({ runs, ...(verdict && { verdict }) });
    return verdict;
  }
}

/** @param skews what the verdicts rest on @param checked ids of the checks wanted; all if left out */
export function checkResults(
  inputs: RunInputs,
  policy: Policy,
  plain: LostRuns,
  summary: Summary,
  verdict: VerdictWord | undefined,
  skews: OutcomeSkews,
  seen: SeenLosses,
  checked?: readonly string[],
): CheckResult[] {
  const { settings, prepared, lanes, distributions } = inputs;
  const asked = checksOf(settings, [policy]).filter(({ id }) => checked?.includes(id) ?? true);
  return asked.map((check) => {
    const { id, title } = check;
    const params = checkedParams(check, settings, policy, prepared);
    const result = (s: Summary, word: VerdictWord | undefined): CheckResult => ({
      ...{ id, title, kept: s.kept, lost: s.lost, coverage: s.coverage, verdict: word ?? null },
    });
    if (!params) return result(summary, verdict);
    const outcome = replayPrepared(prepared, policy, params, distributions);
    const runs = skews.lossesOf(outcome);
    if (sameRuns(runs, plain)) return result(summary, verdict);
    const own = summarise(lanes, outcome);
    const judge = () => skews.verdictOf(runs, own)?.word;
    // A dead VM is dead, whatever it had lost by then.
    return result(own, own.vmDead ? judge() : seen.verdict(runs, judge));
  });
}
