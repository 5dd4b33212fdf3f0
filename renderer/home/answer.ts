/** The answer to "which policy?" from a run's results: pure, so that what Home says can be tested without a page. */
import type { Run } from '../../core/contract/contract.ts';
import { outcomesOf, verdictOf } from '../policies/outcomes.ts';
import type { VerdictChange } from '../policies/outcomes.ts';

/** Policies that lost exactly the same samples, as one row. */
export interface AnswerRow {
  readonly policies: readonly string[];
  /** Samples lost, absolute and as a share of the reference. */
  readonly lost: number;
  readonly share: number;
  /** Smallest and largest share lost over the assumption checks, the plain run included. */
  readonly low: number;
  readonly high: number;
  readonly verdict: string;
  /** Checks that change the verdict, what it becomes, and for which of the policies if not all. */
  readonly changes: readonly VerdictChange[];
  /** Bare metal: the baseline for the others, not a choice. */
  readonly reference: boolean;
}

/** @returns rows, least lost first; the reference last */
export function answerRows(run: Pick<Run, 'policies'>): AnswerRow[] {
  return outcomesOf(run.policies).map(({ members, first, least, greatest, changes, reference }) => ({
    policies: members.map((p) => p.policy),
    lost: first.lost,
    share: first.lost ? first.lost / (first.kept + first.lost) : 0,
    low: 1 - greatest,
    high: 1 - least,
    verdict: verdictOf(first),
    ...{ changes, reference },
  }));
}

/** One sentence, about this pair only. */
export function answerSentence(rows: readonly AnswerRow[]): string {
  const choices = rows.filter((r) => !r.reference);
  const best = choices[0];
  const worst = choices.at(-1);
  if (!best || !worst) return 'This run holds the reference only.';
  if (worst.lost === 0)
    return `Nothing is lost under ${names(best.policies)}: on this pair, no policy makes a difference.`;
  if (best === worst) return `All policies of this run lose the same ${shareText(best.share)} of the samples.`;
  const most = `${names(worst.policies, 2)} the most (${shareText(worst.share)})`;
  return `On this pair, ${names(best.policies, 3)} ${best.policies.length > 1 ? 'lose' : 'loses'} least (${best.lost === 0 ? 'nothing' : shareText(best.share)}), ${most}.`;
}

/** Whether the best choice stays best under the checks: its worst case against the others' best. */
export function holds(rows: readonly AnswerRow[]): 'holds' | 'overlaps' | undefined {
  const [best, ...others] = rows.filter((r) => !r.reference);
  if (!best || !others.length || rows.every((r) => r.low === r.high)) return undefined;
  return others.every((r) => r.low > best.high) ? 'holds' : 'overlaps';
}

export function names(ids: readonly string[], most = 4): string {
  const shown = ids.length > most ? [...ids.slice(0, most - 1), `${ids.length - most + 1} more`] : ids;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** `0.68 %`; never 0 for a nonzero share, never 100 for less than all. */
export function shareText(share: number): string {
  if (share === 0) return '0 %';
  const percent = 100 * share;
  if (percent < 0.001) return '< 0.001 %';
  if (share < 1 && percent >= 99.95) return '> 99.9 %';
  return `${Number(percent.toPrecision(percent >= 10 ? 3 : 2))} %`;
}

/** Smallest share with its own place on the log scale. */
const LEAST = 1e-5;

/** Position of a share on the scale, 0 … 1: logarithmic from 0.001 % to 100 %, 0 at its start. */
export function place(share: number): number {
  if (share <= 0) return 0;
  return Math.max(0.02, 1 - Math.log10(share) / Math.log10(LEAST));
}

/** Marks of the scale. */
export const ticks = [1e-4, 1e-3, 1e-2, 1e-1, 1] as const;
