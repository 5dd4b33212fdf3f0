/** A result and its skews, stored or just made, in the contract's form. */
import type { Cause } from '../../analysis/cause.ts';
import type { RunCheck, RunPolicy, RunSkew } from '../../contract/run-policy.ts';
import type { ResultRow, SkewRow } from '../../store/run-store.ts';
import { unsureLoss } from '../runs/evidence-losses.ts';

/** @param skew of the whole run; the policy's own are picked out */
export function runPolicy(r: ResultRow, skew: readonly SkewRow[]): RunPolicy {
  const { summary, checks = [], sameAs, restsOn = [] } = r.summary;
  const p99 = summary.durations?.p99;
  const slowdown = summary.slowdown;
  const unsure = unsureLoss(restsOn, r.lost);
  return {
    policy: r.policy.id,
    title: r.policy.title,
    dlDiscard: r.dlDiscard,
    reference: r.policy.pin === 'no-stage-2',
    kept: r.kept,
    lost: r.lost,
    coverage: r.coverage,
    windows: r.windows,
    blackoutNs: r.blackoutNs,
    ...(typeof p99 === 'number' && { p99Ns: p99 }),
    stallNs: r.stallNs,
    ...(typeof slowdown === 'number' && { slowdown }),
    pinnedBytesPeak: r.pinnedBytesPeak,
    ...(sameAs !== undefined && { sameAs }),
    checks: checks.map(({ id, title, kept, lost, coverage, verdict }): RunCheck => {
      return { id, title, kept, lost, coverage, verdict };
    }),
    skew: skew.filter((s) => s.policy === r.policy.id && s.dlDiscard === r.dlDiscard).map(runSkew),
    ...(unsure && { unsure: { share: unsure.share, evidence: [...unsure.evidence] } }),
  };
}

function runSkew({ key, tvd, nullMean, nullP95, pValue, excess, verdict, detail }: SkewRow): RunSkew {
  const cause: Partial<Cause> | undefined = detail.digest?.cause;
  const { reason } = detail.verdict;
  return {
    ...{ key, tvd, nullMean, nullP95, pValue, excess, verdict },
    ...(reason !== undefined && { reason }),
    ...(cause?.word !== undefined && { episodes: cause.episodes, cause: cause.word }),
  };
}
