/** What the numbers say, in sentences. */
import { causeSentence, sizeClause } from './cause-words.ts';
import { percent, significant } from '../words/numbers.ts';
import type { PolicyReport, Report, ReportedOutcome } from './model.ts';

/** `KVM timeline scaled × 0.31`, or undefined. Appears wherever results show. */
export function scaledMark(report: Report): string | undefined {
  const { scale } = report.alignment;
  return scale === 1 ? undefined : `KVM timeline scaled × ${significant(scale)}`;
}

/** What no replay can know: at the foot of every report. */
export const LIMIT =
  'A replay can’t know what the guest would have done had its profiling been interrupted: it takes the reference capture’s course as given.';

/** The policies compared, the reference left out. */
export function compared(report: Report): PolicyReport[] {
  return report.policies.filter(({ isReference }) => !isReference);
}

/** File names without their folders: prose needs no paths. */
export function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1)!;
}

/** An outcome's verdict with the numbers it rests on. */
export function verdictSentence(
  policy: Pick<PolicyReport, 'isReference'>,
  outcome: Pick<ReportedOutcome, 'summary' | 'verdict' | 'skew'>,
): string {
  const { summary, verdict, skew } = outcome;
  if (policy.isReference) return 'The reference: by definition every sample is kept.';
  if (summary.lost === 0) return 'Nothing was lost.';
  const gone = `${percent(1 - summary.coverage)} of the samples are gone`;
  if (verdict.word === 'dead') {
    if (summary.vmDead) return `The VM died of an SError; ${gone}.`;
    return `${gone}: what is left is less than half.`;
  }
  if (!skew) return `${gone}.`;
  return `${gone}. ${sizeClause(verdict)} ${causeSentence(skew)}`;
}
