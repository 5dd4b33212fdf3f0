/**
 * The reference profile by one key function, prepared once for all outcomes: skew then needs only an outcome's runs of lost samples, not
 * all samples.
 */
import { lostRuns, sessionsIn } from './loss-runs.ts';
import type { OverTime } from './over-time.ts';
import { order } from './ranks.ts';

export interface ReferenceInput {
  /** ns, ascending. Without times there is nothing over time. */
  readonly t?: Float64Array;
  /** Per sample: the key's index. */
  readonly keys: ArrayLike<number>;
  /** Which samples are outside sessions; other fates don't count here. Absent if the caller says what is inside. */
  readonly fates?: Uint8Array;
}

/** One lane's samples in sessions, in order. */
export interface ReferenceLane {
  readonly n: number;
  /** Row of each sample's key. */
  readonly rows: Uint16Array | Uint32Array;
  /** Time bin of each sample. */
  readonly bin: Uint8Array;
  /** Samples of each row. */
  readonly own: Uint32Array;
  /** Where the samples lie among all the lane's samples: [start, end) pairs. */
  readonly inside: Uint32Array;
  /** Running totals, built on first use. */
  readonly totals: { marks?: Uint32Array };
}

/** An outcome's losses. */
export interface Losses {
  /** Per lane: [start, end) pairs of the maximal runs, by the place among the samples in sessions. */
  readonly runs: readonly Uint32Array[];
  /** Samples lost per lane, and of each row. */
  readonly byLane: readonly number[];
  readonly byRow: Uint32Array;
  readonly lost: number;
  readonly episodes: number;
}

/** Maximum bytes for a table of keys by time bin; beyond it the requested keys are counted again. */
const TABLE_BYTES = 32 << 20;
/** Time bins take a byte per sample. */
export const MOST_BINS = 255;

/** What a way of counting knows about the reference, whether samples are numbered by its own keys or by finer ones. */
export interface Profile {
  /** Samples in sessions. */
  readonly total: number;
  /** The keys present, largest first (ties: smaller index first), and their samples. Below, each is a row in this order. */
  readonly key: Uint32Array;
  readonly counts: Uint32Array;
  /** Per lane: samples of each row. */
  readonly own: readonly Uint32Array[];
  readonly t0: number;
  readonly t1: number;
  /** The reference that holds the samples' rows, and the row here for each row there; undefined: the same rows. */
  readonly samples: Reference;
  readonly fold: Uint32Array | undefined;
  lossesOf(runs: readonly Uint32Array[]): Losses;
  overTime(selected: Uint32Array, losses: Losses): OverTime;
}

export class Reference implements Profile {
  readonly total: number;
  readonly key: Uint32Array;
  readonly counts: Uint32Array;
  readonly own: readonly Uint32Array[];
  readonly lanes: readonly ReferenceLane[];
  readonly t0: number;
  readonly t1: number;
  readonly samples = this;
  readonly fold = undefined;
  readonly bins: number;
  /** Samples per time bin. */
  readonly perBin: Float64Array;
  #table: Uint32Array | undefined;

  /**
   * @param keyCount keys are below it
   * @param asNumbered rows are keys: the callers' numbers stay
   * @param sessions per lane where samples lie in sessions, if already known
   */
  constructor(
    lanes: readonly ReferenceInput[],
    keyCount: number,
    bins = 100,
    asNumbered = false,
    sessions: readonly Uint32Array[] = lanes.map(({ fates }) => sessionsIn(fates ?? new Uint8Array(0))),
  ) {
    const all = new Uint32Array(keyCount);
    lanes.forEach(({ keys }, l) => {
      for (let s = 0; s < sessions[l].length; s += 2) count(keys, sessions[l][s], sessions[l][s + 1], all);
    });
    this.key = asNumbered ? Uint32Array.from(all.keys()) : order(all).filter((k) => all[k] > 0);
    this.counts = Uint32Array.from(this.key, (k) => all[k]);
    const rowOf = new Uint32Array(keyCount);
    this.key.forEach((k, row) => (rowOf[k] = row));
    let [t0, t1] = [Infinity, -Infinity];
    lanes.forEach(({ t }, l) => {
      if (!t || sessions[l].length === 0) return;
      t0 = Math.min(t0, t[sessions[l][0]]);
      t1 = Math.max(t1, t[sessions[l][sessions[l].length - 1] - 1]);
    });
    this.t0 = t0;
    this.t1 = t1;
    this.bins = Math.min(bins, MOST_BINS);
    this.perBin = new Float64Array(this.bins);
    const scale = t1 > t0 ? this.bins / (t1 - t0) : 0;
    this.lanes = lanes.map(({ t, keys }, l) => {
      const inside = sessions[l];
      let n = 0;
      for (let s = 0; s < inside.length; s += 2) n += inside[s + 1] - inside[s];
      const rows = this.key.length <= 65536 ? new Uint16Array(n) : new Uint32Array(n);
      const own = new Uint32Array(this.key.length);
      let at = 0;
      for (let s = 0; s < inside.length; s += 2) at = number(keys, inside[s], inside[s + 1], rowOf, rows, at);
      count(rows, 0, n, own);
      const bin = binsOf(t, inside, n, t0, scale, this.bins);
      count(bin, 0, n, this.perBin);
      return { n, rows, bin, own, inside, totals: {} };
    });
    this.own = this.lanes.map(({ own }) => own);
    this.total = this.lanes.reduce((sum, { n }) => sum + n, 0);
  }

