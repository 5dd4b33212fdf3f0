import { KEPT, OUTSIDE } from '../model/outcome.ts';
import { createRandom } from '../model/random.ts';
import { twoSidedP } from './hypergeometric.ts';
import type { NullModel } from './null-model.ts';
import { nullModel } from './null-model.ts';
import type { KeyedLane } from './over-time.ts';
import { activityCorrelations, bootstrapIntervals, countOverTime, coverageOverTime } from './over-time.ts';
import { kendallTauB, order, rankBiasedOverlap, recall } from './ranks.ts';

export interface SkewOptions {
  /** Draws of the null model. */
  readonly draws: number;
  /** Draws of the bootstrap. */
  readonly bootstrap: number;
  /** Bins of time: the bootstrap's blocks (1 % of the capture each), and those of coverage over time. */
  readonly bins: number;
  /** Keys that get intervals and a correlation: so many of the largest, and so many of those that moved most. */
  readonly intervalKeys: number;
  /** Significance level, after Benjamini and Hochberg's adjustment for the keys. */
  readonly level: number;
  readonly seed: number;
}

export const defaultSkewOptions: SkewOptions = {
  draws: 1000,
  bootstrap: 1000,
  bins: 100,
  intervalKeys: 50,
  level: 0.05,
  seed: 1,
};

/** How the surviving profile differs from the reference, by one key function (model.md section 7). */
export interface Skew {
  /** Samples N of the reference, and n that survived. */
  readonly reference: number;
  readonly kept: number;
  /** Total variation distance of the shares, 0 … 1. */
  readonly tvd: number;
  /** Jensen–Shannon distance (base 2), 0 … 1. */
  readonly jsDistance: number;
  /** Of the reference's top 50; undefined when a column is all ties. */
  readonly kendallTauB: number | undefined;
  /** Rank-biased overlap (p = 0.9) of the two top 50. */
  readonly rankBiasedOverlap: number;
  /** Which part of the reference's top 10 is in the survivors' top 10. */
  readonly top10Recall: number;
  readonly nullModel: NullModel;
  readonly keys: SkewKeys;
  /** Coverage per time bin over [t0, t1] (ns); NaN where the reference has no sample. */
  readonly time: { readonly t0: number; readonly t1: number; readonly coverage: Float64Array };
}

/** Keys that the reference has, largest first, as columns. */
export interface SkewKeys {
  readonly n: number;
  /** The key's index. */
  readonly key: Uint32Array;
  /** Samples in the reference, and of these survivors. */
  readonly reference: Uint32Array;
  readonly kept: Uint32Array;
  /** Shares. */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** q - p in percentage points. */
  readonly difference: Float64Array;
  /** Its 95 % interval, block bootstrap over time; NaN for keys that got none (see `intervalKeys`). */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** q / p. */
  readonly ratio: Float64Array;
  /** Rank among the survivors, from 1; the rank in the reference is the row's number. Ties stay in the reference's order. */
  readonly rank: Uint32Array;
  /** Two-sided hypergeometric p-value, and adjusted for the number of keys (Benjamini–Hochberg). */
  readonly pValue: Float64Array;
  readonly adjusted: Float64Array;
  /** 1 where `adjusted` is at the level or below. */
  readonly significant: Uint8Array;
  /** Of the key's activity over time with the coverage; NaN as `low`, and where nothing varies. */
  readonly correlation: Float64Array;
}

/**
 * @param lanes samples with keys and fates; those outside sessions don't count
 * @param keyCount keys are below it
 * @returns undefined when nothing survived (or nothing was there): no shares to compare
 */
