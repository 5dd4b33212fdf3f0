/** Two profiles side by side: a guest's capture against bare metal's, or what survived of one capture under two policies. */
import { KEPT } from '../model/outcome.ts';
import { createRandom } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import { blockPermutation, differenceIntervals } from './compare-blocks.ts';
import type { Interval, Sides } from './compare-blocks.ts';
import { twoSidedP } from './hypergeometric.ts';
import { nullModel } from './null-model.ts';
import type { Histogram, NullModel } from './null-model.ts';
import { countOverTime } from './over-time.ts';
import type { KeyedLane } from './over-time.ts';
import { order } from './ranks.ts';
import { benjaminiHochberg, jensenShannon } from './skew.ts';
import { MOVED } from './verdict.ts';

export interface CompareOptions {
  /** Draws of the null models and of the bootstrap. */
  readonly draws: number;
  /** Blocks of time: 1 % of each profile. */
  readonly bins: number;
  /** Keys told one by one: so many of the largest, and so many of those that moved most. */
  readonly rows: number;
  readonly level: number;
  readonly seed: number;
  /**
   * Both are what survived of the same samples: lanes and times are the same, only fates differ. Then the two share what happened in
   * each block of time, and are drawn, swapped and tested block by block together.
   */
  readonly paired: boolean;
}

export const defaultCompareOptions: CompareOptions = {
  ...{ draws: 1000, bins: 100, rows: 50, level: 0.05, seed: 1 },
  paired: false,
};

/**
 * `alike`: chance, of whole blocks of time, explains the difference. `close`: it doesn't, but no top-10 key of the second profile
 * moved by more than 10 % of its share, certainly. `different`: one did.
 */
export const comparisonWords = ['alike', 'close', 'different'] as const;
export type ComparisonWord = (typeof comparisonWords)[number];

export interface Comparison {
  /** Samples of the first profile and of the second. */
  readonly a: number;
  readonly b: number;
  readonly tvd: number;
  readonly jsDistance: number;
  /**
   * TVD if both were drawn from one pool at random, sample by sample (the pooled counts dealt anew, exactly): `pValue` is that of
   * equal shares, if samples were independent of each other.
   */
  readonly nullModel: NullModel;
  /**
   * P-value of equal shares when whole blocks of time are dealt anew (paired: swapped): what clustering in time leaves of it. Of the
   * keys in `rows` and the rest as one. What the verdict rests on.
   */
  readonly blockPValue: number;
  /** Mean TVD of these deals, and their 95 % quantile. */
  readonly blockMean: number;
  readonly blockP95: number;
  /** All of these deals. */
  readonly blockHistogram: Histogram;
  readonly paired: boolean;
  readonly coverage: CoverageDifference;
  readonly keys: number;
  readonly significantKeys: number;
  readonly rows: readonly CompareRow[];
  readonly word: ComparisonWord;
  /** Top-10 keys of the second profile whose share differs by more than 10 % of it, and whose interval leaves 0 out. */
  readonly moved: readonly string[];
}

