/**
 * Profiles in blocks of samples, long enough that one block says little about the next: how much of a difference between two captures
 * survives clustering in time (model.md section 7).
 */
import type { Random } from '../model/random.ts';
import type { Survivors } from './survivors.ts';

/** Equal parts of each lane's samples in sessions: kept samples of the selected keys, of all keys, and all samples. */
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

/** Parts over which a key's share is tracked, and the most blocks per lane. */
const PARTS = 1000;
const MOST_BLOCKS = 100;
/** Length of a block in autocorrelation times. */
const TIMES = 5;
/** Fewer blocks than this on a side can't be shuffled in enough ways. */
export const LEAST_BLOCKS = 10;

/** @param parts into which each lane is cut; a lane with fewer samples has one part per sample */
export function cutIntoBlocks(side: Survivors, selected: Uint32Array, parts: number): Blocks {
  const { reference: profile, losses } = side;
  const width = selected.length;
  const column = new Int32Array(profile.key.length).fill(-1);
  side.rowsOf(selected).forEach((row, j) => {
    if (row >= 0) column[row] = j;
  });
  const starts = [0];
  for (const { n } of profile.lanes) starts.push((starts.at(-1) ?? 0) + Math.min(parts, n));
  const count = starts.at(-1) ?? 0;
  const blocks = {
    keys: new Float64Array(count * width),
    kept: new Float64Array(count),
    reference: new Float64Array(count),
  };
  profile.lanes.forEach(({ n, rows }, l) => {
    const own = Math.min(parts, n);
    const ends = Float64Array.from({ length: own }, (_, block) => Math.ceil(((block + 1) * n) / own));
    /** Adds the samples of [from, to), which begin in `block` or later; returns the block in which they end. */
    const add = (from: number, to: number, block: number, by: 1 | -1): number => {
      while (ends[block] <= from) block++;
      for (let at = from; at < to; block++) {
        const until = Math.min(to, ends[block]);
        const b = starts[l] + block;
        blocks.kept[b] += by * (until - at);
        if (by > 0) blocks.reference[b] += until - at;
        if (width > 0) addKeys(rows, at, until, column, blocks.keys, b * width, by);
        if (until === to) return block;
        at = until;
      }
      return block;
    };
    if (n > 0) add(0, n, 0, 1);
    const runs = losses.runs[l];
    for (let r = 0, block = 0; r < runs.length; r += 2) block = add(runs[r], runs[r + 1], block, -1);
  });
  return { count, width, ...blocks, lanes: starts };
}

function addKeys(
  rows: Uint16Array | Uint32Array,
  from: number,
  to: number,
  column: Int32Array,
  keys: Float64Array,
  at: number,
  by: 1 | -1,
): void {
  for (let i = from; i < to; i++) {
    const j = column[rows[i]];
    if (j >= 0) keys[at + j] += by;
  }
}

/**
 * Blocks per lane for both profiles: 5 autocorrelation times of the slowest of the given keys, at least 1 % of the lane.
 * @param top the largest keys of both together
 */
export function blocksPerLane(a: Survivors, b: Survivors, top: Uint32Array): number {
  const slowest = Math.max(1, ...[a, b].flatMap((side) => autocorrelationTimes(cutIntoBlocks(side, top, PARTS))));
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

/** Reshuffles all blocks of both profiles, each keeping its number. Calls `visit` with each shuffle. */
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

/** 95 % interval of the difference in coverage: blocks drawn with replacement from each profile, or the same ones from both if `paired`. */
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
