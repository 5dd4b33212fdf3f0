/** What the assumption checks make of a policy's outcome: coverage and verdict of each; identical fates are analysed once. */
import { summarise } from '../../analysis/summary.ts';
import type { Summary } from '../../analysis/summary.ts';
import type { VerdictWord } from '../../model/terms.ts';
import { checkedParams, checksOf } from '../../model/checks.ts';
import type { PolicyOutcome } from '../../model/outcome.ts';
import type { Policy } from '../../model/policy.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { RunInputs } from './run-inputs.ts';
import type { OutcomeSkews, PolicySkew } from './skew.ts';

export interface CheckResult {
  readonly id: string;
  /** In words, to follow "if". */
  readonly title: string;
  readonly kept: number;
  readonly lost: number;
  readonly coverage: number;
  readonly verdict: VerdictWord | null;
}

interface Seen {
  readonly fates: readonly Uint8Array[];
  /** The policy whose plain outcome it was. */
  readonly policy?: string;
  readonly skew?: readonly PolicySkew[];
  verdict?: VerdictWord;
}

/** Fates that were analysed already, by how many samples of which lanes were lost. */
export class SeenFates {
  readonly #seen = new Map<string, Seen[]>();

  /** A policy's plain outcome with the same fates. */
  find(outcome: PolicyOutcome): Seen | undefined {
    return this.#same(outcome).find((s) => s.policy !== undefined);
  }

  add(outcome: PolicyOutcome, policy: string, skew: readonly PolicySkew[]): void {
    this.#put(outcome, { fates: outcome.fates, policy, skew, verdict: skew[0]?.verdict.word });
  }

  /** The verdict on these fates, worked out if nobody has yet. */
  verdict(outcome: PolicyOutcome, judge: () => VerdictWord | undefined): VerdictWord | undefined {
    const known = this.#same(outcome)[0];
    if (known) return known.verdict;
    const verdict = judge();
    this.#put(outcome, { fates: outcome.fates, ...(verdict && { verdict }) });
    return verdict;
  }

  #same(outcome: PolicyOutcome): Seen[] {
    return (this.#seen.get(lossesOf(outcome)) ?? []).filter((s) => s.fates.every((f, i) => equal(f, outcome.fates[i])));
  }

  #put(outcome: PolicyOutcome, seen: Seen): void {
    const key = lossesOf(outcome);
    this.#seen.set(key, [...(this.#seen.get(key) ?? []), seen]);
  }
}

/** Same samples lost, for whatever reason: what is analysed knows no kinds. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function lossesOf({ windows }: PolicyOutcome): string {
  const lost = new Map<number, number>();
  for (let i = 0; i < windows.n; i++) lost.set(windows.lane[i], (lost.get(windows.lane[i]) ?? 0) + windows.lost[i]);
  return [...lost].filter(([, n]) => n > 0).join(' ');
}

/** @param skews what the verdicts rest on */
export function checkResults(
  inputs: RunInputs,
  policy: Policy,
  plain: PolicyOutcome,
  summary: Summary,
  verdict: VerdictWord | undefined,
  skews: OutcomeSkews,
  seen: SeenFates,
): CheckResult[] {
  const { settings, prepared, lanes, distributions } = inputs;
  return checksOf(settings, [policy]).map((check) => {
    const { id, title } = check;
    const params = checkedParams(check, settings, policy, prepared);
    const result = (s: Summary, word: VerdictWord | undefined): CheckResult => ({
      ...{ id, title, kept: s.kept, lost: s.lost, coverage: s.coverage, verdict: word ?? null },
    });
    if (!params) return result(summary, verdict);
    const outcome = replayPrepared(prepared, policy, params, distributions);
    if (outcome.fates.every((f, i) => equal(f, plain.fates[i]))) return result(summary, verdict);
    const own = summarise(lanes, outcome);
    const judge = () => skews.verdictOf(outcome, own)?.word;
    return result(own, seen.verdict(outcome, judge));
  });
}

/** The coverages of a result's checks, its own among them; and the first check that changes the verdict. */
export function overChecks(coverage: number, verdict: VerdictWord | undefined, checks: readonly CheckResult[]) {
  const all = [coverage, ...checks.map((c) => c.coverage)];
  return {
    least: Math.min(...all),
    greatest: Math.max(...all),
    changes: checks.filter((c) => c.verdict !== (verdict ?? null)),
  };
}
