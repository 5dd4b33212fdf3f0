/**
 * Levels of detail: counts per time bin of 2^shift ns, so that any zoom of a timeline is a query of a few blocks. Built
 * while a capture is imported. Bins count from the clock's own zero, so levels nest exactly: four bins make one of the
 * next level. Sums are those of the records; a bin without records stays 0, at every level.
 */
import { encodeColumn } from './column-codec.ts';

/** Bins of a block, one blob. */
export const BLOCK = 1024;
const BLOCK_SHIFT = 10;
/** The finest bins: 4.1 µs; below that the records themselves are read. */
export const FINEST = 12;
/** The coarsest: 1.07 s. 32-bit sums hold the ns of such a bin. */
const COARSEST = 30;
/** Up to here a block's ns are 32-bit integers. */
const NARROW = 30 - BLOCK_SHIFT;
/** Each level is four times coarser than the one before. */
const STEP = 2;
/** By shift: blocks in 2^32 ns, a fraction of one from shift 23 on. */
const BLOCKS_A_HALF = Float64Array.from({ length: COARSEST + 1 }, (_, shift) => 2 ** (32 - BLOCK_SHIFT - shift));
/** Blocks held while counting, 4 KiB each; with more the finest level is dropped. */
const MAX_BLOCKS = 4096;
/** Blocks of the coarsest level, 18 min each: half a year of them. Anything outside isn't counted. */
const MAX_COARSEST = 4 * MAX_BLOCKS;
/** From this many on sparse blocks aren't filled up first: clearing and summing megabytes takes time. */
const SPARSE_BLOCKS = 64;
/** A level is worth keeping when its bins hold this much on average; finer ones cost more than the records themselves. */
const MIN_MEAN = 16;

/** `BLOCK` bins as they are stored: bins `block * BLOCK` and on, of 2^shift ns each. */
export interface LodBlock {
  readonly shift: number;
  readonly block: number;
  readonly total: number;
  readonly data: Uint8Array;
}

/**
 * Blocks that counters may still open in total; a counter that finds none left uses coarser bins, and beyond the coarsest doesn't count.
 */
export interface LodBudget {
  blocks: number;
}

/** Counts one track of one lane. */
export class LodCounter {
  #shift = FINEST;
  #blocks = new Map<number, Uint32Array<ArrayBuffer>>();
  #last = -1;
  #bins = new Uint32Array(0);
  /** Position of the last block opened for an interval, ns after the base. */
  #from = 0;
  #to = 0;
  #events = 0;

  readonly #base: number;
  /** Absorbs what isn't counted. */
  readonly #beyond = new Uint32Array(BLOCK);
  /** Whether there is any. */
  leftOut = false;

  readonly #budget: LodBudget;

  /**
   * @param base zero of `addInterval`'s times: a moment of the clock, ns, cut down to whole coarsest bins (`lodBase`)
   * @param budget blocks shared by the counters
   */
  constructor(base = 0n, budget: LodBudget = { blocks: Infinity }) {
    this.#budget = budget;
    this.#base = Number(base >> BigInt(COARSEST));
  }

