/**
 * Whether it mattered where the blackouts fell, and which keys moved by it: one test and one set of intervals, from the same rotations of the
 * loss mask (rotation.ts), so that a bar, its star and its interval can't contradict each other (model.md section 7).
 */
import type { Rotations } from './rotation.ts';
import { nullDistribution, simultaneous } from './simultaneous.ts';
import type { Histogram } from './simultaneous.ts';

/** `told`: there is a p-value. `nothing lost` and `can't tell` (fewer than 5 episodes, or nothing to rotate) are results, too. */
export const causeWords = ['told', 'nothing lost', "can't tell"] as const;
export type CauseWord = (typeof causeWords)[number];

export interface Cause {
  readonly word: CauseWord;
  /** Maximal runs of lost samples in the lanes' orders. */
  readonly episodes: number;
  /** Coverage of each lane; null for a lane without samples. */
  readonly lanes: readonly (number | null)[];
  /** TVD that the lanes' unequal coverage alone makes. */
  readonly lanesTvd: number;
  /** Rotations; what follows is of the TVD under them, and absent unless `told`. */
  readonly rotations: number;
  readonly mean?: number;
  readonly p95?: number;
  /** (1 + rotations with at least the observed TVD) / (rotations + 1). */
  readonly pValue?: number;
  /** Observed TVD less `mean`. */
  readonly excess?: number;
  readonly histogram?: Histogram;
}

/** Per key. NaN where a key gets none. */
export interface KeyEffects {
  /** Of the key alone, two-sided: twice the smaller of (1 + rotations that lose at least, or at most, as many of it) / (rotations + 1). */
  readonly pValue: Float64Array;
  /** For all keys together (the largest of the rotation's standardised moves). */
  readonly adjusted: Float64Array;
  /** Ends of the 95 % interval of q - p for all keys together. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Fewer losses than this have no pattern to speak of. */
export const LEAST_EPISODES = 5;
/** A key gets a star and an interval if so many of the samples on the smaller side are expected to be its. */
const EXPECTED = 5;
/** Counts kept between the two passes; beyond it the rotations are made twice. */
const KEPT_COUNTS = 1 << 24;

/**
 * @param reference samples of each key in the reference; the keys' indexes are the rotations'
 * @param lost lost samples of each key
 * @param keptCounts counts that may be kept between the two passes over the rotations
 */
export function cause(
  rotations: Rotations,
  reference: Uint32Array,
  lost: Uint32Array,
  keptCounts = KEPT_COUNTS,
): { cause: Cause; keys: KeyEffects } {
  const { total: N, episodes, count: B } = rotations;
  const n = N - rotations.lost;
  const keys = reference.length;
  const none = (): Float64Array => new Float64Array(keys).fill(NaN);
  const effects = { pValue: none(), adjusted: none(), low: none(), high: none() };
  const lanes = rotations.coverage.map((c) => (Number.isNaN(c) ? null : c));
  const lanesTvd = rotations.byLanes.reduce((sum, m) => sum + Math.abs(m), 0) / 2;
  const facts = { episodes, lanes, lanesTvd };
  if (rotations.lost === 0) return { cause: { word: 'nothing lost', ...facts, rotations: 0 }, keys: effects };
  if (episodes < LEAST_EPISODES || n === 0 || B === 0)
    return { cause: { word: "can't tell", ...facts, rotations: 0 }, keys: effects };

  const eligible = Uint32Array.from(
    Array.from(reference, (_, k) => k).filter((k) => reference[k] * Math.min(n, N - n) >= EXPECTED * N),
  );
  const stored = eligible.length * B <= keptCounts ? new Uint32Array(eligible.length * B) : undefined;
  const counts = new Uint32Array(keys);
  const gone = N - n;
  /** TVD times 2·n·N: whole, so that equal ones compare equal. */
  const distance = (of: Uint32Array): number => {
    let sum = 0;
    for (let k = 0; k < keys; k++) sum += Math.abs(gone * reference[k] - N * of[k]);
    return sum;
  };
  const observed = distance(lost);
  const distances = new Float64Array(B);
  const squares = new Float64Array(eligible.length);
  const atLeast = new Uint32Array(keys);
  const atMost = new Uint32Array(keys);
  /** Move of a key from where its lanes' coverage puts it, q - p - m. */
  const move = (k: number, of: number): number => (reference[k] - of) / n - reference[k] / N - rotations.byLanes[k];
  const difference = (k: number): number => (reference[k] - lost[k]) / n - reference[k] / N;
  for (let j = 1; j <= B; j++) {
    rotations.lostUnder(j, counts);
    distances[j - 1] = distance(counts);
    for (let k = 0; k < keys; k++) {
      if (counts[k] >= lost[k]) atLeast[k]++;
      if (counts[k] <= lost[k]) atMost[k]++;
    }
    const at = (j - 1) * eligible.length;
    for (let e = 0; e < eligible.length; e++) {
      const k = eligible[e];
      squares[e] += move(k, counts[k]) ** 2;
      if (stored) stored[at + e] = counts[k];
    }
  }
  for (let k = 0; k < keys; k++) effects.pValue[k] = Math.min(1, (2 * (1 + Math.min(atLeast[k], atMost[k]))) / (B + 1));
  const sigma = squares.map((sum) => Math.sqrt(sum / B));
  let made = stored ? B : 0;
  const moveOf = (j: number, e: number): number => {
    if (stored) return move(eligible[e], stored[j * eligible.length + e]);
    if (made !== j + 1) rotations.lostUnder((made = j + 1), counts);
    return move(eligible[e], counts[eligible[e]]);
  };
  const observedMoves = Float64Array.from(eligible, difference);
  const { adjusted, half } = simultaneous(B, moveOf, sigma, observedMoves);
  eligible.forEach((k, e) => {
    effects.adjusted[k] = adjusted[e];
    effects.low[k] = observedMoves[e] - half[e];
    effects.high[k] = observedMoves[e] + half[e];
  });
  return {
    cause: { word: 'told', ...facts, rotations: B, ...nullDistribution(distances, observed, 2 * n * N) },
    keys: effects,
  };
}
