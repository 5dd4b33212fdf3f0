/**
 * Profiles in blocks of samples, long enough that one block says little about the next: what clustering in time leaves of a difference
 * between two captures (model.md section 7).
 */
import { KEPT, OUTSIDE } from '../model/outcome.ts';
import type { Random } from '../model/random.ts';
import type { KeyedLane } from './over-time.ts';

/** Equal parts of each lane's samples in sessions: kept samples of the selected keys, of all keys, and samples at all. */
export interface Blocks {
  readonly count: number;
  readonly width: number;
  /** Of selected key j in block b at `b * width + j`. */
  readonly keys: Float64Array;
  readonly kept: Float64Array;
  readonly reference: Float64Array;
  /** First block of each lane, and `count` at the end. */
  readonly lanes: readonly number[];
}

/** Parts in which a key's share is followed, and blocks a lane has at most. */
const PARTS = 1000;
const MOST_BLOCKS = 100;
/** A block is so many autocorrelation times long. */
const TIMES = 5;
/** Fewer blocks than this on a side can't be dealt in enough ways. */
export const LEAST_BLOCKS = 10;

/** @param parts into which each lane is cut; a lane with fewer samples has one part a sample */
export function cutIntoBlocks(
  lanes: readonly KeyedLane[],
  keyCount: number,
  selected: Uint32Array,
  parts: number,
): Blocks {
  const width = selected.length;
  const column = new Int32Array(keyCount).fill(-1);
  selected.forEach((key, j) => (column[key] = j));
  const sizes = lanes.map(({ fates }) => fates.reduce((n, fate) => n + (fate === OUTSIDE ? 0 : 1), 0));
  const starts = [0];
  for (const size of sizes) starts.push((starts.at(-1) ?? 0) + Math.min(parts, size));
  const count = starts.at(-1) ?? 0;
  const blocks = {
    keys: new Float64Array(count * width),
    kept: new Float64Array(count),
    reference: new Float64Array(count),
  };
  lanes.forEach(({ keys, fates }, l) => {
    const own = Math.min(parts, sizes[l]);
    let at = 0;
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      const block = starts[l] + Math.floor((at++ * own) / sizes[l]);
      blocks.reference[block]++;
      if (fates[i] !== KEPT) continue;
      blocks.kept[block]++;
      if (column[keys[i]] >= 0) blocks.keys[block * width + column[keys[i]]]++;
    }
  });
  return { count, width, ...blocks, lanes: starts };
}

/**
 * Blocks per lane for both profiles: 5 autocorrelation times of the slowest of the given keys, at least 1 % of the lane.
 * @param top the largest keys of both together
 */
export function blocksPerLane(
  a: readonly KeyedLane[],
  b: readonly KeyedLane[],
  keyCount: number,
  top: Uint32Array,
): number {
  const slowest = Math.max(
    1,
    ...[a, b].flatMap((lanes) => autocorrelationTimes(cutIntoBlocks(lanes, keyCount, top, PARTS))),
  );
  return Math.min(MOST_BLOCKS, Math.floor(PARTS / (TIMES * slowest)));
}

/** Of each key's share, in parts: 1 + 2 Σρ up to the first pair of neighbouring lags whose sum isn't positive (Geyer 1992). */
export function autocorrelationTimes(parts: Blocks): number[] {
  return Array.from({ length: parts.width }, (_, j) => {
    const series = parts.lanes.slice(0, -1).map((from, l) => shares(parts, j, from, parts.lanes[l + 1]));
    const variance = covariance(series, 0);
    if (variance === 0) return 1;
    let time = 1;
    for (let lag = 1; lag < PARTS - 1; lag += 2) {
      const pair = (covariance(series, lag) + covariance(series, lag + 1)) / variance;
      if (pair <= 0) break;
      time += 2 * pair;
    }
    return time;
  });
}

/** A key's share part by part, less its mean. */
function shares({ keys, kept, width }: Blocks, j: number, from: number, to: number): Float64Array {
  const series = new Float64Array(to - from);
  for (let b = from; b < to; b++) series[b - from] = kept[b] ? keys[b * width + j] / kept[b] : 0;
  const mean = series.reduce((sum, x) => sum + x, 0) / (series.length || 1);
  return series.map((x) => x - mean);
}

function covariance(series: readonly Float64Array[], lag: number): number {
  let sum = 0;
  for (const x of series) for (let i = lag; i < x.length; i++) sum += x[i] * x[i - lag];
  return sum;
}

/** Sums over some blocks. */
export interface Tally {
  readonly keys: Float64Array;
  all: number;
  reference: number;
}

export function tally(
  { keys, kept, reference, width }: Blocks,
  blocks: Iterable<number>,
  into = emptyTally(width),
): Tally {
  for (const b of blocks) {
    for (let j = 0; j < width; j++) into.keys[j] += keys[b * width + j];
    into.all += kept[b];
    into.reference += reference[b];
  }
  return into;
}

export function emptyTally(width: number): Tally {
  return { keys: new Float64Array(width), all: 0, reference: 0 };
}

/** All blocks of both profiles, dealt anew: as many to each as it has. Calls `visit` with each deal. */
export function dealBlocks(
  a: Blocks,
  b: Blocks,
  draws: number,
  random: Random,
  visit: (x: Tally, y: Tally) => void,
): void {
  const order = Uint32Array.from({ length: a.count + b.count }, (_, i) => i);
  for (let draw = 0; draw < draws; draw++) {
    for (let k = order.length - 1; k > 0; k--) {
      const other = random.below(k + 1);
      [order[k], order[other]] = [order[other], order[k]];
    }
    const sides = [emptyTally(a.width), emptyTally(a.width)];
    order.forEach((block, i) => {
      const side = sides[i < a.count ? 0 : 1];
      if (block < a.count) tally(a, [block], side);
      else tally(b, [block - a.count], side);
    });
    visit(sides[0], sides[1]);
  }
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 95 % interval of the difference in coverage: blocks drawn with replacement, of either profile, or the same ones of both if they are `paired`. */
export function coverageInterval(a: Blocks, b: Blocks, paired: boolean, draws: number, random: Random): Interval {
  const found: number[] = [];
  const pick = (count: number) => Array.from({ length: count }, () => random.below(count));
  for (let i = 0; i < draws; i++) {
    const blocks = pick(a.count);
    const x = tally(a, blocks);
    const y = tally(b, paired ? blocks : pick(b.count));
    if (x.reference > 0 && y.reference > 0) found.push(x.all / x.reference - y.all / y.reference);
  }
  found.sort((x, y) => x - y);
  const at = (share: number): number => found[Math.min(found.length - 1, Math.floor(share * found.length))] ?? NaN;
  return { low: at(0.025), high: at(0.975) };
}
