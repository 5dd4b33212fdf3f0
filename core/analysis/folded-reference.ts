import type { OverTime } from './over-time.ts';
import { order } from './ranks.ts';
import type { Losses, Profile, Reference } from './reference.ts';

/** A coarser way of counting a reference's samples: everything is summed from the finer rows. */
export class FoldedReference implements Profile {
  readonly total: number;
  readonly key: Uint32Array;
  readonly counts: Uint32Array;
  readonly own: readonly Uint32Array[];
  readonly t0: number;
  readonly t1: number;
  readonly samples: Reference;
  readonly fold: Uint32Array;
  #table: Uint32Array | undefined;

  /** @param keyOf the key here of each key of the samples @param keyCount these are below it */
  constructor(samples: Reference, keyOf: Uint32Array, keyCount: number) {
    this.samples = samples;
    this.total = samples.total;
    this.t0 = samples.t0;
    this.t1 = samples.t1;
    const all = new Uint32Array(keyCount);
    samples.key.forEach((fine, row) => (all[keyOf[fine]] += samples.counts[row]));
    this.key = order(all).filter((k) => all[k] > 0);
    this.counts = Uint32Array.from(this.key, (k) => all[k]);
    const rowOf = new Uint32Array(keyCount);
    this.key.forEach((k, row) => (rowOf[k] = row));
    this.fold = Uint32Array.from(samples.key, (fine) => rowOf[keyOf[fine]]);
    this.own = samples.own.map((own) => folded(own, this.fold, this.key.length));
  }

  lossesOf(runs: readonly Uint32Array[]): Losses {
    return this.foldLosses(this.samples.lossesOf(runs));
  }

  /** The same losses, by this reference's rows. */
  foldLosses(losses: Losses): Losses {
    return { ...losses, byRow: folded(losses.byRow, this.fold, this.key.length) };
  }

  overTime(selected: Uint32Array, losses: Losses): OverTime {
    const { samples, fold } = this;
    const [width, rows, fine] = [selected.length, this.key.length, samples.key.length];
    const table = samples.table();
    if (!table) {
      const slots = new Int32Array(rows).fill(-1);
      selected.forEach((row, j) => (slots[row] = j));
      const fineSlots = Int32Array.from(fold, (row) => slots[row]);
      return samples.timesOf(selected, losses, samples.countSlots(fineSlots, width));
    }
    if (!this.#table) {
      this.#table = new Uint32Array(samples.bins * rows);
      for (let b = 0; b < samples.bins; b++)
        this.#table.set(folded(table.subarray(b * fine, (b + 1) * fine), fold, rows), b * rows);
    }
    const keyReference = new Uint32Array(samples.bins * width);
    for (let b = 0; b < samples.bins; b++)
      for (let j = 0; j < width; j++) keyReference[b * width + j] = this.#table[b * rows + selected[j]];
    return samples.timesOf(selected, losses, keyReference);
  }
}

/** Sums the counts of finer rows into `n` coarser ones. */
export function folded(counts: Uint32Array, fold: Uint32Array, n: number): Uint32Array {
  const out = new Uint32Array(n);
  for (let row = 0; row < fold.length; row++) out[fold[row]] += counts[row];
  return out;
}