  /** Counts the moments of `n` rows whose `bits` have `bit`; times in halves (lo at 2i), ns of the clock. */
  addRows(times: Uint32Array, bits: Uint16Array, bit: number, n: number): void {
    let last = this.#last;
    let bins = this.#bins;
    let shift = this.#shift;
    let counted = 0;
    for (let i = 0; i < n; i++) {
      if (!(bits[i] & bit)) continue;
      const lo = times[2 * i];
      const hi = times[2 * i + 1];
      // The block number in separate halves: avoids dividing a double per moment.
      const place = hi * BLOCKS_A_HALF[shift] + ((lo >>> shift) >>> BLOCK_SHIFT);
      const block = shift <= 32 - BLOCK_SHIFT ? place : Math.floor(place);
      if (block !== last) {
        this.#events += counted;
        counted = 0;
        if (this.#open(block)) i--;
        last = this.#last;
        bins = this.#bins;
        shift = this.#shift;
        if (last !== block) continue;
      }
      bins[((hi << (32 - shift)) | (lo >>> shift)) & (BLOCK - 1)]++;
      counted++;
    }
    this.#events += counted;
  }

  /** Counts a moment, ns after the base. */
  addAt(t: number): void {
    const bin = this.#base * 2 ** (COARSEST - this.#shift) + Math.floor(t / 2 ** this.#shift);
    const block = Math.floor(bin / BLOCK);
    if (block !== this.#last && this.#open(block)) return this.addAt(t);
    this.#bins[bin % BLOCK]++;
    this.#events++;
  }

  /** Counts the ns of `[start, end)` in each bin, whole ns after the base. */
  addInterval(start: number, end: number): void {
    this.#events++;
    for (let t = start; t < end;) {
      if (t < this.#from || t >= this.#to) this.#openAt(t);
      const stop = Math.min(end, this.#to);
      const first = t - this.#from;
      const last = stop - this.#from;
      if (this.#shift <= NARROW) this.#addNarrow(first, last);
      else this.#addWide(first, last);
      t = stop;
    }
  }

  /** Counts `[first, last)`, ns after the open block's start, both less than 2^31. */
  #addNarrow(first: number, last: number): void {
    const bins = this.#bins;
    const shift = this.#shift;
    let bin = first >> shift;
    const end = last >> shift;
    if (bin === end) {
      bins[bin] += last - first;
      return;
    }
    bins[bin] += ((bin + 1) << shift) - first;
    while (++bin < end) bins[bin] += 1 << shift;
    // Nothing where the block ends.
    if (bin < BLOCK) bins[bin] += last - (bin << shift);
  }

  #addWide(first: number, last: number): void {
    const width = 2 ** this.#shift;
    let t = first;
    let bin = Math.floor(first / width);
    for (let edge = (bin + 1) * width; edge < last; edge += width) {
      this.#bins[bin++] += edge - t;
      t = edge;
    }
    this.#bins[bin] += last - t;
  }

  /** Opens the block of a moment, ns after the base, and notes its position. */
  #openAt(t: number): void {
    let base: number;
    let width: number;
    do {
      width = 2 ** this.#shift;
      base = this.#base * 2 ** (COARSEST - this.#shift);
    } while (this.#open(Math.floor((base + Math.floor(t / width)) / BLOCK)));
    this.#from = (this.#last * BLOCK - base) * width;
    this.#to = this.#from + BLOCK * width;
  }

  /** All blocks, level by level, the finest first. Ends the counting. */
  *levels(): Generator<LodBlock> {
    if (!this.#blocks.size) return;
    while (this.#shift < COARSEST && this.#blocks.size > 1 && this.#events < MIN_MEAN * this.#blocks.size * BLOCK) {
      this.#coarsen();
    }
    for (;;) {
      for (const block of [...this.#blocks.keys()].sort((a, b) => a - b)) {
        const bins = this.#blocks.get(block)!;
        let total = 0;
        for (let i = 0; i < BLOCK; i++) total += bins[i];
        yield { shift: this.#shift, block, total, data: encodeColumn(bins, BLOCK) };
      }
      if (this.#blocks.size === 1 || this.#shift >= COARSEST) return;
      this.#coarsen();
    }
  }

  /** Whether there were too many blocks, or ones too sparse to keep: the bins are coarser now. */
  #open(block: number): boolean {
    let bins = this.#blocks.get(block);
    if (!bins) {
      const { size } = this.#blocks;
      const sparse = size >= SPARSE_BLOCKS && this.#events * 4 < MIN_MEAN * size * BLOCK;
      const full = size === MAX_BLOCKS || this.#budget.blocks <= 0;
      if ((sparse || full) && this.#shift < COARSEST) {
        this.#coarsen();
        return true;
      }
      if (size >= MAX_COARSEST || this.#budget.blocks <= 0) {
        this.leftOut = true;
        bins = this.#beyond;
      } else {
        bins = new Uint32Array(BLOCK);
        this.#blocks.set(block, bins);
        this.#budget.blocks--;
      }
    }
    this.#last = block;
    this.#bins = bins;
    this.#to = this.#from;
    return false;
  }

  #coarsen(): void {
    const coarser = new Map<number, Uint32Array<ArrayBuffer>>();
    const ratio = 1 << STEP;
    for (const [block, bins] of this.#blocks) {
      const to = Math.floor(block / ratio);
      let into = coarser.get(to);
      if (!into) coarser.set(to, (into = new Uint32Array(BLOCK)));
      const first = (block % ratio) * (BLOCK / ratio);
      for (let i = 0; i < BLOCK; i++) into[first + (i >> STEP)] += bins[i];
    }
    this.#budget.blocks += this.#blocks.size - coarser.size;
    this.#blocks = coarser;
    this.#shift += STEP;
    this.#last = -1;
  }
}

/** The latest zero of a LodCounter at or before a moment. */
export function lodBase(t: bigint): bigint {
  return (t >> BigInt(COARSEST)) << BigInt(COARSEST);
}