export function skew(
  lanes: readonly KeyedLane[],
  keyCount: number,
  options: Partial<SkewOptions> = {},
): Skew | undefined {
  const { draws, bootstrap, bins, intervalKeys, level, seed } = { ...defaultSkewOptions, ...options };
  const counts = countKeys(lanes, keyCount);
  const total = sum(counts.reference);
  const survivors = sum(counts.kept);
  if (survivors === 0) return undefined;

  const key = order(counts.reference).subarray(0, counts.reference.filter((n) => n > 0).length);
  const n = key.length;
  const reference = Uint32Array.from(key, (k) => counts.reference[k]);
  const kept = Uint32Array.from(key, (k) => counts.kept[k]);
  const p = Float64Array.from(reference, (count) => count / total);
  const q = Float64Array.from(kept, (count) => count / survivors);
  const difference = p.map((share, i) => 100 * (q[i] - share));
  const tvd = p.reduce((d, share, i) => d + Math.abs(q[i] - share), 0) / 2;
  const pValue = Float64Array.from(reference, (count, i) => twoSidedP(kept[i], count, total, survivors));
  const adjusted = benjaminiHochberg(pValue);
  const byKept = order(kept);
  const rank = new Uint32Array(n);
  byKept.forEach((row, i) => (rank[row] = i + 1));

  const low = new Float64Array(n).fill(NaN);
  const high = new Float64Array(n).fill(NaN);
  const correlations = new Float64Array(n).fill(NaN);
  const rows = rowsOfInterest(difference, intervalKeys);
  const time = countOverTime(
    lanes,
    keyCount,
    rows.map((row) => key[row]),
    bins,
  );
  const coverage = coverageOverTime(time);
  // Streams of their own: asking for more draws of one doesn't change the other.
  const intervals = bootstrapIntervals(time, bootstrap, createRandom(seed + 1));
  const activity = activityCorrelations(time, coverage);
  rows.forEach((row, j) => {
    low[row] = 100 * intervals.low[j];
    high[row] = 100 * intervals.high[j];
    correlations[row] = activity[j];
  });

  const top = (k: number): number => Math.min(k, n);
  const all = Uint32Array.from(key, (_, row) => row);
  return {
    reference: total,
    kept: survivors,
    tvd,
    jsDistance: jensenShannon(p, q),
    kendallTauB: kendallTauB(reference.subarray(0, 50), kept.subarray(0, 50)),
    rankBiasedOverlap: rankBiasedOverlap(all.subarray(0, top(50)), byKept.subarray(0, top(50)), 0.9),
    top10Recall: recall(all.subarray(0, top(10)), byKept.subarray(0, top(10))),
    nullModel: nullModel(reference, survivors, tvd, draws, createRandom(seed)),
    keys: {
      n,
      key,
      reference,
      kept,
      p,
      q,
      difference,
      low,
      high,
      ratio: p.map((share, i) => q[i] / share),
      rank,
      pValue,
      adjusted,
      significant: Uint8Array.from(adjusted, (value) => (value <= level ? 1 : 0)),
      correlation: correlations,
    },
    time: { t0: time.t0, t1: time.t1, coverage },
  };
}

function countKeys(lanes: readonly KeyedLane[], keyCount: number): { reference: Uint32Array; kept: Uint32Array } {
  const reference = new Uint32Array(keyCount);
  const kept = new Uint32Array(keyCount);
  for (const { keys, fates } of lanes) {
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      reference[keys[i]]!++;
      if (fates[i] === KEPT) kept[keys[i]]!++;
    }
  }
  return { reference, kept };
}

function sum(counts: Uint32Array): number {
  return counts.reduce((a, b) => a + b, 0);
}

/** The `k` largest keys and the `k` that moved most. */
function rowsOfInterest(difference: Float64Array, k: number): Uint32Array {
  const moved = order(difference.map(Math.abs)).subarray(0, k);
  const largest = Array.from({ length: Math.min(k, difference.length) }, (_, row) => row);
  return Uint32Array.from(new Set([...largest, ...moved])).sort();
}

/** sqrt of the Jensen–Shannon divergence in bits. */
export function jensenShannon(p: Float64Array, q: Float64Array): number {
  let bits = 0;
  for (let i = 0; i < p.length; i++) {
    const m = (p[i] + q[i]) / 2;
    if (p[i] > 0) bits += (p[i] * Math.log2(p[i] / m)) / 2;
    if (q[i] > 0) bits += (q[i] * Math.log2(q[i] / m)) / 2;
  }
  return Math.sqrt(Math.max(0, bits));
}

/** Adjusted p-values that control the false discovery rate (Benjamini and Hochberg 1995; R's p.adjust "BH"). */
export function benjaminiHochberg(pValues: Float64Array): Float64Array {
  const n = pValues.length;
  const descending = order(pValues);
  const adjusted = new Float64Array(n);
  let least = 1;
  descending.forEach((i, at) => {
    least = Math.min(least, (pValues[i] * n) / (n - at));
    adjusted[i] = least;
  });
  return adjusted;
}
