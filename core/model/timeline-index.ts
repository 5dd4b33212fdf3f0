/**
 * Which rows of a timeline touch a page. Rows cover ranges from one page to a whole VM, so a range is cut into aligned
 * power-of-two blocks and each block lists its rows; a page then looks at the blocks that hold it, one a level. Built once
 * a timeline, so that many placements of a buffer stay cheap.
 */
import { BlockTable } from './block-table.ts';
import { ModelError } from './errors.ts';
import { causeOfRow, INITIAL_UNMAPPED, NOTHING, opOfRow } from './page-ops.ts';
import { Rows } from './rows.ts';
import type { Stage2Timeline } from './timeline.ts';

export interface TimelineIndex {
  readonly timeline: Stage2Timeline;
  readonly blocks: BlockTable;
  /** Per block, where its entries begin; one more at the end. */
  readonly start: Uint32Array;
  /** Two numbers an entry, side by side since they are looked up at random: row * 64 + op * 8 + cause, and the row's time, ns. */
  readonly entries: Float64Array;
}

/** Stage 2 events on one buffer, in time order. */
export interface BufferEvents {
  readonly n: number;
  /** ns in the run. */
  readonly t: Float64Array;
  /** Index into the buffer's pages. */
  readonly slot: Uint32Array;
  /** MAP … ACCESS_CLEAR. */
  readonly op: Uint8Array;
  /** Index into `causeClasses`. */
  readonly cause: Uint8Array;
  /** Per page, 1: unmapped to begin with. */
  readonly initialUnmapped: Uint8Array;
}

/** An IPA has at most 52 bits, a page number 40. */
const TOP_LEVEL = 40;
/** Rows of a timeline, and events on one buffer: some 2 GB of columns. A row and an event number share a double's 53 bits. */
const MOST = 2 ** 26;

/** @throws ModelError when the timeline has more than 2^26 rows */
export function indexTimeline(timeline: Stage2Timeline): TimelineIndex {
  if (timeline.n > MOST) throw new ModelError(`the stage 2 timeline has ${timeline.n} events; ${MOST} are the most`);
  const blocks = new BlockTable();
  const pairs = new Rows(2);
  for (let row = 0; row < timeline.n; row++) {
    if (opOfRow(timeline, row) === NOTHING) continue;
    let page = timeline.page[row];
    const end = page + timeline.pages[row];
    while (page < end) {
      let level = 0;
      let size = 1;
      while (level < TOP_LEVEL && page % (size * 2) === 0 && page + size * 2 <= end) {
        level++;
        size *= 2;
      }
      const at = pairs.add();
      pairs.data[at] = blocks.findOrAdd(page / size, level);
      pairs.data[at + 1] = row;
      page += size;
    }
  }

  const start = new Uint32Array(blocks.count + 1);
  for (let i = 0; i < pairs.n; i++) start[pairs.data[2 * i] + 1]++;
  for (let b = 0; b < blocks.count; b++) start[b + 1] += start[b];
  const next = start.slice();
  const index = {
    timeline,
    blocks,
    start,
    entries: new Float64Array(2 * pairs.n),
  };
  for (let i = 0; i < pairs.n; i++) {
    const at = next[pairs.data[2 * i]]++;
    const row = pairs.data[2 * i + 1];
    const op = opOfRow(timeline, row);
    index.entries[2 * at] = row * 64 + op * 8 + causeOfRow(timeline, row, op);
    index.entries[2 * at + 1] = timeline.t[row];
  }
  return index;
}

/**
 * The events on a buffer of those IPA pages: a row gives one for each page that it touches.
 * @throws ModelError when there are more than 2^26
 */
export function eventsOn(index: TimelineIndex, pages: Float64Array): BufferEvents {
  const { blocks, start, entries } = index;
  const initialUnmapped = new Uint8Array(pages.length);
  const hits = new Rows(2);
  let found = 0;
  for (const level of blocks.levels()) {
    const size = 2 ** level;
    for (let slot = 0; slot < pages.length; slot++) {
      const block = blocks.find(Math.floor(pages[slot] / size), level);
      if (block < 0) continue;
      const at = hits.add();
      hits.data[at] = block;
      hits.data[at + 1] = slot;
      found += start[block + 1] - start[block];
    }
  }
  if (found > MOST) {
    throw new ModelError(`the KVM timeline touches the pages of one buffer ${found} times; ${MOST} are the most`);
  }

  // Sorted by row, each with its number among the hits in the low 26 bits.
  const t = new Float64Array(found);
  const what = new Uint8Array(found);
  const slotOf = new Uint32Array(found);
  const order = new Float64Array(found);
  let n = 0;
  for (let h = 0; h < hits.n; h++) {
    const block = hits.data[2 * h];
    for (let i = start[block]; i < start[block + 1]; i++) {
      const packed = entries[2 * i];
      const row = Math.floor(packed / 64);
      what[n] = packed - row * 64;
      if (what[n] >>> 3 === INITIAL_UNMAPPED) {
        initialUnmapped[hits.data[2 * h + 1]] = 1;
        continue;
      }
      t[n] = entries[2 * i + 1];
      slotOf[n] = hits.data[2 * h + 1];
      order[n] = row * MOST + n;
      n++;
    }
  }
  const sorted = order.subarray(0, n).sort();
  const events = {
    n,
    t: new Float64Array(n),
    slot: new Uint32Array(n),
    op: new Uint8Array(n),
    cause: new Uint8Array(n),
    initialUnmapped,
  };
  for (let e = 0; e < n; e++) {
    const hit = sorted[e] - Math.floor(sorted[e] / MOST) * MOST;
    events.t[e] = t[hit];
    events.slot[e] = slotOf[hit];
    events.op[e] = what[hit] >>> 3;
    events.cause[e] = what[hit] & 7;
  }
  return events;
}
