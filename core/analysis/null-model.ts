/**
 * What losing as many samples at random would do to the shares: the null model of model.md section 7. Of N samples n are
 * kept, drawn without replacement, so the keys' counts are multivariate hypergeometric, exactly.
 */
import type { Random } from '../model/random.ts';
import { draw } from './hypergeometric.ts';
import { mean, quantile } from './numbers.ts';

export interface NullModel {
  /** Draws made: as many as asked for, fewer where keys and losses are so many that they would take long. */
  readonly draws: number;
  /** Mean TVD of the draws. */
  readonly mean: number;
  /** Their 95 % quantile. */
  readonly p95: number;
  /** Their share with a TVD of at least the observed one, the observed one itself counted in: never 0. */
  readonly pValue: number;
  /** Observed TVD minus the mean. */
  readonly excess: number;
  /** The draws in equal bins from the least to the largest; missing where there was nothing to draw. */
  readonly histogram?: Histogram;
}

export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

/** As many as tell the shape of a thousand draws. */
const BINS = 30;

/** Draws made at least, and keys or samples drawn at most for more than these: a few seconds. */
const DRAWS_AT_LEAST = 200;
const WORK = 5e7;

/**
 * @param counts the reference's samples per key
 * @param kept how many samples survived
 * @param tvd the observed total variation distance
 */
export function nullModel(counts: Uint32Array, kept: number, tvd: number, draws: number, random: Random): NullModel {
  const sorted = counts.filter((count) => count > 0).sort();
  const total = sorted.reduce((a, b) => a + b, 0);
  // Kept and lost mirror each other: draw the fewer.
  const drawn = Math.min(kept, total - kept);
  if (drawn === 0 || sorted.length < 2) return { draws, mean: 0, p95: 0, pValue: 1, excess: tvd };

  const byPicking = drawn < sorted.length / 2;
  const work = byPicking ? drawn : sorted.length / 2;
  const made = Math.min(draws, Math.max(DRAWS_AT_LEAST, Math.floor(WORK / work)));
  const next = byPicking ? sampleBySample(sorted, total, drawn, random) : keyByKey(sorted, total, drawn, random);
  const values = new Float64Array(made);
  for (let i = 0; i < made; i++) values[i] = next() / (2 * kept * total);
  return compare(values.sort(), tvd);
}

function compare(sorted: Float64Array, tvd: number): NullModel {
  // A draw that equals the observed value must count, whatever the last bit says.
  const limit = tvd * (1 - 1e-9);
  let reached = 0;
  for (const value of sorted) if (value >= limit) reached++;
  const average = mean(sorted);
  return {
    draws: sorted.length,
    mean: average,
    p95: quantile(sorted, 0.95),
    pValue: (reached + 1) / (sorted.length + 1),
    excess: tvd - average,
    histogram: histogram(sorted),
  };
}

/** @param sorted ascending, not empty */
export function histogram(sorted: Float64Array): Histogram {
  const [low, high] = [sorted[0], sorted.at(-1)!];
  const counts = new Array<number>(high > low ? BINS : 1).fill(0);
  for (const value of sorted) {
    const bin = high > low ? Math.floor(((value - low) / (high - low)) * BINS) : 0;
    counts[Math.min(bin, counts.length - 1)]++;
  }
  return { low, high, counts };
}

/**
 * One draw: the sum over keys of |x N - K m|, where x of a key's K samples are among the m drawn ones. Whole numbers; the same
 * whether the drawn ones are those kept or those lost. Over 2 n N it is the TVD.
 */
type Draw = () => number;