/** Kept shares, 0 … 1, and A's minus B's in percentage points with its 95 % interval (block bootstrap). */
export interface CoverageDifference {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface CompareRow {
  readonly name: string;
  readonly a: number;
  readonly b: number;
  /** Shares. */
  readonly shareA: number;
  readonly shareB: number;
  /** A's share minus B's, percentage points, with its 95 % interval (block bootstrap of both profiles over time). */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /**
   * Fisher's exact test of the two proportions; paired: share of random block swaps in which the key differs as much. Adjusted for
   * the number of keys (Benjamini–Hochberg).
   */
  readonly pValue: number;
  readonly adjusted: number;
  readonly significant: boolean;
}

/**
 * @param a, b kept samples count; keys are numbered alike in both
 * @param keyCount keys are below it
 * @returns undefined when either has no sample
 */
export function compareProfiles(
  a: readonly KeyedLane[],
  b: readonly KeyedLane[],
  keyCount: number,
  nameOf: (key: number) => string,
  options: Partial<CompareOptions> = {},
): Comparison | undefined {
  const { draws, bins, rows: limit, level, seed, paired } = { ...defaultCompareOptions, ...options };
  const countA = countKept(a, keyCount);
  const countB = countKept(b, keyCount);
  const [nA, nB] = [total(countA), total(countB)];
  if (nA === 0 || nB === 0) return undefined;

  const pooled = countA.map((n, key) => n + countB[key]!);
  const key = order(pooled).subarray(0, pooled.filter((n) => n > 0).length);
  const shareA = Float64Array.from(key, (k) => countA[k]! / nA);
  const shareB = Float64Array.from(key, (k) => countB[k]! / nB);
  const difference = shareA.map((share, i) => share - shareB[i]!);
  const tvd = distance(difference);

  const moved = order(difference.map(Math.abs)).subarray(0, limit);
  const largest = Array.from({ length: Math.min(limit, key.length) }, (_, row) => row);
  const chosen = Uint32Array.from(new Set([...largest, ...moved])).sort();
  const selected = chosen.map((row) => key[row]!);
  const sides: Sides = {
    a: countOverTime(a, keyCount, selected, bins),
    b: countOverTime(b, keyCount, selected, bins),
    paired,
  };
  const intervals = differenceIntervals(sides, draws, createRandom(seed + 1));
  const blocks = blockPermutation(sides, draws, createRandom(seed + 2));
  const pValue = paired ? blocks.keys : Float64Array.from(key, (k) => twoSidedP(countA[k]!, pooled[k]!, nA + nB, nA));
  const adjusted = benjaminiHochberg(pValue);

  const rows = Array.from(chosen, (row, j): CompareRow => {
    // Block swaps know the chosen keys only.
    const tested = paired ? j : row;
    return {
      name: nameOf(key[row]!),
      a: countA[key[row]!]!,
      b: countB[key[row]!]!,
      shareA: shareA[row]!,
      shareB: shareB[row]!,
      difference: 100 * difference[row]!,
      low: 100 * intervals.low[j]!,
      high: 100 * intervals.high[j]!,
      pValue: pValue[tested]!,
      adjusted: adjusted[tested]!,
      significant: adjusted[tested]! <= level,
    };
  });
  const top = rows.toSorted((x, y) => y.shareB - x.shareB).slice(0, 10);
  const movedTop = top.filter((r) => {
    const changed = Math.abs(r.shareA - r.shareB) > MOVED * r.shareB;
    return changed && (r.low > 0 || r.high < 0);
  });
  return {
    a: nA,
    b: nB,
    tvd,
    jsDistance: jensenShannon(shareB, shareA),
    nullModel: dealtAnew(pooled, nA, nB, tvd, draws, createRandom(seed)),
    blockPValue: blocks.pValue,
    blockMean: blocks.mean,
    blockP95: blocks.p95,
    blockHistogram: blocks.histogram,
    paired,
    coverage: coverageDifference(sides, intervals.coverage),
    keys: key.length,
    significantKeys: adjusted.reduce((n, p) => n + (p <= level ? 1 : 0), 0),
    rows,
    word: blocks.pValue > level ? 'alike' : movedTop.length ? 'different' : 'close',
    moved: movedTop.map((r) => r.name),
  };
}

function countKept(lanes: readonly KeyedLane[], keyCount: number): Uint32Array {
  const counts = new Uint32Array(keyCount);
  for (const { keys, fates } of lanes)
    for (let i = 0; i < fates.length; i++) if (fates[i] === KEPT) counts[keys[i]!]!++;
  return counts;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}

function distance(difference: Float64Array): number {
  return difference.reduce((sum, d) => sum + Math.abs(d), 0) / 2;
}

/** Of two parts of a pool, the first differs from the whole by nB / N of what it differs from the second by: one null model serves both. */
function dealtAnew(pooled: Uint32Array, nA: number, nB: number, tvd: number, draws: number, random: Random): NullModel {
  const part = nB / (nA + nB);
  const whole = nullModel(pooled, nA, tvd * part, draws, random);
  const { histogram: h } = whole;
  return {
    ...{ draws: whole.draws, pValue: whole.pValue },
    ...{ mean: whole.mean / part, p95: whole.p95 / part, excess: tvd - whole.mean / part },
    ...(h && { histogram: { ...h, low: h.low / part, high: h.high / part } }),
  };
}

function coverageDifference({ a, b }: Sides, { low, high }: Interval): CoverageDifference {
  const [coverA, coverB] = [a, b].map(({ kept, reference }) => total(kept) / total(reference));
  return {
    a: coverA!,
    b: coverB!,
    difference: 100 * (coverA! - coverB!),
    low: 100 * low,
    high: 100 * high,
  };
}
