/** What the numbers say, in sentences. */
import { verdicts } from '../model/terms.ts';
import { verdictSigns } from '../words/signs.ts';
import { checksSentence } from './check-words.ts';
import { causeSentence, sizeClause } from './cause-words.ts';
import { list, range } from '../words/lists.ts';
import { count, duration, percent, significant } from '../words/numbers.ts';
import type { Compared, DlDiscard, PolicyReport, Report, Variant } from './model.ts';

/** The variant that the report is about. */
export function mainVariant(report: Report, policy: PolicyReport): Variant | undefined {
  return policy.variants[report.dlDiscard];
}

export function otherDiscard(report: Report): DlDiscard {
  return report.dlDiscard === 'record' ? 'buffer' : 'record';
}

export const discardWords: Readonly<Record<DlDiscard, string>> = {
  record: 'guest loses the record',
  buffer: 'guest discards the buffer',
};

/** `KVM timeline scaled × 0.31`, or undefined. Stands wherever results show. */
export function scaledMark(report: Report): string | undefined {
  const { scale } = report.alignment;
  return scale === 1 ? undefined : `KVM timeline scaled × ${significant(scale)}`;
}

/** What no replay can know: at the foot of every report. */
export const LIMIT =
  'A replay can’t know what the guest would have done had its profiling been interrupted: it takes the reference capture’s course as given.';

/** The policies compared, the reference left out, with the variant that the report is about, or another. */
export function compared(report: Report, discard: DlDiscard = report.dlDiscard): Compared[] {
  return report.policies.flatMap((policy) => {
    const variant = policy.variants[discard];
    return variant && !policy.isReference ? [{ policy, variant }] : [];
  });
}

/** The report in one paragraph. */
export function finding(report: Report): string {
  const all = compared(report);
  if (all.length === 0) return 'No policy was replayed.';
  const sentences = [
    coverageSentence(report, all),
    `The surviving profile ${verdictsClause(all, true)}.`,
    misledSentence(all),
    checksSentence(all) ?? otherSentence(report, all),
    scaleSentence(report),
  ];
  return sentences.filter((sentence) => sentence !== undefined).join(' ');
}

/** File names without their folders: prose needs no paths. */
function files(report: Report, kind: 'spe' | 'kvm'): string {
  return list(report.inputs.flatMap((input) => (input.kind === kind ? [baseName(input.file)] : [])));
}

export function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1)!;
}

function coverageSentence(report: Report, all: readonly Compared[]): string {
  const sorted = all.toSorted((a, b) => b.variant.summary.coverage - a.variant.summary.coverage);
  const best = sorted[0];
  const worst = sorted.at(-1)!;
  const lanes = report.lanes.length === 1 ? '1 lane' : `${count(report.lanes.length)} lanes`;
  const span = duration(report.span.end - report.span.start);
  const samples = `${count(best.variant.summary.reference)} samples of ${files(report, 'spe')} (${span}, ${lanes})`;
  const start = `Against the stage 2 behaviour in ${files(report, 'kvm')}, the ${samples}`;
  if (worst.variant.summary.lost === 0) return `${start} would all have survived, under each policy replayed.`;
  if (best.variant.summary.coverage === worst.variant.summary.coverage)
    return `${start} would have been covered to ${percent(best.variant.summary.coverage)} under each policy replayed.`;
  const names = (of: number): string =>
    list(
      all.filter((p) => p.variant.summary.coverage === of).map((p) => p.policy.id),
      3,
    );
  const [high, low] = [best.variant.summary.coverage, worst.variant.summary.coverage];
  return `${start} would have been covered to ${percent(high)} under ${names(high)}, and to ${percent(low)} under ${names(low)}.`;
}

/** `whole`: these are all the policies there are. */
function verdictsClause(all: readonly Compared[], whole: boolean): string {
  const groups = verdicts.flatMap((word) => {
    const ids = all.filter(({ variant }) => variant.verdict.word === word).map(({ policy }) => policy.id);
    return ids.length > 0 ? [{ word, ids }] : [];
  });
  const every = whole && groups.length === 1 && all.length > 2;
  return groups
    .map(({ word, ids }) => `${verdictSigns[word].words} under ${every ? `all ${all.length} policies` : list(ids, 4)}`)
    .join('; it ');
}

/** What misleads most, by the key that moved most. */
function misledSentence(all: readonly Compared[], shows = 'shows'): string | undefined {
  const change = ({ variant }: Compared): number => Math.abs(variant.verdict.key?.change ?? 0);
  const misled = all
    .filter(({ variant }) => variant.verdict.word === 'misleading')
    .toSorted((a, b) => change(b) - change(a))[0];
  const key = misled?.variant.verdict.key;
  return (
    key &&
    `Under ${misled.policy.id}, ${key.name} ${shows} ${percent(key.q)} of the samples, and the reference ${percent(key.p)}.`
  );
}

function otherSentence(report: Report, main: readonly Compared[]): string | undefined {
  const discard = otherDiscard(report);
  const all = compared(report, discard);
  if (all.length === 0) return undefined;
  const shares = all.map(({ variant }) => variant.summary.coverage);
  const guest =
    discard === 'buffer' ? 'throws away its whole buffer at DL=1' : 'loses only the faulting record at DL=1';
  const start = `With a guest that ${guest}, coverage is ${range(Math.min(...shares), Math.max(...shares), percent)}`;
  const changed = all.filter(({ policy, variant }) =>
    main.some((one) => one.policy === policy && one.variant.verdict.word !== variant.verdict.word),
  );
  if (changed.length === 0) return `${start} and the verdicts stay.`;
  const clause = `${start} and the profile ${verdictsClause(changed, changed.length === main.length)}.`;
  return [clause, misledSentence(changed, 'then shows')].filter((part) => part !== undefined).join(' ');
}

function scaleSentence(report: Report): string | undefined {
  return report.alignment.scale === 1
    ? undefined
    : `The KVM timeline was scaled (× ${significant(report.alignment.scale)}) to fit: what happened and in which order is the trace's own, when and how often is not.`;
}

/** A variant's verdict with the numbers it rests on. */
export function verdictSentence(
  policy: Pick<PolicyReport, 'isReference'>,
  variant: Pick<Variant, 'summary' | 'verdict' | 'skew'>,
): string {
  const { summary, verdict, skew } = variant;
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