  /** @param fates per lane; samples are outside sessions where the reference's are */
  losses(fates: readonly Uint8Array[]): Losses {
    return this.lossesOf(this.lanes.map(({ inside }, l) => lostRuns(fates[l], inside)));
  }

  /** @param runs as `lostRuns` found them, maybe for another key function of the same samples */
  lossesOf(runs: readonly Uint32Array[]): Losses {
    const byRow = new Uint32Array(this.key.length);
    let episodes = 0;
    this.lanes.forEach(({ rows }, l) => {
      const own = runs[l];
      episodes += own.length / 2;
      for (let r = 0; r < own.length; r += 2) count(rows, own[r], own[r + 1], byRow);
    });
    const byLane = runs.map((own) => {
      let sum = 0;
      for (let r = 0; r < own.length; r += 2) sum += own[r + 1] - own[r];
      return sum;
    });
    return { runs, byLane, byRow, lost: byLane.reduce((a, b) => a + b, 0), episodes };
  }

  /** Samples per time bin: the reference's, the kept ones, and the reference's for some rows. */
  overTime(selected: Uint32Array, losses: Losses): OverTime {
    const [width, rows] = [selected.length, this.key.length];
    const keyReference = new Uint32Array(this.bins * width);
    const table = this.table();
    if (!table) return this.timesOf(selected, losses, this.#count(selected, width));
    for (let b = 0; b < this.bins; b++)
      for (let j = 0; j < width; j++) keyReference[b * width + j] = table[b * rows + selected[j]];
    return this.timesOf(selected, losses, keyReference);
  }

  /** @param keyReference see OverTime */
  timesOf(selected: Uint32Array, { runs }: Losses, keyReference: Uint32Array): OverTime {
    const lost = new Float64Array(this.bins);
    runs.forEach((own, l) => {
      const { bin } = this.lanes[l];
      for (let r = 0; r < own.length; r += 2) count(bin, own[r], own[r + 1], lost);
    });
    const kept = this.perBin.map((n, b) => n - lost[b]);
    const { t0, t1, bins } = this;
    return { t0, t1, bins, reference: this.perBin, kept, keyReference, selected };
  }

  /** Samples of each row per time bin, one line per bin; undefined if too large. */
  table(): Uint32Array | undefined {
    const rows = this.key.length;
    if (4 * this.bins * rows > TABLE_BYTES) return undefined;
    return (this.#table ??= this.#count(Uint32Array.from(this.key.keys()), rows));
  }

  #count(selected: Uint32Array, width: number): Uint32Array {
    const slots = new Int32Array(this.key.length).fill(-1);
    selected.forEach((row, j) => (slots[row] = j));
    return this.countSlots(slots, width);
  }

  /** Samples per time bin of the rows that have a slot, `width` slots per bin; -1 is none. */
  countSlots(slots: Int32Array, width: number): Uint32Array {
    const out = new Uint32Array(this.bins * width);
    for (const { rows, bin, n } of this.lanes) {
      for (let i = 0; i < n; i++) if (slots[rows[i]] >= 0) out[bin[i] * width + slots[rows[i]]]++;
    }
    return out;
  }
}

/** Counts how often each value occurs in [from, to). */
function count(values: ArrayLike<number>, from: number, to: number, into: Uint32Array | Float64Array): void {
  for (let i = from; i < to; i++) into[values[i]]++;
}

/** Rows of the keys in [from, to), written from `at` on. Returns where they end. */
function number(
  keys: ArrayLike<number>,
  from: number,
  to: number,
  rowOf: Uint32Array,
  rows: Uint16Array | Uint32Array,
  at: number,
): number {
  for (let i = from; i < to; i++, at++) rows[at] = rowOf[keys[i]];
  return at;
}

/** Time bin of each sample in sessions. */
function binsOf(
  t: Float64Array | undefined,
  inside: Uint32Array,
  n: number,
  t0: number,
  scale: number,
  bins: number,
): Uint8Array {
  const bin = new Uint8Array(n);
  if (!t) return bin;
  let at = 0;
  for (let s = 0; s < inside.length; s += 2)
    for (let i = inside[s]; i < inside[s + 1]; i++, at++) bin[at] = Math.min(bins - 1, Math.floor((t[i] - t0) * scale));
  return bin;
}
