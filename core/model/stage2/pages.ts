/**
 * The believed state of each guest page while a trace is read. One record per page that had its own event, linked by region (what one block
 * maps), in growing columns: memory follows the number of faults, not the size of the VM.
 */
import { PageState } from './page-states.ts';
import type { Thread } from './threads.ts';

/** Up to this many pages are looked up one by one rather than found among those of their region. */
const FEW = 16;

export class Pages {
  /** Host page in 4 KiB pages. */
  readonly unit: number;
  /** 4 KiB pages that a level 2 block maps: a table of 8-byte entries fills one host page. */
  readonly block: number;

  n = 0;
  page = new Float64Array(256);
  /** One of `PageState`. */
  state = new Uint8Array(256);
  /** ns of the latest change of state. */
  since = new Float64Array(256);
  /** Row that mapped it last; -1 if none. */
  row = new Int32Array(256);
  region = new Int32Array(256);
  /** The next page of the same region; -1 at the end. */
  next = new Int32Array(256);
  /** The claimer's progress when it claimed this page; -1 if no fault's answer is unconfirmed. */
  progress = new Float64Array(256);
  /** 1 if an unmap was announced while the fault that mapped it was being answered. */
  raced = new Uint8Array(256);
  /** Whose fault mapped it last. */
  readonly claimer: (Thread | undefined)[] = [];

  regions = 0;
  /** First page of the region. */
  start = new Float64Array(64);
  /** First page record; -1 if none. */
  head = new Int32Array(64);
  /** Page records not unmapped. */
  live = new Int32Array(64);
  /** Row of the region's latest answered fault; -1 if none. */
  lastRow = new Int32Array(64);
  /** 1 once a page was mapped there: it has a table for others. */
  hasTable = new Uint8Array(64);
  /** 1 while all its pages without a record are known to be unmapped. */
  isClear = new Uint8Array(64);
  /** That row, while it is the only one since the region was wholly unmapped; else -1. */
  soleRow = new Int32Array(64);
  /** That row, when a part of the region was unmapped next: whether a block was split is yet to show. Else -1. */
  splitRow = new Int32Array(64);
  /** Index of the guess that the region was a block until it was last unmapped; -1 if none. */
  guess = new Int32Array(64);
  /** 1 while a block maps the region. */
  isBlock = new Uint8Array(64);
  /** 1 while pages of the region without a record are mapped: by a block, or by the pages that one was split into. */
  isFilled = new Uint8Array(64);
  /** Their state, since when (ns), and the row that mapped them (-1 if none). */
  fillState = new Uint8Array(64);
  fillSince = new Float64Array(64);
  fillRow = new Int32Array(64);
  /** Row of an answered write permission fault at level 3 outside of dirty logging, while it may have mapped a block; else -1. */
  relaxRow = new Int32Array(64);
  /** Row of the first fault answered since the region was wholly unmapped; -1 if none. */
  firstRow = new Int32Array(64);
  /** 1 while the latest thing to happen to the region as a whole was that its pages were collapsed into a huge page. */
  collapsed = new Uint8Array(64);
  /** ns of the first unmap of a part of the region since its last answered fault; -1 if none. */
  partAt = new Float64Array(64);

  /** State of pages about which nothing is known. */
  initial: number = PageState.UNKNOWN;
  /** ns of the latest loss of events; 0 before any. */
  knownFrom = 0;
  /** Regions in which an unmap has work to do: not all unmapped, or waiting for a block's split to show. */
  readonly #active = new Set<number>();
  /** Records changed since the last reset, and a flag of 1 for each. */
  readonly #changed: number[] = [];
  #isChanged = new Uint8Array(256);
  readonly #records = new Map<number, number>();
  readonly #regions = new Map<number, number>();

  constructor(unit: number) {
    this.unit = unit;
    this.block = 512 * unit * unit;
  }

  align(page: number): number {
    return Math.floor(page / this.unit) * this.unit;
  }

  /** The record of an aligned page; -1 if it has none. */
  find(page: number): number {
    return this.#records.get(page) ?? -1;
  }

