/**
 * Whether it mattered where the blackouts fell, and which keys moved because of it: one test and one set of intervals, from the same
 * rotations of the loss mask (rotation.ts), so that a bar, its star and its interval can't contradict each other (model.md section 7).
 */
import type { Profile } from './reference.ts';
import { movesByLanes } from './rotation.ts';
import type { Rotations } from './rotation.ts';
import { nullDistribution, simultaneous } from './simultaneous.ts';
import type { NullDistribution } from './simultaneous.ts';
import type { Cause } from '../model/terms/skew.ts';

export type { Cause } from '../model/terms/skew.ts';

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
/** A key gets a star and an interval if at least this many samples of the smaller side are expected to be its own. */
const EXPECTED = 5;
/** Maximum counts kept between the two passes; beyond it rotations are computed twice. */
const KEPT_COUNTS = 1 << 24;

/** A way of counting the rotated samples. */
export interface Counted {
  readonly profile: Profile;
  /** Lost samples of each of its rows. */
  readonly lost: Uint32Array;
}

/**
 * @param lost lost samples of each row of what is rotated
 * @param keptCounts counts that may be kept between the two passes over the rotations
 */
export function cause(rotations: Rotations, lost: Uint32Array, keptCounts = KEPT_COUNTS): Found {
  return causes(rotations, [{ profile: rotations.reference, lost }], keptCounts)[0];
}

interface Found {
  readonly cause: Cause;
  readonly keys: KeyEffects;
}

/**
 * As `cause`, for several ways of counting at once: every rotation is computed once. @param counted their samples are those of the
 * rotations
 */
export function causes(rotations: Rotations, counted: readonly Counted[], keptCounts = KEPT_COUNTS): Found[] {
  const { total, lost, episodes, count: B } = rotations;
  const lanes = rotations.coverage.map((c) => (Number.isNaN(c) ? null : c));
  const moves = counted.map(({ profile }) => movesByLanes(profile, rotations.byLane));
  const facts = moves.map((own) => ({ episodes, lanes, lanesTvd: own.reduce((sum, m) => sum + Math.abs(m), 0) / 2 }));
  if (lost === 0 || episodes < LEAST_EPISODES || lost === total || B === 0) {
    const word = lost === 0 ? 'nothing lost' : "can't tell";
    return counted.map(({ profile }, i) => ({
      cause: { word, ...facts[i], rotations: 0 },
      keys: noEffects(profile.counts.length),
    }));
  }
  const tallies = counted.map((one, i) => new Tally(rotations, one, moves[i], keptCounts / counted.length));
  const counts = new Uint32Array(rotations.reference.counts.length);
  for (let j = 1; j <= B; j++) {
    rotations.lostUnder(j, counts);
    for (const tally of tallies) tally.add(j, counts);
  }
  return tallies.map((tally, i) => {
    const { chance, keys } = tally.result(counts);
    return { cause: { word: 'told', ...facts[i], rotations: B, ...chance }, keys };
  });
}

function noEffects(keys: number): KeyEffects {
  const none = (): Float64Array => new Float64Array(keys).fill(NaN);
  return { pValue: none(), adjusted: none(), low: none(), high: none() };
}

/** The rotations' effect on one way of counting. */
class Tally {
  readonly #rotations: Rotations;
  readonly #reference: Uint32Array;
  readonly #lost: Uint32Array;
  readonly #byLanes: Float64Array;
  readonly #fold: Uint32Array | undefined;
  /** Rows that get a star and an interval. */
  readonly #eligible: Uint32Array;
  /** Their counts under each rotation, if kept. */
  readonly #stored: Uint32Array | undefined;
  readonly #counts: Uint32Array;
  readonly #distances: Float64Array;
  readonly #squares: Float64Array;
  readonly #atLeast: Int32Array;
  readonly #atMost: Int32Array;

