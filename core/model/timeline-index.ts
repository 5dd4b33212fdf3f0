/**
 * Which rows of a timeline touch a page. Rows cover ranges from one page to a whole VM, so a range is cut into aligned
 * power-of-two blocks (a short one into pages) and each block lists its rows; a page then looks at the blocks that hold it, one per level.
 * Built once per timeline, so many placements of a buffer stay cheap.
 */
import type { Ascending } from './ascending.ts';
import { BlockTable } from './block-table.ts';
import { ModelError } from './errors.ts';
import { causeOfRow, GONE, INITIAL_UNMAPPED, losesContents, NOTHING, opOfRow, UNMAP, wayOfRow } from './page-ops.ts';
import { Rows } from './rows.ts';
import type { Stage2Timeline } from './timeline.ts';

export interface TimelineIndex {
  readonly timeline: Stage2Timeline;
  /** Per block: its first entry * 2^26 + how many it has. */
  readonly blocks: BlockTable;
  /** Two numbers per entry, adjacent since they are looked up at random: row * 2^12 + what it does (packed), and its time, ns. */
  readonly entries: Float64Array;
  /** Memory for the next placement: needed briefly, thousands of times. */
  readonly scratch: Scratch;
}

/** Events for which the index keeps memory, some 40 bytes each: more get their own. */
const KEPT = 2 ** 18;

/** A buffer's events before they are sorted. */
class Scratch {
  /** As `entries`. */
  found = new Float64Array(0);
  t = new Float64Array(0);
  slot = new Uint32Array(0);
  row = new Uint32Array(0);
  what = new Uint16Array(0);
  order = new Uint32Array(0);
  sorted = new Uint32Array(0);

  /** Room for `n` of them. */
  grow(n: number): void {
    if (n <= this.row.length) return;
    this.found = new Float64Array(2 * n);
    this.t = new Float64Array(n);
    this.slot = new Uint32Array(n);
    this.row = new Uint32Array(n);
    this.what = new Uint16Array(n);
    this.order = new Uint32Array(n);
    this.sorted = new Uint32Array(n);
  }
}

/** Stage 2 events on one buffer, in time order. */
export interface BufferEvents {
  readonly n: number;
  /** ns in the run. */
  readonly t: Float64Array;
  /** The lane's first sample after it, at its time or later; the number of samples if none is. */
  readonly sample: Uint32Array;
  /** Index into the buffer's pages. */
  readonly slot: Uint32Array;
  /** MAP … ACCESS_CLEAR. */
  readonly op: Uint8Array;
  /** Index into `causeClasses`. */
  readonly cause: Uint8Array;
  /** How it comes to a pinned page: index into `notifies`, or WAY_DIRTY_LOG. */
  readonly way: Uint8Array;
  /** Of unmaps: index into `contentsFates`, and whether the page's contents are lost; else 0. */
  readonly contents: Uint8Array;
  readonly loses: Uint8Array;
  /** 1: the last page of its row. */
  readonly rowEnds: Uint8Array;
  /** Whether any unmap loses the page's contents, or leaves it gone. */
  readonly anyLost: boolean;
  readonly anyGone: boolean;
  /** Per page, 1: unmapped to begin with. */
  readonly initialUnmapped: Uint8Array;
}

/** An IPA has at most 52 bits, a page number 40. */
const TOP_LEVEL = 40;
/** Maximum rows of a timeline, and events on one buffer: some 2 GB of columns. */
const MOST = 2 ** 26;
/** Up to this many pages a row is listed page by page: a table of few levels means few lookups. */
const SHORT = 4;

