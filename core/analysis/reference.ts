/**
 * The reference profile by one key function, made ready once for all outcomes: what skew needs of an outcome is then found by its
 * runs of lost samples, not by all samples.
 */
import { KEPT, OUTSIDE } from '../model/outcome.ts';
import type { OverTime } from './over-time.ts';
import { order } from './ranks.ts';

export interface ReferenceInput {
  /** ns, ascending. Without times there is nothing to say over time. */
  readonly t?: Float64Array;
  /** Per sample: the key's index. */
  readonly keys: ArrayLike<number>;
  /** Which samples are outside sessions; other fates don't count here. */
  readonly fates: Uint8Array;
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
  /** Where the samples lie among all of the lane's: [start, end) pairs. */
  readonly inside: Uint32Array;
  /** Running totals, made when first wanted. */
  readonly totals: { marks?: Uint32Array };
}

/** What an outcome loses. */
export interface Losses {
  /** Per lane: [start, end) pairs of the maximal runs, by the place among the samples in sessions. */
  readonly runs: readonly Uint32Array[];
  /** Samples lost per lane, and of each row. */
  readonly byLane: readonly number[];
  readonly byRow: Uint32Array;
  readonly lost: number;
  readonly episodes: number;
}

/** Bytes that a table of keys by time bin may take; beyond it the keys asked for are counted anew. */
const TABLE_BYTES = 32 << 20;
/** Time bins have a byte a sample. */
export const MOST_BINS = 255;

export class Reference {
  /** Samples in sessions. */
  readonly total: number;
  /** The keys that there are, largest first (ties: smaller index first), and their samples. What follows numbers them so: a row each. */
  readonly key: Uint32Array;
  readonly counts: Uint32Array;
  readonly lanes: readonly ReferenceLane[];
  readonly t0: number;
  readonly t1: number;
  readonly bins: number;
  /** Samples per time bin. */
  readonly perBin: Float64Array;
  #table: Uint32Array | undefined;

  /** @param keyCount keys are below it @param asNumbered rows are keys: the callers' numbers stay */
  constructor(lanes: readonly ReferenceInput[], keyCount: number, bins = 100, asNumbered = false) {
    const sessions = lanes.map(({ fates }) => sessionsIn(fates));
    const all = new Uint32Array(keyCount);
    lanes.forEach(({ keys }, l) => {
      for (let s = 0; s < sessions[l].length; s += 2)
        for (let i = sessions[l][s]; i < sessions[l][s + 1]; i++) all[keys[i]]++;
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
      const bin = new Uint8Array(n);
      const own = new Uint32Array(this.key.length);
      let at = 0;
      for (let s = 0; s < inside.length; s += 2) {
        for (let i = inside[s]; i < inside[s + 1]; i++, at++) {
          const row = rowOf[keys[i]];
          rows[at] = row;
          own[row]++;
          if (t) bin[at] = Math.min(this.bins - 1, Math.floor((t[i] - t0) * scale));
          this.perBin[bin[at]]++;
        }
      }
      return { n, rows, bin, own, inside, totals: {} };
    });
    this.total = this.lanes.reduce((sum, { n }) => sum + n, 0);
  }

  /** @param fates per lane; samples are outside sessions where the reference's are */
  losses(fates: readonly Uint8Array[]): Losses {
    return this.lossesOf(this.lanes.map(({ inside }, l) => lostRuns(fates[l], inside)));
  }

  /** @param runs as `lostRuns` found them, which another key function of the same samples may have done */
  lossesOf(runs: readonly Uint32Array[]): Losses {
    const byRow = new Uint32Array(this.key.length);
    let episodes = 0;
    this.lanes.forEach(({ rows }, l) => {
      const own = runs[l];
      episodes += own.length / 2;
      for (let r = 0; r < own.length; r += 2) for (let i = own[r]; i < own[r + 1]; i++) byRow[rows[i]]++;
    });
    const byLane = runs.map((own) => {
      let sum = 0;
      for (let r = 0; r < own.length; r += 2) sum += own[r + 1] - own[r];
      return sum;
    });
    return { runs, byLane, byRow, lost: byLane.reduce((a, b) => a + b, 0), episodes };
  }

