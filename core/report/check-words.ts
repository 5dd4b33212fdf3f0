/** The assumption checks of a report's outcomes, in words (core/words/checks.ts). */
import { grouped } from '../words/checks.ts';
import type { CheckedVerdict } from '../words/checks.ts';
import type { PolicyReport, ReportedOutcome } from './model.ts';

/** An outcome's verdict with its checks. */
export function checkedOf({ summary, verdict, checks }: ReportedOutcome): CheckedVerdict {
  return { coverage: summary.coverage, word: verdict.word, ...(checks && { checks }) };
}

/** Policies with the same outcome, as far as it is shown. */
export interface SamePolicies {
  readonly policies: readonly PolicyReport[];
  readonly ids: readonly string[];
  /** The first one's. */
  readonly outcome: ReportedOutcome;
}

/** @param shown what is shown of a policy: policies that show the same go together */
export function samePolicies(
  policies: readonly PolicyReport[],
  shown: (policy: PolicyReport) => unknown,
): SamePolicies[] {
  return grouped(policies, shown).map((same) => ({
    policies: same,
    ids: same.map(({ id }) => id),
    outcome: same[0].outcome,
  }));
}

/** What decides a policy's row of survivors: policies that lose the same under every check share one. */
export function survival({ id, isReference, outcome }: PolicyReport): unknown {
  const { summary: s, verdict, trials, skew, checks = [], sameAs = id } = outcome;
  return [
    ...[sameAs, isReference, s.coverage, s.kept, s.windows, s.blackoutNs, s.durations, s.lostByKind, s.lostByCause],
    ...[verdict, trials?.coverage, trials?.windows, trials?.blackoutNs, trials?.verdicts],
    ...[skew?.cause.excess, skew?.cause.pValue, skew?.tvd],
    checks.map(({ id, coverage, verdict: word }) => [id, coverage, word]),
  ];
}
