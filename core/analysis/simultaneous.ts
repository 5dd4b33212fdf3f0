/**
 * Many keys, one test: a key's move is compared with the largest standardised move of any key under the null, so that stars and intervals
 * hold for all keys together and can't contradict each other (Westfall and Young 1993; model.md section 7).
 */
import type { NullDistribution } from '../model/terms/skew.ts';
import { firstAtLeast } from '../model/terms/search.ts';

export type { NullDistribution } from '../model/terms/skew.ts';

const LEVEL = 0.95;
/** Values that differ by rounding alone are equal. */
const TIE = 1e-13;

export interface Simultaneous {
  /** (1 + draws whose largest move is at least this key's) / (draws + 1); NaN for a key that no draw moves. */
  readonly adjusted: Float64Array;
  /** Half of the 95 % interval for all keys together; NaN likewise. */
  readonly half: Float64Array;
}

/**
 * @param draws draws of the null, numbered from 0
 * @param moveOf what draw j moves key e by; called draw by draw
 * @param sigma root mean square of each key's moves
 * @param observed the keys' own moves
 */
export function simultaneous(
  draws: number,
  moveOf: (j: number, e: number) => number,
  sigma: Float64Array,
  observed: Float64Array,
): Simultaneous {
  const largest = new Float64Array(draws);
  for (let j = 0; j < draws; j++) {
    for (let e = 0; e < sigma.length; e++) {
      if (sigma[e] > 0) largest[j] = Math.max(largest[j], Math.abs(moveOf(j, e)) / sigma[e]);
    }
  }
  const ascending = largest.sort();
  const c = ascending[Math.min(draws, Math.ceil(LEVEL * (draws + 1))) - 1];
  const moved = sigma.map((s, e) => Math.abs(observed[e]) / s);
  return {
    adjusted: moved.map((m, e) => (sigma[e] > 0 ? (1 + draws - firstAtLeast(ascending, m - TIE)) / (draws + 1) : NaN)),
    half: sigma.map((s) => (s > 0 ? c * s : NaN)),
  };
}

const BINS = 40;

/** @param scale divisor of the distances; comparisons are made before dividing, when equal ones are bit-identical */
export function nullDistribution(distances: Float64Array, observed: number, scale = 1): NullDistribution {
  const draws = distances.length;
  const ascending = Float64Array.from(distances).sort();
  const mean = distances.reduce((sum, d) => sum + d, 0) / draws / scale;
  const [low, high] = [ascending[0] / scale, ascending[draws - 1] / scale];
  const counts = new Array<number>(BINS).fill(0);
  const width = (high - low) / BINS || 1;
  for (const d of ascending) counts[Math.min(BINS - 1, Math.floor((d / scale - low) / width))]++;
  return {
    mean,
    p95: ascending[Math.ceil(LEVEL * draws) - 1] / scale,
    pValue: (1 + draws - firstAtLeast(ascending, observed)) / (draws + 1),
    excess: observed / scale - mean,
    histogram: { low, high, counts },
  };
}