  findRegion(page: number): number {
    return this.#regions.get(Math.floor(page / this.block)) ?? -1;
  }

  /** The record of an aligned page, made if needed. A page of a filled region starts in the region's state. */
  record(page: number): number {
    const known = this.#records.get(page);
    if (known !== undefined) return known;
    if (this.n === this.page.length) this.#growPages();
    const i = this.n++;
    const region = this.#region(page);
    const filled = this.isFilled[region] === 1;
    this.page[i] = page;
    this.state[i] = filled ? this.fillState[region] : this.initial;
    this.since[i] = filled ? this.fillSince[region] : 0;
    this.row[i] = filled ? this.fillRow[region] : -1;
    this.progress[i] = -1;
    this.region[i] = region;
    this.next[i] = this.head[region];
    this.head[region] = i;
    if (this.state[i] !== PageState.UNMAPPED) this.#count(region, 1);
    this.#records.set(page, i);
    this.#markChanged(i);
    return i;
  }

  set(i: number, state: number, t: number): void {
    const region = this.region[i];
    const count = Number(state !== PageState.UNMAPPED) - Number(this.state[i] !== PageState.UNMAPPED);
    if (count !== 0) this.#count(region, count);
    this.state[i] = state;
    this.since[i] = t;
    this.progress[i] = -1;
    this.#markChanged(i);
  }

  /** The whole region is mapped, whether or not its pages have records. */
  fill(region: number, state: number, t: number, row: number): void {
    this.isFilled[region] = 1;
    this.fillState[region] = state;
    this.fillSince[region] = t;
    this.fillRow[region] = row;
  }

  /** Whatever was writable at `t` in the filled regions of [page, end) became read-only. Returns its pages that have no records. */
  protectFilled(page: number, end: number, t: number): number[] {
    const found: number[] = [];
    for (let r = 0; r < this.regions; r++) {
      if (!this.isFilled[r] || this.start[r] >= end || this.start[r] + this.block <= page) continue;
      if (this.fillState[r] !== PageState.WRITABLE || this.fillSince[r] > t) continue;
      this.fillState[r] = PageState.READ_ONLY;
      this.fillSince[r] = t;
      for (let p = this.start[r]; p < this.start[r] + this.block; p += this.unit) if (this.find(p) < 0) found.push(p);
    }
    return found;
  }

  /** Gives the pages of a filled region in [page, end) their own records: they are about to differ from the others. */
  spell(region: number, page: number, end: number): void {
    if (!this.isFilled[region]) return;
    const last = Math.min(end, this.start[region] + this.block);
    for (let p = Math.max(page, this.start[region]); p < last; p += this.unit) this.record(p);
  }

  /** Events were lost: nothing is known about any page any more. */
  forget(t: number): void {
    this.initial = PageState.UNKNOWN;
    this.knownFrom = t;
    for (const i of this.#changed) {
      const region = this.region[i];
      if (this.state[i] === PageState.UNMAPPED) this.#count(region, 1);
      this.state[i] = PageState.UNKNOWN;
      this.since[i] = t;
      this.progress[i] = -1;
      this.isBlock[region] = this.isFilled[region] = this.isClear[region] = this.#isChanged[i] = 0;
      this.collapsed[region] = 0;
      this.soleRow[region] = this.splitRow[region] = this.guess[region] = this.relaxRow[region] = -1;
      this.partAt[region] = this.firstRow[region] = -1;
    }
    this.#changed.length = 0;
  }

  /** Unmapped pages may have been mapped since `t`. Returns the pages that are known to be mapped, ascending. */
  doubtUnmapped(t: number): number[] {
    this.initial = PageState.UNKNOWN;
    this.knownFrom = t;
    const mapped: number[] = [];
    for (let i = 0; i < this.n; i++) {
      if (this.isMapped(i)) mapped.push(this.page[i]);
      if (this.state[i] !== PageState.UNMAPPED) continue;
      this.#count(this.region[i], 1);
      this.state[i] = PageState.UNKNOWN;
      this.since[i] = t;
      this.progress[i] = -1;
      this.#markChanged(i);
    }
    this.isClear.fill(0, 0, this.regions);
    this.soleRow.fill(-1, 0, this.regions);
    return mapped.sort((a, b) => a - b);
  }

