/** Two profiles block of time by block of time: what clustering in time leaves of their difference. */
import type { Random } from '../model/random.ts';
import { histogram } from './null-model.ts';
import type { Histogram } from './null-model.ts';
import { mean, quantile } from './numbers.ts';
import type { OverTime } from './over-time.ts';

/** Both profiles in blocks of time, of the keys told one by one. */
export interface Sides {
  readonly a: OverTime;
  readonly b: OverTime;
  readonly paired: boolean;
}

/** Samples of some blocks: the kept ones of the selected keys, all kept ones, and with those lost. */
interface Tally {
  readonly keys: Float64Array;
  all: number;
  reference: number;
}

function addBlock(tally: Tally, { keyKept, kept, reference, selected }: OverTime, block: number): void {
  const width = selected.length;
  for (let j = 0; j < width; j++) tally.keys[j]! += keyKept[block * width + j]!;
  tally.all += kept[block]!;
  tally.reference += reference[block]!;
}

function newTally({ selected }: OverTime): Tally {
  return { keys: new Float64Array(selected.length), all: 0, reference: 0 };
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 95 % intervals of share differences and of the coverage's: blocks drawn with replacement, of either profile or of both at once. */
export function differenceIntervals(
  { a, b, paired }: Sides,
  draws: number,
  random: Random,
): { low: Float64Array; high: Float64Array; coverage: Interval } {
  const width = a.selected.length;
  const columns = Array.from({ length: width }, () => new Float64Array(draws));
  const coverage = new Float64Array(draws);
  let made = 0;
  for (let i = 0; i < draws; i++) {
    const [x, y] = [newTally(a), newTally(b)];
    for (let k = 0; k < a.bins; k++) {
      const block = random.below(a.bins);
      addBlock(x, a, block);
      addBlock(y, b, paired ? block : random.below(b.bins));
    }
    if (x.all === 0 || y.all === 0) continue;
    for (let j = 0; j < width; j++) columns[j]![made] = x.keys[j]! / x.all - y.keys[j]! / y.all;
    coverage[made] = x.all / x.reference - y.all / y.reference;
    made++;
  }
  const sorted = columns.map((column) => column.subarray(0, made).sort());
  const covered = coverage.subarray(0, made).sort();
  return {
    low: Float64Array.from(sorted, (column) => quantile(column, 0.025)),
    high: Float64Array.from(sorted, (column) => quantile(column, 0.975)),
    coverage: { low: quantile(covered, 0.025), high: quantile(covered, 0.975) },
  };
}

export interface Permutation {
  readonly pValue: number;
  readonly mean: number;
  readonly p95: number;
  /** Of each selected key by itself. */
  readonly keys: Float64Array;
  readonly histogram: Histogram;
}

/**
 * Share of random deals that differ as much as the profiles do: of all non-empty blocks as many to each profile as it has; paired,
 * each block's two outcomes swapped or not.
 */
export function blockPermutation(sides: Sides, draws: number, random: Random): Permutation {
  const { a, b } = sides;
  const width = a.selected.length;
  const deal = sides.paired ? swapping(sides, random) : dealing(sides, random);
  const differences = new Float64Array(width);
  const differing = (shuffle: boolean): number => {
    const [x, y] = [newTally(a), newTally(b)];
    deal(x, y, shuffle);
    let sum = 0;
    let rest = 0;
    for (let j = 0; j < width; j++) {
      const d = x.all > 0 && y.all > 0 ? x.keys[j]! / x.all - y.keys[j]! / y.all : 0;
      differences[j] = Math.abs(d);
      sum += Math.abs(d);
      rest -= d;
    }
    return (sum + Math.abs(rest)) / 2;
  };
  // A deal that equals what was observed must count, whatever the last bit says.
  const limit = differing(false) * (1 - 1e-9);
  const limits = differences.map((d) => d * (1 - 1e-9));
  const values = new Float64Array(draws);
  const reached = new Float64Array(width).fill(1);
  for (let i = 0; i < draws; i++) {
    values[i] = differing(true);
    for (let j = 0; j < width; j++) if (differences[j]! >= limits[j]!) reached[j]!++;
  }
  const all = values.reduce((n, value) => n + (value >= limit ? 1 : 0), 1);
  return {
    pValue: all / (draws + 1),
    mean: mean(values),
    p95: quantile(values.sort(), 0.95),
    histogram: histogram(values),
    keys: reached.map((n) => n / (draws + 1)),
  };
}

/** Adds all blocks to the two tallies, as observed or anew. */
type Deal = (x: Tally, y: Tally, anew: boolean) => void;

function dealing({ a, b }: Sides, random: Random): Deal {
  const blocks = [a, b].flatMap((time) =>
    Array.from({ length: time.bins }, (_, block) => ({ time, block })).filter(({ block }) => time.kept[block]! > 0),
  );
  const ofA = blocks.filter(({ time }) => time === a).length;
  return (x, y, anew) => {
    for (let k = blocks.length - 1; anew && k > 0; k--) {
      const other = random.below(k + 1);
      [blocks[k], blocks[other]] = [blocks[other]!, blocks[k]!];
    }
    blocks.forEach(({ time, block }, i) => addBlock(i < ofA ? x : y, time, block));
  };
}

function swapping({ a, b }: Sides, random: Random): Deal {
  return (x, y, anew) => {
    for (let block = 0; block < a.bins; block++) {
      const swap = anew && random.below(2) === 1;
      addBlock(swap ? y : x, a, block);
      addBlock(swap ? x : y, b, block);
    }
  };
}