  constructor(rotations: Rotations, { profile, lost }: Counted, byLanes: Float64Array, keptCounts: number) {
    const { total: N, count: B } = rotations;
    const smaller = Math.min(rotations.lost, N - rotations.lost);
    const { counts: reference } = profile;
    this.#rotations = rotations;
    this.#reference = reference;
    this.#lost = lost;
    this.#byLanes = byLanes;
    this.#fold = profile.fold;
    this.#eligible = Uint32Array.from(reference.keys()).filter((k) => reference[k] * smaller >= EXPECTED * N);
    const { length } = this.#eligible;
    this.#stored = length * B <= keptCounts ? new Uint32Array(length * B) : undefined;
    this.#counts = new Uint32Array(reference.length);
    this.#distances = new Float64Array(B);
    this.#squares = new Float64Array(length);
    this.#atLeast = new Int32Array(reference.length);
    this.#atMost = new Int32Array(reference.length);
  }

  /** @param fine lost samples by the rotations' rows under rotation `j`, from 1 */
  add(j: number, fine: Uint32Array): void {
    const counts = this.#own(fine);
    this.#distances[j - 1] = this.#distance(counts);
    compareWith(counts, this.#lost, this.#atLeast, this.#atMost);
    const eligible = this.#eligible;
    const stored = this.#stored;
    const at = (j - 1) * eligible.length;
    for (let e = 0; e < eligible.length; e++) {
      const k = eligible[e];
      this.#squares[e] += this.#move(k, counts[k]) ** 2;
      if (stored) stored[at + e] = counts[k];
    }
  }

  /** @param scratch one element per row of the rotations */
  result(scratch: Uint32Array): { chance: NullDistribution; keys: KeyEffects } {
    const { total: N, count: B } = this.#rotations;
    const n = N - this.#rotations.lost;
    const [eligible, stored] = [this.#eligible, this.#stored];
    const keys = noEffects(this.#reference.length);
    for (let k = 0; k < keys.pValue.length; k++)
      keys.pValue[k] = Math.min(1, (2 * (1 + Math.min(this.#atLeast[k], this.#atMost[k]))) / (B + 1));
    const sigma = this.#squares.map((sum) => Math.sqrt(sum / B));
    let made = 0;
    let counts = this.#counts;
    const moveOf = (j: number, e: number): number => {
      if (stored) return this.#move(eligible[e], stored[j * eligible.length + e]);
      if (made !== j + 1) {
        this.#rotations.lostUnder((made = j + 1), scratch);
        counts = this.#own(scratch);
      }
      return this.#move(eligible[e], counts[eligible[e]]);
    };
    const difference = (k: number): number => (this.#reference[k] - this.#lost[k]) / n - this.#reference[k] / N;
    const observed = Float64Array.from(eligible, difference);
    const { adjusted, half } = simultaneous(B, moveOf, sigma, observed);
    eligible.forEach((k, e) => {
      keys.adjusted[k] = adjusted[e];
      keys.low[k] = observed[e] - half[e];
      keys.high[k] = observed[e] + half[e];
    });
    return { chance: nullDistribution(this.#distances, this.#distance(this.#lost), 2 * n * N), keys };
  }

  #own(fine: Uint32Array): Uint32Array {
    if (!this.#fold) return fine;
    this.#counts.fill(0);
    const [out, fold] = [this.#counts, this.#fold];
    for (let row = 0; row < fold.length; row++) out[fold[row]] += fine[row];
    return out;
  }

  /** TVD times 2·n·N: a whole number, so that equal ones compare equal. */
  #distance(of: Uint32Array): number {
    const { lost: gone, total: N } = this.#rotations;
    const reference = this.#reference;
    let sum = 0;
    for (let k = 0; k < reference.length; k++) sum += Math.abs(gone * reference[k] - N * of[k]);
    return sum;
  }

  /** Move of a key from where its lanes' coverage puts it, q - p - m. */
  #move(k: number, of: number): number {
    const { total: N, lost } = this.#rotations;
    return (this.#reference[k] - of) / (N - lost) - this.#reference[k] / N - this.#byLanes[k];
  }
}

/** Counts where `counts` is at least, and at most, what was lost: by signs, since branches here are unpredictable. */
function compareWith(counts: Uint32Array, lost: Uint32Array, atLeast: Int32Array, atMost: Int32Array): void {
  for (let k = 0; k < counts.length; k++) {
    const more = (counts[k] - lost[k]) | 0;
    atLeast[k] += 1 + (more >> 31);
    atMost[k] += 1 + (-more >> 31);
  }
}
