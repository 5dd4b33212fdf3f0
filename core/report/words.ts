/** What the numbers say, in sentences. */
import { MOVED } from '../analysis/verdict.ts';
import type { VerdictWord } from '../analysis/verdict.ts';
import { verdicts } from '../analysis/verdict.ts';
import { count, coverage, duration, list, pValue, percent, range, significant } from './format.ts';
import type { DlDiscard, PolicyReport, Report, Variant } from './model.ts';

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

/** The policies compared, the reference left out, with the variant that the report is about. */
export function compared(report: Report): { policy: PolicyReport; variant: Variant }[] {
  return report.policies.flatMap((policy) => {
    const variant = mainVariant(report, policy);
    return variant && !policy.isReference ? [{ policy, variant }] : [];
  });
}

/** The report in one paragraph. */
export function finding(report: Report): string {
  const all = compared(report);
  if (all.length === 0) return 'No policy was replayed.';
  return [
    coverageSentence(report),
    verdictsSentence(all),
    misledSentence(all),
    otherSentence(report),
    scaleSentence(report),
  ]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

function coverageSentence(report: Report): string {
  const all = compared(report).toSorted((a, b) => b.variant.summary.coverage - a.variant.summary.coverage);
  const best = all[0]!;
  const worst = all.at(-1)!;
  const file = (kind: 'spe' | 'kvm'): string => list(report.inputs.flatMap((i) => (i.kind === kind ? [i.file] : [])));
  const lanes = report.lanes.length === 1 ? '1 lane' : `${count(report.lanes.length)} lanes`;
  const span = duration(report.span.end - report.span.start);
  const samples = `${count(best.variant.summary.reference)} samples of ${file('spe')} (${span}, ${lanes})`;
  const start = `Against the stage 2 behaviour in ${file('kvm')}, the ${samples}`;
  if (worst.variant.summary.lost === 0) return `${start} would all have survived, under each policy replayed.`;
  if (best.variant.summary.coverage === worst.variant.summary.coverage)
    return `${start} would have been covered to ${coverage(best.variant.summary.coverage)} under each policy replayed.`;
  const names = (of: number): string =>
    list(
      all.filter((p) => p.variant.summary.coverage === of).map((p) => p.policy.id),
      3,
    );
  const [high, low] = [best.variant.summary.coverage, worst.variant.summary.coverage];
  return `${start} would have been covered to ${coverage(high)} under ${names(high)}, and to ${coverage(low)} under ${names(low)}.`;
}

const under: Readonly<Record<VerdictWord, string>> = {
  representative: 'stays representative',
  'usable with care': 'is usable with care',
  misleading: 'misleads',
  dead: 'is dead',
};

function verdictsSentence(all: readonly { policy: PolicyReport; variant: Variant }[]): string {
  const groups = verdicts.flatMap((word) => {
    const ids = all.filter(({ variant }) => variant.verdict.word === word).map(({ policy }) => policy.id);
    return ids.length > 0 ? [{ word, ids }] : [];
  });
  if (groups.length === 1)
    return `The surviving profile ${under[groups[0]!.word]} under ${all.length === 1 ? all[0]!.policy.id : `all ${all.length}`}.`;
  return `The surviving profile ${groups.map(({ word, ids }) => `${under[word]} under ${list(ids, 5)}`).join('; it ')}.`;
}

function misledSentence(all: readonly { policy: PolicyReport; variant: Variant }[]): string | undefined {
  const misled = all
    .filter(({ variant }) => variant.verdict.word === 'misleading')
    .toSorted((a, b) => (b.variant.skew?.nullModel.excess ?? 0) - (a.variant.skew?.nullModel.excess ?? 0))[0];
  const key = misled?.variant.verdict.moved[0];
  return key && `Under ${misled.policy.id}, ${key.name} shows ${percent(key.q)} where the truth is ${percent(key.p)}.`;
}

function otherSentence(report: Report): string | undefined {
  const other = otherDiscard(report);
  const pairs = compared(report).flatMap(({ policy, variant }) => {
    const counterpart = policy.variants[other];
    return counterpart ? [{ id: policy.id, main: variant, other: counterpart }] : [];
  });
  if (pairs.length === 0) return undefined;
  const shares = pairs.map((p) => p.other.summary.coverage);
  const guest = other === 'buffer' ? 'throws away its whole buffer at DL=1' : 'loses only the faulting record at DL=1';
  const changed = pairs.filter((p) => p.main.verdict.word !== p.other.verdict.word);
  const words =
    changed.length === 0
      ? 'the verdicts stay'
      : `the verdict changes for ${list(
          changed.map((p) => p.id),
          5,
        )}`;
  return `With a guest that ${guest}, coverage is ${range(Math.min(...shares), Math.max(...shares), coverage)} and ${words}.`;
}

function scaleSentence(report: Report): string | undefined {
  return report.alignment.scale === 1
    ? undefined
    : `The KVM timeline was scaled (× ${significant(report.alignment.scale)}) to fit: what happened and in which order is the trace's own, when and how often is not.`;
}

/** A variant's verdict with the numbers it rests on. */
export function verdictSentence(policy: PolicyReport, variant: Variant): string {
  const { summary, verdict, skew } = variant;
  if (policy.isReference) return 'The reference: by definition every sample is kept.';
  if (summary.lost === 0) return 'Nothing was lost.';
  const gone = `${percent(1 - summary.coverage)} of the samples are gone`;
  if (verdict.word === 'dead') {
    if (summary.vmDead) return `The VM died of an SError; ${gone}.`;
    return `${gone}: what is left is less than half.`;
  }
  if (!skew) return `${gone}.`;
  const { nullModel } = skew;
  const random = `losing as many at random gives ${significant(nullModel.mean, 2)} (95 % up to ${significant(nullModel.p95, 2)}; ${pValue(nullModel.pValue)})`;
  if (!verdict.skewed) return `${gone}, as if at random: TVD ${significant(skew.tvd, 2)}, where ${random}.`;
  const start = `${gone}, and not at random: TVD ${significant(skew.tvd, 2)}, where ${random}.`;
  const limit = percent(MOVED);
  if (verdict.moved.length === 0) return `${start} No top-10 key moved by more than ${limit} of its share.`;
  const moved = verdict.moved
    .slice(0, 3)
    .map((key) => `${key.name} shows ${percent(key.q)} instead of ${percent(key.p)}`);
  const more =
    verdict.moved.length > 3 ? `; ${verdict.moved.length - 3} more top-10 keys moved by more than ${limit}` : '';
  return `${start} ${list(moved)}${more}.`;
}