/** @throws ModelError when the timeline has more than 2^26 rows */
export function indexTimeline(timeline: Stage2Timeline): TimelineIndex {
  if (timeline.n > MOST) throw new ModelError(`the stage 2 timeline has ${timeline.n} events; ${MOST} are the most`);
  const blocks = new BlockTable();
  const pairs = new Rows(2);
  for (let row = 0; row < timeline.n; row++) {
    if (opOfRow(timeline, row) === NOTHING) continue;
    let page = timeline.page[row];
    const end = page + timeline.pages[row];
    const topLevel = timeline.pages[row] <= SHORT ? 0 : TOP_LEVEL;
    while (page < end) {
      let level = 0;
      let size = 1;
      while (level < topLevel && page % (size * 2) === 0 && page + size * 2 <= end) {
        level++;
        size *= 2;
      }
      const at = pairs.add();
      pairs.data[at] = blocks.findOrAdd(page / size, level);
      pairs.data[at + 1] = row;
      page += size;
    }
  }

  if (pairs.n >= 2 * MOST) throw new ModelError(`the stage 2 timeline touches more than ${2 * MOST} pieces of memory`);
  const start = new Uint32Array(blocks.count + 1);
  for (let i = 0; i < pairs.n; i++) start[pairs.data[2 * i] + 1]++;
  for (let b = 0; b < blocks.count; b++) start[b + 1] += start[b];
  const next = start.slice();
  const entries = new Float64Array(2 * pairs.n);
  for (let i = 0; i < pairs.n; i++) {
    const at = next[pairs.data[2 * i]]++;
    const row = pairs.data[2 * i + 1];
    const op = opOfRow(timeline, row);
    entries[2 * at] = row * WHAT + pack(timeline, row, op);
    entries[2 * at + 1] = timeline.t[row];
  }
  blocks.revalue((block) => start[block] * MOST + start[block + 1] - start[block]);
  return { timeline, blocks, entries, scratch: new Scratch() };
}

/** What a row does to a page: its op, cause, way, contents and whether they are lost, in 12 bits. */
const WHAT = 2 ** 12;
function pack(timeline: Stage2Timeline, row: number, op: number): number {
  const cause = causeOfRow(timeline, row, op);
  const packed = (op << 9) | (cause << 6) | (wayOfRow(timeline, row, op, cause) << 3);
  return op === UNMAP ? packed | (timeline.contents[row] << 1) | Number(losesContents(timeline, row)) : packed;
}

/** Per row the first of these times that is not before it: where a lane's samples go on after the row. */
export function samplesAt(timeline: Stage2Timeline, times: Ascending): Uint32Array {
  const { length } = times.values;
  const samples = new Uint32Array(timeline.n);
  let at = 0;
  for (let row = 0; row < timeline.n; row++) {
    const t = timeline.t[row];
    // Initial states come first, whatever their time.
    if (row > 0 && t < timeline.t[row - 1]) at = times.firstAtLeast(t, 0, length);
    while (at < length && times.values[at] < t) at++;
    samples[row] = at;
  }
  return samples;
}

/**
 * The events on a buffer of these IPA pages: a row gives one for each page that it touches.
 * @param sampleOfRow samplesAt of the lane
 * @throws ModelError when there are more than 2^26
 */
