/**
 * Which rows of a timeline touch a page. Rows cover ranges from one page to a whole VM, so a range is cut into aligned
 * power-of-two blocks and each block lists its rows; a page then looks at the blocks that hold it, one a level. Built once
 * a timeline, so that many placements of a buffer stay cheap.
 */
import { Rows } from './rows.ts';
import type { Stage2Timeline } from './timeline.ts';

export interface TimelineIndex {
  readonly timeline: Stage2Timeline;
  /** By level (block of 2^level pages): block number to entry of `start`. */
  readonly blocks: readonly Map<number, number>[];
  /** Per block, where its rows begin in `rows`; one more at the end. */
  readonly start: Uint32Array;
  readonly rows: Uint32Array;
}

/** An IPA has at most 52 bits, a page number 40. */
const LEVELS = 41;

export function indexTimeline(timeline: Stage2Timeline): TimelineIndex {
  const blocks = Array.from({ length: LEVELS }, () => new Map<number, number>());
  const pairs = new Rows(2);
  let count = 0;
  for (let row = 0; row < timeline.n; row++) {
    let page = timeline.page[row];
    const end = page + timeline.pages[row];
    while (page < end) {
      let level = 0;
      let size = 1;
      while (level < LEVELS - 1 && page % (size * 2) === 0 && page + size * 2 <= end) {
        level++;
        size *= 2;
      }
      let block = blocks[level].get(page / size);
      if (block === undefined) {
        block = count++;
        blocks[level].set(page / size, block);
      }
      const at = pairs.add();
      pairs.data[at] = block;
      pairs.data[at + 1] = row;
      page += size;
    }
  }

  const start = new Uint32Array(count + 1);
  for (let i = 0; i < pairs.n; i++) start[pairs.data[2 * i] + 1]++;
  for (let b = 0; b < count; b++) start[b + 1] += start[b];
  const fill = start.slice();
  const rows = new Uint32Array(pairs.n);
  for (let i = 0; i < pairs.n; i++) rows[fill[pairs.data[2 * i]]++] = pairs.data[2 * i + 1];
  return { timeline, blocks, start, rows };
}

/**
 * The rows that touch a buffer, in the timeline's order, once for each page that they touch: `row * pages.length + slot`,
 * `slot` being the index in `pages` (exact: fewer than 2^32 rows, fewer than 2^21 pages).
 */
export function rowsOnPages(index: TimelineIndex, pages: Float64Array): Float64Array {
  const used = index.blocks.flatMap((map, level) => (map.size ? [{ map, size: 2 ** level }] : []));
  const found = new Rows(1);
  for (let slot = 0; slot < pages.length; slot++) {
    for (const { map, size } of used) {
      const block = map.get(Math.floor(pages[slot] / size));
      if (block === undefined) continue;
      for (let i = index.start[block]; i < index.start[block + 1]; i++) {
        found.data[found.add()] = index.rows[i] * pages.length + slot;
      }
    }
  }
  return found.data.slice(0, found.n).sort();
}
