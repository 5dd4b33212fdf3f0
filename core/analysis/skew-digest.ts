import { rowsOfInterest } from './skew.ts';
import type { Skew } from './skew.ts';
import type { SkewDigest } from '../model/terms/skew.ts';

export type { SkewDigest } from '../model/terms/skew.ts';

/** @param limit rows: this many of the largest keys, and as many of those that moved most */
export function digest(skew: Skew, nameOf: (key: number) => string, limit = 50): SkewDigest {
  const { keys, time, ...measures } = skew;
  const rows = rowsOfInterest(keys.difference, limit);
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    ...measures,
    keys: keys.n,
    significantKeys: keys.significant.reduce((a, b) => a + b, 0),
    rows: Array.from(rows, (row) => ({
      name: nameOf(keys.key[row]),
      reference: keys.reference[row],
      kept: keys.kept[row],
      p: keys.p[row],
      q: keys.q[row],
      difference: keys.difference[row],
      low: known(keys.low[row]),
      high: known(keys.high[row]),
      ratio: keys.ratio[row],
      rankBefore: row + 1,
      s: keys.s[row],
      rankAfter: keys.rank[row] || null,
      pValue: known(keys.pValue[row]),
      adjusted: known(keys.adjusted[row]),
      significant: keys.significant[row] === 1,
      correlation: known(keys.correlation[row]) ?? undefined,
    })),
    time: { t0: time.t0, t1: time.t1, coverage: Array.from(time.coverage, (share) => known(share)) },
  };
}