export function eventsOn(index: TimelineIndex, pages: Float64Array, sampleOfRow: Uint32Array): BufferEvents {
  const { blocks, entries } = index;
  const initialUnmapped = new Uint8Array(pages.length);
  const hits = new Rows(3, pages.length);
  let found = 0;
  for (const level of blocks.levels()) {
    const size = 2 ** level;
    for (let slot = 0; slot < pages.length; slot++) {
      const list = blocks.find(Math.floor(pages[slot] / size), level);
      if (list < 0) continue;
      const first = Math.floor(list / MOST);
      const count = list - first * MOST;
      const at = hits.add();
      hits.data[at] = slot;
      hits.data[at + 1] = first;
      hits.data[at + 2] = first + count;
      found += count;
    }
  }
  if (found > MOST) {
    throw new ModelError(`the KVM timeline touches the pages of one buffer ${found} times; ${MOST} are the most`);
  }

  // Scattered lookups get their own loops, short enough that the processor overlaps many of the misses.
  const scratch = found <= KEPT ? index.scratch : new Scratch();
  scratch.grow(found);
  const { found: packed, t, slot: slotOf, row: rowOf, what } = scratch;
  for (let h = 0, at = 0; h < hits.n * 3; h += 3) {
    for (let i = hits.data[h + 1]; i < hits.data[h + 2]; i++, at++) {
      packed[2 * at] = entries[2 * i];
      packed[2 * at + 1] = entries[2 * i + 1];
      slotOf[at] = hits.data[h];
    }
  }
  let n = 0;
  for (let i = 0; i < found; i++) {
    const row = Math.floor(packed[2 * i] / WHAT);
    what[n] = packed[2 * i] - row * WHAT;
    if (what[n] >>> 9 === INITIAL_UNMAPPED) {
      initialUnmapped[slotOf[i]] = 1;
      continue;
    }
    t[n] = packed[2 * i + 1];
    slotOf[n] = slotOf[i];
    rowOf[n] = row;
    n++;
  }
  const order = ascending(scratch, n, index.timeline.n);
  const events = eventColumns(n);
  for (let e = 0; e < n; e++) events.sample[e] = sampleOfRow[rowOf[order[e]]];
  let anyLost = false;
  let anyGone = false;
  for (let e = 0; e < n; e++) {
    const hit = order[e];
    const row = rowOf[hit];
    events.t[e] = t[hit];
    events.slot[e] = slotOf[hit];
    events.op[e] = what[hit] >>> 9;
    events.cause[e] = (what[hit] >>> 6) & 7;
    events.way[e] = (what[hit] >>> 3) & 7;
    events.contents[e] = (what[hit] >>> 1) & 3;
    events.loses[e] = what[hit] & 1;
    anyLost ||= events.loses[e] === 1;
    anyGone ||= events.contents[e] === GONE;
    events.rowEnds[e] = e + 1 === n || rowOf[order[e + 1]] !== row ? 1 : 0;
  }
  return { ...events, initialUnmapped, anyLost, anyGone };
}

/** In one piece. */
function eventColumns(n: number) {
  const buffer = new ArrayBuffer(n * 22);
  const bytes = (k: number) => new Uint8Array(buffer, n * (16 + k), n);
  return {
    n,
    t: new Float64Array(buffer, 0, n),
    sample: new Uint32Array(buffer, n * 8, n),
    slot: new Uint32Array(buffer, n * 12, n),
    ...{ op: bytes(0), cause: bytes(1), way: bytes(2), contents: bytes(3), loses: bytes(4), rowEnds: bytes(5) },
  };
}

/** The rows that touch a page, in the timeline's order. */
export function rowsOn({ blocks, entries }: TimelineIndex, page: number): Uint32Array {
  const rows: number[] = [];
  for (const level of blocks.levels()) {
    const list = blocks.find(Math.floor(page / 2 ** level), level);
    if (list < 0) continue;
    const first = Math.floor(list / MOST);
    for (let i = first; i < first + (list - first * MOST); i++) rows.push(Math.floor(entries[2 * i] / WHAT));
  }
  return Uint32Array.from(rows).sort();
}

/** Bits per radix pass: the counters stay in the L1 cache. */
const DIGIT = 12;

/** The order that sorts the first `n` rows, all below `limit`, stable: by their digits, in linear time. */
function ascending({ row: values, order: first, sorted: second }: Scratch, n: number, limit: number): Uint32Array {
  let order = first;
  let sorted = second;
  for (let i = 0; i < n; i++) order[i] = i;
  const next = new Uint32Array(1 << DIGIT);
  for (let shift = 0; limit > 2 ** shift; shift += DIGIT) {
    const mask = next.length - 1;
    next.fill(0);
    for (let i = 0; i < n; i++) next[(values[i] >>> shift) & mask]++;
    for (let d = 0, before = 0; d < next.length; d++) {
      const count = next[d];
      next[d] = before;
      before += count;
    }
    for (let i = 0; i < n; i++) sorted[next[(values[order[i]] >>> shift) & mask]++] = order[i];
    [order, sorted] = [sorted, order];
  }
  return order;
}