  /** Samples per time bin: the reference's, those kept, and the reference's of some rows. */
  overTime(selected: Uint32Array, { runs }: Losses): OverTime {
    const kept = this.perBin.slice();
    runs.forEach((own, l) => {
      const { bin } = this.lanes[l];
      for (let r = 0; r < own.length; r += 2) for (let i = own[r]; i < own[r + 1]; i++) kept[bin[i]]--;
    });
    const keyReference = this.#keysOverTime(selected);
    const { t0, t1, bins } = this;
    return { t0, t1, bins, reference: this.perBin, kept, keyReference, selected };
  }

  #keysOverTime(selected: Uint32Array): Uint32Array {
    const [width, rows] = [selected.length, this.key.length];
    const out = new Uint32Array(this.bins * width);
    if (4 * this.bins * rows <= TABLE_BYTES) {
      const table = (this.#table ??= this.#count(Uint32Array.from(this.key.keys()), rows));
      for (let b = 0; b < this.bins; b++)
        for (let j = 0; j < width; j++) out[b * width + j] = table[b * rows + selected[j]];
      return out;
    }
    return this.#count(selected, width);
  }

  #count(selected: Uint32Array, width: number): Uint32Array {
    const out = new Uint32Array(this.bins * width);
    const slots = new Int32Array(this.key.length).fill(-1);
    selected.forEach((row, j) => (slots[row] = j));
    for (const { rows, bin, n } of this.lanes) {
      for (let i = 0; i < n; i++) if (slots[rows[i]] >= 0) out[bin[i] * width + slots[rows[i]]]++;
    }
    return out;
  }
}

/** Where samples lie in sessions: [start, end) pairs. */
export function sessionsIn(fates: Uint8Array): Uint32Array {
  const ends: number[] = [];
  let open = false;
  for (let i = 0; i < fates.length; i++) {
    if ((fates[i] !== OUTSIDE) === open) continue;
    ends.push(i);
    open = !open;
  }
  if (open) ends.push(fates.length);
  return Uint32Array.from(ends);
}

/** Runs of lost samples by their place in sessions: one goes on over the gap between two sessions. */
export function lostRuns(fates: Uint8Array, inside: Uint32Array): Uint32Array {
  const ends: number[] = [];
  const aligned = fates.byteOffset % 4 === 0;
  const words = aligned ? new Uint32Array(fates.buffer, fates.byteOffset, fates.length >> 2) : new Uint32Array(0);
  let open = false;
  let base = 0;
  for (let s = 0; s < inside.length; s += 2) {
    const [from, to] = [inside[s], inside[s + 1]];
    let i = from;
    while (i < to) {
      if (open) while (i < to && fates[i] !== KEPT && fates[i] !== OUTSIDE) i++;
      else i = afterKept(fates, words, i, to);
      if (i === to) break;
      if (fates[i] === OUTSIDE) throw new RangeError('fates of another reference: a sample is outside every session');
      ends.push(base + i - from);
      open = !open;
    }
    base += to - from;
  }
  if (open) ends.push(base);
  return Uint32Array.from(ends);
}

/** The first sample from `from` on that isn't kept, or `to`: four at a time, since most are. */
function afterKept(fates: Uint8Array, words: Uint32Array, from: number, to: number): number {
  let i = from;
  while (i < to && fates[i] === KEPT && i % 4 !== 0) i++;
  if (i % 4 === 0) {
    let word = i / 4;
    const last = Math.min(words.length, to >> 2);
    while (word < last && words[word] === ALL_KEPT) word++;
    i = Math.max(i, 4 * word);
  }
  while (i < to && fates[i] === KEPT) i++;
  return i;
}

/** Four fates in one word. */
const ALL_KEPT = KEPT * 0x01010101;

/** Whether two outcomes of one reference lose the same samples. */
export function sameRuns(a: readonly Uint32Array[], b: readonly Uint32Array[]): boolean {
  return a.every((own, l) => own.length === b[l].length && own.every((end, i) => end === b[l][i]));
}
