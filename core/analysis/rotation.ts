/**
 * Did it matter *where* the blackouts fell? The losses are kept as they are, in their lengths and distances, and moved over each lane's samples
 * by fixed fractions of it: what the same blackouts would have done at other moments (model.md section 7). Nothing is drawn, so results are exact.
 */
import { KEPT, OUTSIDE } from '../model/outcome.ts';

export interface KeyedFates {
  /** Per sample: the key's index. */
  readonly keys: ArrayLike<number>;
  /** Per sample: KEPT, OUTSIDE, or lost. */
  readonly fates: Uint8Array;
}

/** Rotations at most and at least, and what B rotations of the smaller side may cost, in samples. */
const MOST = 999;
const LEAST = 199;
const BUDGET = 1e8;
/** Golden ratio's fraction: its multiples fill (0, 1) evenly however many are taken. */
const STEP = 0.6180339887498949;
/** Samples between two rows of running totals. */
const ROW = 512;
/** Bytes that running totals may take, per lane. */
const TOTALS_BYTES = 32 << 20;

/** One lane's samples in sessions, in order. */
interface Lane {
  readonly n: number;
  /** Keys twice in a row, so that a moved run needs no wrap-around. */
  readonly doubled: Uint32Array | Uint16Array;
  /** [start, end) pairs of the runs that are moved: the lost ones, or the kept ones if these are fewer samples. */
  readonly runs: Uint32Array;
  /** Running totals of each key before sample ROW * r of `doubled`; undefined where they would be too large to pay. */
  readonly totals: Uint32Array | undefined;
}

export class Rotations {
  /** Samples of the reference and of these lost. */
  readonly total: number;
  readonly lost: number;
  /** Maximal runs of lost samples in the lanes' orders. */
  readonly episodes: number;
  /** Rotations. */
  readonly count: number;
  /** Kept samples per lane, over its samples in sessions; NaN for a lane without any. */
  readonly coverage: readonly number[];
  /** Per key: what each lane's coverage alone does to its share (q - p). */
  readonly byLanes: Float64Array;
  readonly #keyCount: number;
  readonly #lanes: readonly Lane[];
  readonly #movesKept: boolean;
  /** The j-th fraction is j / #divisor if the lanes are so short that every rotation is taken, else frac(j * STEP). */
  readonly #divisor: number | undefined;
  readonly #reference: Float64Array;

  constructor(lanes: readonly KeyedFates[], keyCount: number) {
    this.#keyCount = keyCount;
    let total = 0;
    let lost = 0;
    let episodes = 0;
    const counted = lanes.map(({ fates }) => {
      let n = 0;
      let gone = 0;
      let inLoss = false;
      for (const fate of fates) {
        if (fate === OUTSIDE) continue;
        n++;
        const isLost = fate !== KEPT;
        if (isLost) gone++;
        if (isLost && !inLoss) episodes++;
        inLoss = isLost;
      }
      total += n;
      lost += gone;
      return { n, gone };
    });
    this.total = total;
    this.lost = lost;
    this.episodes = episodes;
    this.coverage = counted.map(({ n, gone }) => (n ? (n - gone) / n : NaN));
    this.#movesKept = total - lost < lost;
    const longest = Math.max(0, ...counted.map(({ n }) => n));
    this.#divisor = longest - 1 <= MOST ? longest : undefined;
    const moved = Math.max(1, Math.min(lost, total - lost));
    this.count =
      this.#divisor === undefined
        ? Math.max(LEAST, Math.min(MOST, Math.floor(BUDGET / moved)))
        : Math.max(0, longest - 1);
    this.#reference = new Float64Array(keyCount);
    this.byLanes = new Float64Array(keyCount);
    this.#lanes = lanes.map((lane, l) => this.#prepare(lane, counted[l].n, counted[l].gone));
    for (let k = 0; k < keyCount; k++) {
      this.byLanes[k] = total > lost ? this.byLanes[k] / (total - lost) - this.#reference[k] / total : 0;
    }
  }

  #prepare({ keys, fates }: KeyedFates, n: number, gone: number): Lane {
    const doubled = this.#keyCount <= 65536 ? new Uint16Array(2 * n) : new Uint32Array(2 * n);
    const runs: number[] = [];
    const own = new Float64Array(this.#keyCount);
    let at = 0;
    let open = false;
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      const moves = (fates[i] === KEPT) === this.#movesKept;
      if (moves !== open) runs.push(at);
      open = moves;
      doubled[at] = doubled[at + n] = keys[i];
      own[keys[i]]++;
      at++;
    }
    if (open) runs.push(n);
    for (let k = 0; k < own.length; k++) {
      this.#reference[k] += own[k];
      if (n) this.byLanes[k] += ((n - gone) * own[k]) / n;
    }
    return { n, doubled, runs: Uint32Array.from(runs), totals: this.#totals(doubled, runs) };
  }

  /** Pays where runs are longer than what looking up their totals costs. */
  #totals(doubled: Uint32Array | Uint16Array, runs: readonly number[]): Uint32Array | undefined {
    const keyCount = this.#keyCount;
    const rows = Math.floor(doubled.length / ROW) + 1;
    let longest = 0;
    for (let r = 0; r < runs.length; r += 2) longest = Math.max(longest, runs[r + 1] - runs[r]);
    if (longest < 2 * ROW + keyCount || rows * keyCount * 4 > TOTALS_BYTES) return undefined;
    const totals = new Uint32Array(rows * keyCount);
    for (let row = 1; row < rows; row++) {
      const to = row * keyCount;
      totals.copyWithin(to, to - keyCount, to);
      for (let i = (row - 1) * ROW; i < row * ROW; i++) totals[to + doubled[i]]++;
    }
    return totals;
  }

  /**
   * Counts the lost samples of each key under rotation `j`, from 1.
   * @param counts a place a key, overwritten
   */
  lostUnder(j: number, counts: Float64Array | Uint32Array): void {
    counts.fill(0);
    const u = this.#divisor === undefined ? (j * STEP) % 1 : j / this.#divisor;
    for (const lane of this.#lanes) {
      if (lane.n > 0) addRuns(lane, Math.floor(u * lane.n + 0.5) % lane.n, counts);
    }
    if (!this.#movesKept) return;
    for (let k = 0; k < counts.length; k++) counts[k] = this.#reference[k] - counts[k];
  }
}

/** Adds the keys of a lane's runs, moved by `by` samples. */
function addRuns({ doubled, runs, totals }: Lane, by: number, counts: Float64Array | Uint32Array): void {
  const keyCount = counts.length;
  for (let r = 0; r < runs.length; r += 2) {
    let from = runs[r] + by;
    let to = runs[r + 1] + by;
    if (totals && to - from >= 2 * ROW + keyCount) {
      const first = Math.ceil(from / ROW);
      const last = Math.floor(to / ROW);
      for (let k = 0; k < keyCount; k++) counts[k] += totals[last * keyCount + k] - totals[first * keyCount + k];
      for (let i = last * ROW; i < to; i++) counts[doubled[i]]++;
      to = first * ROW;
    }
    for (; from < to; from++) counts[doubled[from]]++;
  }
}
