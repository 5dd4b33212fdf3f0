import { rowsOfInterest } from './skew.ts';
import type { Skew } from './skew.ts';

/** A skew as plain JSON: the measures, and the keys that matter. What is stored with a run, listed and reported. */
export interface SkewDigest extends Omit<Skew, 'keys' | 'time'> {
  /** Keys in the reference, and how many of them moved significantly. */
  readonly keys: number;
  readonly significantKeys: number;
  /** The largest keys and those that moved most, largest first. */
  readonly rows: readonly SkewRow[];
  /** Coverage per equal time bin over [t0, t1] (ns); null where the reference has no sample. */
  readonly time: { readonly t0: number; readonly t1: number; readonly coverage: readonly (number | null)[] };
}

/** One key; see `SkewKeys` for what the columns mean. */
export interface SkewRow {
  readonly name: string;
  readonly reference: number;
  readonly kept: number;
  readonly p: number;
  readonly q: number;
  /** Percentage points, with the interval for all keys together; null for keys that get none. */
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly ratio: number;
  /** Standard deviation of ratio - 1 if losses fell anywhere. */
  readonly s: number;
  /** From 1; null for a key that nothing survived of. */
  readonly rankBefore: number;
  readonly rankAfter: number | null;
  readonly pValue: number | null;
  readonly adjusted: number | null;
  readonly significant: boolean;
  readonly correlation?: number;
}

/** @param limit rows: so many of the largest keys, and so many of those that moved most */
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
