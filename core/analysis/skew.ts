import { causes } from './cause.ts';
import type { KeyedLane } from './over-time.ts';
import { activityCorrelations, coverageOverTime } from './over-time.ts';
import { kendallTauB, order, rankBiasedOverlap, recall } from './ranks.ts';
import { Reference } from './reference.ts';
import type { Losses, Profile } from './reference.ts';
import { Rotations } from './rotation.ts';
import { relativeDeviation } from './verdict.ts';
import type { KeyCounts } from './verdict.ts';
import type { Skew } from '../model/terms/skew.ts';

export type { Skew } from '../model/terms/skew.ts';

export interface SkewOptions {
  /** Time bins of the coverage over time. */
  readonly bins: number;
  /** Keys that get a correlation: this many of the largest, and as many of those that moved most. */
  readonly correlatedKeys: number;
  /** Adjusted p-values at or below it get a star. */
  readonly level: number;
}

export const defaultSkewOptions: SkewOptions = { bins: 100, correlatedKeys: 50, level: 0.05 };

/**
 * @param lanes samples with keys and fates; those outside sessions don't count
 * @param keyCount keys are below it
 * @returns undefined when nothing survived (or there was nothing): no shares to compare
 */
export function skew(
  lanes: readonly KeyedLane[],
  keyCount: number,
  options: Partial<SkewOptions> = {},
): Skew | undefined {
  const reference = new Reference(lanes, keyCount, options.bins ?? defaultSkewOptions.bins);
  return skewOfLosses(reference, reference.losses(lanes.map(({ fates }) => fates)), options);
}

/** As `skew`, for a reference shared by several outcomes. */
export function skewOfLosses(
  base: Profile,
  losses: Losses,
  options: Partial<Omit<SkewOptions, 'bins'>> = {},
): Skew | undefined {
  return skewsOfLosses([base], [losses], options)[0];
}

/** As `skewOfLosses`, for several ways of counting the same samples. @param losses the same, by the rows of each */
export function skewsOfLosses(
  profiles: readonly Profile[],
  losses: readonly Losses[],
  options: Partial<Omit<SkewOptions, 'bins'>> = {},
): (Skew | undefined)[] {
  const [first] = profiles;
  if (!first || first.total === losses[0].lost) return profiles.map(() => undefined);
  const rotations = new Rotations(first.samples, losses[0]);
  const found = causes(
    rotations,
    profiles.map((profile, i) => ({ profile, lost: losses[i].byRow })),
  );
  return profiles.map((profile, i) => skewBy(profile, losses[i], found[i], { ...defaultSkewOptions, ...options }));
}

function skewBy(
  base: Profile,
  losses: Losses,
  { cause: why, keys: effects }: ReturnType<typeof causes>[number],
  { correlatedKeys, level }: SkewOptions,
): Skew {
  const { key, counts: reference, total } = base;
  const survivors = total - losses.lost;
  const n = key.length;
  const kept = reference.map((count, row) => count - losses.byRow[row]);
  const p = Float64Array.from(reference, (count) => count / total);
  const q = Float64Array.from(kept, (count) => count / survivors);
  const difference = p.map((share, i) => 100 * (q[i] - share));

  const alive = Uint32Array.from(kept.keys()).filter((row) => kept[row] > 0);
  const byKept = order(kept).subarray(0, alive.length);
  const rank = new Uint32Array(n);
  byKept.forEach((row, i) => (rank[row] = i + 1));

  const correlation = new Float64Array(n).fill(NaN);
  const rows = rowsOfInterest(difference, correlatedKeys);
  const time = base.overTime(rows, losses);
  const coverage = coverageOverTime(time);
  activityCorrelations(time, coverage).forEach((r, j) => (correlation[rows[j]] = r));

  const top = alive.subarray(0, 50);
  return {
    reference: total,
    kept: survivors,
    tvd: p.reduce((d, share, i) => d + Math.abs(q[i] - share), 0) / 2,
    jsDistance: jensenShannon(p, q),
    kendallTauB: kendallTauB(
      Uint32Array.from(top, (row) => reference[row]),
      Uint32Array.from(top, (row) => kept[row]),
    ),
    rankBiasedOverlap: rankBiasedOverlap(top, byKept.subarray(0, 50), 0.9),
    top10Recall: recall(alive.subarray(0, 10), byKept.subarray(0, 10)),
    vanished: n - alive.length,
    cause: why,
    keys: {
      ...{ n, key, reference, kept, p, q, difference },
      low: effects.low.map((x) => 100 * x),
      high: effects.high.map((x) => 100 * x),
      ratio: p.map((share, i) => q[i] / share),
      s: p.map((share) => relativeDeviation(share, survivors, total)),
      rank,
      pValue: effects.pValue,
      adjusted: effects.adjusted,
      significant: Uint8Array.from(effects.adjusted, (value) => (value <= level ? 1 : 0)),
      correlation,
    },
    time: { t0: time.t0, t1: time.t1, coverage },
  };
}

/** The basis of a skew's verdict. */
export function countsOf({ keys, reference, kept }: Skew, nameOf: (key: number) => string): KeyCounts {
  const { reference: all, kept: alive } = keys;
  return { reference: all, kept: alive, total: reference, survivors: kept, nameOf: (row) => nameOf(keys.key[row]) };
}

/** The basis of the verdict's word: counts alone, without rotations. */
export function keyCounts(base: Profile, losses: Losses, nameOf: (key: number) => string): KeyCounts {
  const { key, counts: reference, total } = base;
  const kept = reference.map((count, row) => count - losses.byRow[row]);
  return { reference, kept, total, survivors: total - losses.lost, nameOf: (row) => nameOf(key[row]) };
}

/** The `k` largest keys and the `k` that moved most. */
export function rowsOfInterest(difference: Float64Array, k: number): Uint32Array {
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