  /** Adds to a region's count of records not unmapped. */
  #count(region: number, more: number): void {
    this.live[region] += more;
    if (this.live[region] > 0) this.#active.add(region);
    else if (this.splitRow[region] < 0) this.#active.delete(region);
  }

  #markChanged(i: number): void {
    if (this.#isChanged[i]) return;
    this.#isChanged[i] = 1;
    this.#changed.push(i);
  }

  isMapped(i: number): boolean {
    return this.state[i] === PageState.READ_ONLY || this.state[i] === PageState.WRITABLE;
  }

  /** Active regions that touch [page, end), in no order. */
  *regionsIn(page: number, end: number): Generator<number> {
    const first = Math.floor(page / this.block);
    const last = Math.floor((end - 1) / this.block);
    if (last - first < this.#active.size) {
      for (let r = first; r <= last; r++) {
        const region = this.#regions.get(r);
        if (region !== undefined && this.#active.has(region)) yield region;
      }
    } else {
      for (const r of this.#active) if (this.start[r] < end && this.start[r] + this.block > page) yield r;
    }
  }

  /** Calls `visit` for each record in [page, end) that isn't unmapped, in no order. */
  eachLive(page: number, end: number, visit: (i: number) => void): void {
    // Most ranges are a few pages, and a region holds hundreds.
    if (end - page <= FEW * this.unit) {
      for (let p = Math.ceil(page / this.unit) * this.unit; p < end; p += this.unit) {
        const i = this.find(p);
        if (i >= 0 && this.state[i] !== PageState.UNMAPPED) visit(i);
      }
      return;
    }
    for (const region of this.regionsIn(page, end)) {
      if (this.live[region] === 0) continue;
      for (let i = this.head[region]; i >= 0; i = this.next[i]) {
        if (this.state[i] !== PageState.UNMAPPED && this.page[i] >= page && this.page[i] < end) visit(i);
      }
    }
  }

  #region(page: number): number {
    const key = Math.floor(page / this.block);
    const known = this.#regions.get(key);
    if (known !== undefined) return known;
    if (this.regions === this.start.length) this.#growRegions();
    const r = this.regions++;
    this.start[r] = key * this.block;
    this.head[r] = this.lastRow[r] = this.soleRow[r] = this.splitRow[r] = this.guess[r] = -1;
    this.relaxRow[r] = this.firstRow[r] = this.partAt[r] = -1;
    this.isClear[r] = this.initial === PageState.UNMAPPED ? 1 : 0;
    this.#regions.set(key, r);
    return r;
  }

  #growPages(): void {
    this.page = floats(this.page);
    this.since = floats(this.since);
    this.progress = floats(this.progress);
    this.state = bytes(this.state);
    this.raced = bytes(this.raced);
    this.#isChanged = bytes(this.#isChanged);
    this.row = ints(this.row);
    this.region = ints(this.region);
    this.next = ints(this.next);
  }

  #growRegions(): void {
    this.start = floats(this.start);
    this.head = ints(this.head);
    this.live = ints(this.live);
    this.lastRow = ints(this.lastRow);
    this.soleRow = ints(this.soleRow);
    this.splitRow = ints(this.splitRow);
    this.guess = ints(this.guess);
    this.hasTable = bytes(this.hasTable);
    this.isClear = bytes(this.isClear);
    this.isBlock = bytes(this.isBlock);
    this.isFilled = bytes(this.isFilled);
    this.fillState = bytes(this.fillState);
    this.fillSince = floats(this.fillSince);
    this.fillRow = ints(this.fillRow);
    this.relaxRow = ints(this.relaxRow);
    this.firstRow = ints(this.firstRow);
    this.collapsed = bytes(this.collapsed);
    this.partAt = floats(this.partAt);
  }
}

function floats(from: Float64Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(from.length * 2);
  to.set(from);
  return to;
}

function ints(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}

function bytes(from: Uint8Array): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(from.length * 2);
  to.set(from);
  return to;
}
