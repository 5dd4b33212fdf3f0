/** Two profiles side by side, neither of them part of the other: a guest's capture against bare metal's, or two runs' survivors. */
import { KEPT } from '../model/outcome.ts';
import { createRandom } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import { twoSidedP } from './hypergeometric.ts';
import { nullModel } from './null-model.ts';
import type { NullModel } from './null-model.ts';
import { quantile } from './numbers.ts';
import { countOverTime } from './over-time.ts';
import type { KeyedLane, OverTime } from './over-time.ts';
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
}

export const defaultCompareOptions: CompareOptions = { draws: 1000, bins: 100, rows: 50, level: 0.05, seed: 1 };

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
   * P-value of equal shares when whole blocks of time are dealt anew: what clustering in time leaves of it. Of the keys in `rows` and
   * the rest as one. What the verdict rests on.
   */
  readonly blockPValue: number;
  readonly keys: number;
  readonly significantKeys: number;
  readonly rows: readonly CompareRow[];
  readonly word: ComparisonWord;
  /** Top-10 keys of the second profile whose share differs by more than 10 % of it, and whose interval leaves 0 out. */
  readonly moved: readonly string[];
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
  /** Fisher's exact test of the two proportions, and adjusted for the number of keys (Benjamini–Hochberg). */
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
  const { draws, bins, rows: limit, level, seed } = { ...defaultCompareOptions, ...options };
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
  const pValue = Float64Array.from(key, (k) => twoSidedP(countA[k]!, pooled[k]!, nA + nB, nA));
  const adjusted = benjaminiHochberg(pValue);

  const moved = order(difference.map(Math.abs)).subarray(0, limit);
  const largest = Array.from({ length: Math.min(limit, key.length) }, (_, row) => row);
  const chosen = Uint32Array.from(new Set([...largest, ...moved])).sort();
  const selected = chosen.map((row) => key[row]!);
  const [timeA, timeB] = [a, b].map((lanes) => countOverTime(lanes, keyCount, selected, bins));
  const intervals = differenceIntervals(timeA!, timeB!, draws, createRandom(seed + 1));

  const rows = Array.from(chosen, (row, j): CompareRow => ({
    name: nameOf(key[row]!),
    a: countA[key[row]!]!,
    b: countB[key[row]!]!,
    shareA: shareA[row]!,
    shareB: shareB[row]!,
    difference: 100 * difference[row]!,
    low: 100 * intervals.low[j]!,
    high: 100 * intervals.high[j]!,
    pValue: pValue[row]!,
    adjusted: adjusted[row]!,
    significant: adjusted[row]! <= level,
  }));
  const blockPValue = blockPermutation(timeA!, timeB!, draws, createRandom(seed + 2));
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
    blockPValue,
    keys: key.length,
    significantKeys: adjusted.reduce((n, p) => n + (p <= level ? 1 : 0), 0),
    rows,
    word: blockPValue > level ? 'alike' : movedTop.length ? 'different' : 'close',
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

/** Kept samples of some blocks: of the selected keys, and all. */
interface Tally {
  readonly keys: Float64Array;
  all: number;
}

function addBlock(tally: Tally, { keyKept, kept, selected }: OverTime, block: number): void {
  const width = selected.length;
  for (let j = 0; j < width; j++) tally.keys[j]! += keyKept[block * width + j]!;
  tally.all += kept[block]!;
}

function newTally({ selected }: OverTime): Tally {
  return { keys: new Float64Array(selected.length), all: 0 };
}

/** 95 % intervals of share differences: blocks of either profile drawn with replacement. */
function differenceIntervals(
  a: OverTime,
  b: OverTime,
  draws: number,
  random: Random,
): { low: Float64Array; high: Float64Array } {
  const width = a.selected.length;
  const columns = Array.from({ length: width }, () => new Float64Array(draws));
  const resampled = (time: OverTime): Tally => {
    const tally = newTally(time);
    for (let i = 0; i < time.bins; i++) addBlock(tally, time, random.below(time.bins));
    return tally;
  };
  let made = 0;
  for (let i = 0; i < draws; i++) {
    const [x, y] = [resampled(a), resampled(b)];
    if (x.all === 0 || y.all === 0) continue;
    for (let j = 0; j < width; j++) columns[j]![made] = x.keys[j]! / x.all - y.keys[j]! / y.all;
    made++;
  }
  const sorted = columns.map((column) => column.subarray(0, made).sort());
  return {
    low: Float64Array.from(sorted, (column) => quantile(column, 0.025)),
    high: Float64Array.from(sorted, (column) => quantile(column, 0.975)),
  };
}

/** Share of random deals of all non-empty blocks, as many to each profile as it has, that differ as much as the profiles do. */
function blockPermutation(a: OverTime, b: OverTime, draws: number, random: Random): number {
  const blocks = [a, b].flatMap((time) =>
    Array.from({ length: time.bins }, (_, block) => ({ time, block })).filter(({ block }) => time.kept[block]! > 0),
  );
  const ofA = blocks.filter(({ time }) => time === a).length;
  const differing = (): number => {
    const [x, y] = [newTally(a), newTally(b)];
    blocks.forEach(({ time, block }, i) => addBlock(i < ofA ? x : y, time, block));
    let sum = 0;
    let rest = 0;
    for (let j = 0; j < x.keys.length; j++) {
      const d = x.keys[j]! / x.all - y.keys[j]! / y.all;
      sum += Math.abs(d);
      rest -= d;
    }
    return (sum + Math.abs(rest)) / 2;
  };
  const limit = differing() * (1 - 1e-9);
  let reached = 0;
  for (let i = 0; i < draws; i++) {
    for (let k = blocks.length - 1; k > 0; k--) {
      const other = random.below(k + 1);
      [blocks[k], blocks[other]] = [blocks[other]!, blocks[k]!];
    }
    if (differing() >= limit) reached++;
  }
  return (reached + 1) / (draws + 1);
}