/** Sample by sample: for few samples on many keys. A key is picked by its share, and stands if the sample in it was not drawn yet. */
function sampleBySample(counts: Uint32Array, total: number, drawn: number, random: Random): Draw {
  const pick = aliasTable(counts, random);
  const taken = new Uint32Array(counts.length);
  const touched = new Uint32Array(drawn);
  return () => {
    let n = 0;
    for (let left = drawn; left > 0;) {
      const key = pick();
      const before = taken[key];
      if (before > 0 && random.uniform() * counts[key] < before) continue;
      if (before === 0) touched[n++] = key;
      taken[key] = before + 1;
      left--;
    }
    let sum = total * drawn;
    for (let i = 0; i < n; i++) {
      const key = touched[i];
      const expected = counts[key] * drawn;
      sum += Math.abs(taken[key] * total - expected) - expected;
      taken[key] = 0;
    }
    return sum;
  };
}

/** Keys with more samples than this are drawn one after the other; the binomial tables of all others are small. */
const LARGE = 512;

/**
 * Key by key: for many samples. The large keys each from the hypergeometric distribution, conditional on those before. The small
 * ones, often 10^5, from binomial tables: independent coins for the samples, given their sum, are a draw without
 * replacement. So the sum is then set right by drawing (or putting back) single samples, which keeps the distribution exact.
 */
function keyByKey(ascending: Uint32Array, total: number, drawn: number, random: Random): Draw {
  const firstLarge = ascending.findIndex((count) => count > LARGE);
  const small = firstLarge < 0 ? ascending : ascending.subarray(0, firstLarge);
  const population = small.reduce((a, b) => a + b, 0);
  // Any probability is right; a little below what is needed, since adding samples is quicker than putting them back.
  const wanted = (drawn / total) * population;
  const coin = population > 0 ? Math.max(0, wanted - 2 * Math.sqrt(wanted)) / population : 0;
  const tables = new Map<number, () => number>();
  for (const count of small) if (!tables.has(count)) tables.set(count, aliasTable(binomial(count, coin), random));
  const draws = Array.from(small, (count) => tables.get(count)!);
  const pick = aliasTable(small, random);
  const taken = new Uint32Array(small.length);

  return () => {
    let sum = 0;
    let rest = total;
    let left = drawn;
    for (let i = ascending.length - 1; i >= small.length; i--) {
      const count = ascending[i];
      const x = draw(random, count, rest, left);
      sum += Math.abs(x * total - count * drawn);
      rest -= count;
      left -= x;
    }
    for (let i = 0; i < small.length; i++) left -= taken[i] = draws[i]();
    while (left !== 0) {
      const key = pick();
      const already = random.uniform() * small[key] < taken[key];
      if (already === left > 0) continue;
      taken[key] += already ? -1 : 1;
      left += already ? 1 : -1;
    }
    for (let i = 0; i < small.length; i++) sum += Math.abs(taken[i] * total - small[i] * drawn);
    return sum;
  };
}

/** Probabilities of 0 … n successes. */
function binomial(n: number, p: number): Float64Array {
  const weights = new Float64Array(n + 1);
  const mode = Math.min(n, Math.floor((n + 1) * p));
  weights[mode] = 1;
  for (let k = mode; k < n; k++) weights[k + 1] = (weights[k] * (n - k) * p) / ((k + 1) * (1 - p));
  for (let k = mode; k > 0; k--) weights[k - 1] = (weights[k] * k * (1 - p)) / ((n - k + 1) * p);
  return weights;
}

/** Draws an index with probability in proportion to its weight, in constant time (Walker's alias method, Vose's construction). */
function aliasTable(weights: ArrayLike<number>, random: Random): () => number {
  const n = weights.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += weights[i];
  const alias = new Uint32Array(n);
  const share = Float64Array.from(weights, (weight) => (weight * n) / sum);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < n; i++) (share[i] < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    alias[less] = more;
    share[more] -= 1 - share[less];
    if (share[more] < 1) small.push(large.pop()!);
  }
  // What rounding left over is full.
  for (const i of small) share[i] = 1;
  return () => {
    const u = random.uniform() * n;
    const at = Math.floor(u);
    return u - at < share[at] ? at : alias[at];
  };
}
