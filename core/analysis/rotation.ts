/**
 * Did it matter *where* the blackouts fell? The losses keep their lengths and distances and are moved over each lane's samples by fixed
 * fractions of it: what the same blackouts would have done at other moments (model.md section 7). Nothing is random, so results are exact.
 */
import { Reference } from './reference.ts';
import type { Losses, Profile, ReferenceInput, ReferenceLane } from './reference.ts';

/** Most and fewest rotations, and the budget for B rotations of the smaller side, in samples. */
const MOST = 999;
const LEAST = 199;
const BUDGET = 1e8;
/** Golden ratio's fraction: its multiples fill (0, 1) evenly however many are used. */
const STEP = 0.6180339887498949;
/** Samples between two rows of running totals. */
const ROW = 512;
/** Cost of a running total, in samples added up: memory written once and hardly read. */
const MAKING = 4;
/** Maximum bytes for the running totals of all lanes. */
const TOTALS_BYTES = 32 << 20;

interface MovedLane extends Omit<ReferenceLane, 'totals'> {
  /** [start, end) pairs of the runs that are moved: the lost ones, or the kept ones if these are fewer samples. */
  readonly runs: Uint32Array;
  /** Running totals of each row before sample ROW * r; undefined if they don't pay off or are too large. */
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
  /** Samples lost per lane. */
  readonly byLane: readonly number[];
  /** What is rotated: counts are by its rows. */
  readonly reference: Reference;
  readonly #lanes: readonly MovedLane[];
  readonly #movesKept: boolean;
  /** The j-th fraction is j / #divisor if the lanes are short enough to use every rotation, else frac(j * STEP). */
  readonly #divisor: number | undefined;

  constructor(reference: Reference, losses: Losses) {
    const { total, lanes } = reference;
    const { lost, byLane } = losses;
    this.total = total;
    this.lost = lost;
    this.episodes = losses.episodes;
    this.coverage = lanes.map(({ n }, l) => (n ? (n - byLane[l]) / n : NaN));
    this.#movesKept = total - lost < lost;
    this.reference = reference;
    this.byLane = byLane;
    const longest = Math.max(0, ...lanes.map(({ n }) => n));
    this.#divisor = longest - 1 <= MOST ? longest : undefined;
    const moved = Math.max(1, Math.min(lost, total - lost));
    this.count =
      this.#divisor === undefined
        ? Math.max(LEAST, Math.min(MOST, Math.floor(BUDGET / moved)))
        : Math.max(0, longest - 1);
    const budget = TOTALS_BYTES / (lanes.length || 1);
    this.#lanes = lanes.map((lane, l) => {
      const runs = this.#movesKept ? between(losses.runs[l], lane.n) : losses.runs[l];
      return { ...lane, runs, totals: runningTotals(lane, runs, budget, this.count) };
    });
  }

  /** Of a single outcome; rows are the keys by their numbers. */
  static of(lanes: readonly (ReferenceInput & { readonly fates: Uint8Array })[], keyCount: number): Rotations {
    const reference = new Reference(lanes, keyCount, 1, true);
    return new Rotations(reference, reference.losses(lanes.map(({ fates }) => fates)));
  }

  /**
   * Counts the lost samples of each row under rotation `j`, from 1.
   * @param counts one element per row, overwritten
   */
  lostUnder(j: number, counts: Uint32Array): void {
    counts.fill(0);
    const u = this.#divisor === undefined ? (j * STEP) % 1 : j / this.#divisor;
    for (const lane of this.#lanes) {
      if (lane.n > 0) addRuns(lane, Math.floor(u * lane.n + 0.5) % lane.n, counts);
    }
    if (!this.#movesKept) return;
    const { counts: all } = this.reference;
    for (let k = 0; k < counts.length; k++) counts[k] = all[k] - counts[k];
  }
}

/** Per row of a profile: the effect of the lanes' coverage alone on its share (q - p). */
export function movesByLanes({ counts, own, samples, total }: Profile, byLane: readonly number[]): Float64Array {
  const moves = new Float64Array(counts.length);
  const lost = byLane.reduce((a, b) => a + b, 0);
  samples.lanes.forEach(({ n }, l) => {
    for (let k = 0; n > 0 && k < own[l].length; k++) moves[k] += ((n - byLane[l]) * own[l][k]) / n;
  });
  return moves.map((sum, k) => (total > lost ? sum / (total - lost) - counts[k] / total : 0));
}

/** The runs between these. */
function between(runs: Uint32Array, n: number): Uint32Array {
  const ends = [0, ...runs, n];
  const out: number[] = [];
  for (let i = 0; i < ends.length; i += 2) if (ends[i + 1] > ends[i]) out.push(ends[i], ends[i + 1]);
  return Uint32Array.from(out);
}

/** Built where they save more than half of the additions, their own included. @param count rotations */
function runningTotals(
  { rows, own, totals: known }: ReferenceLane,
  runs: Uint32Array,
  budget: number,
  count: number,
): Uint32Array | undefined {
  const width = own.length;
  const marks = Math.floor(rows.length / ROW) + 1;
  if (4 * marks * width > budget) return undefined;
  let [each, looked] = [0, 0];
  for (let r = 0; r < runs.length; r += 2) {
    const length = runs[r + 1] - runs[r];
    each += length;
    looked += length < 2 * ROW + width ? length : ROW + width;
  }
  const making = known.marks ? 0 : MAKING * marks * width;
  if (count * each < 2 * (count * looked + making)) return undefined;
  if (known.marks) return known.marks;
  const totals = new Uint32Array(marks * width);
  for (let mark = 1; mark < marks; mark++) {
    const to = mark * width;
    totals.copyWithin(to, to - width, to);
    for (let i = (mark - 1) * ROW; i < mark * ROW; i++) totals[to + rows[i]]++;
  }
  known.marks = totals;
  return totals;
}

/** Adds the rows of a lane's runs, moved by `by` samples around its end. */
function addRuns(lane: MovedLane, by: number, counts: Uint32Array): void {
  const { runs, n } = lane;
  for (let r = 0; r < runs.length; r += 2) {
    const from = runs[r] + by;
    const to = runs[r + 1] + by;
    if (from >= n) addRun(lane, from - n, to - n, counts);
    else if (to <= n) addRun(lane, from, to, counts);
    else {
      addRun(lane, from, n, counts);
      addRun(lane, 0, to - n, counts);
    }
  }
}

function addRun({ rows, totals }: MovedLane, start: number, end: number, counts: Uint32Array): void {
  const width = counts.length;
  let to = end;
  if (totals && end - start >= 2 * ROW + width) {
    const first = Math.ceil(start / ROW);
    const last = Math.floor(end / ROW);
    for (let k = 0; k < width; k++) counts[k] += totals[last * width + k] - totals[first * width + k];
    for (let i = last * ROW; i < end; i++) counts[rows[i]]++;
    to = first * ROW;
  }
  for (let i = start; i < to; i++) counts[rows[i]]++;
}
