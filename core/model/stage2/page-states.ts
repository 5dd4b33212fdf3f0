/**
 * Plays a stage 2 timeline over the pages asked for. Pages with the same history are one segment with a weight, so whole-slot rows and
 * gigabytes of untouched memory cost nothing.
 */
import { code, stage2Kinds } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import { firstAtLeast } from '../terms/search.ts';

export const PageState = { UNMAPPED: 0, READ_ONLY: 1, WRITABLE: 2, UNKNOWN: 3 } as const;

/** Every possible guest page: an IPA has at most 52 bits. */
export const EVERYTHING = 2 ** 40;

export interface PageRange {
  readonly page: number;
  readonly pages: number;
}

const MAP = code(stage2Kinds, 'map');
const WRITE_PROTECT = code(stage2Kinds, 'write-protect');
const ACCESS_CLEAR = code(stage2Kinds, 'access-clear');
const UNKNOWN = code(stage2Kinds, 'unknown');

/** A page's state after row `i`, from its state before. */
export function nextState(timeline: Stage2Timeline, i: number, state: number): number {
  switch (timeline.kind[i]) {
    case MAP:
      return timeline.writable[i] ? PageState.WRITABLE : PageState.READ_ONLY;
    case WRITE_PROTECT:
      return state === PageState.WRITABLE ? PageState.READ_ONLY : state;
    case ACCESS_CLEAR:
      return state;
    case UNKNOWN:
      return PageState.UNKNOWN;
    default:
      return PageState.UNMAPPED;
  }
}

/** Maximal runs of pages in the ranges that no row of the timelines divides. */
export class Segments {
  /** First pages, ascending. */
  readonly start: Float64Array;
  /** Pages in each. */
  readonly pages: Float64Array;

  constructor(ranges: readonly PageRange[], timelines: readonly Stage2Timeline[]) {
    const wanted = merged(ranges);
    const cuts: number[] = [];
    for (const { n, page, pages } of timelines) for (let i = 0; i < n; i++) cuts.push(page[i], page[i] + pages[i]);
    const edges = Float64Array.from(cuts).sort();
    const start: number[] = [];
    const size: number[] = [];
    let e = 0;
    for (const range of wanted) {
      let from = range.page;
      const end = range.page + range.pages;
      while (e < edges.length && edges[e] <= from) e++;
      for (; e < edges.length && edges[e] < end; e++) {
        if (edges[e] === from) continue;
        start.push(from);
        size.push(edges[e] - from);
        from = edges[e];
      }
      start.push(from);
      size.push(end - from);
    }
    this.start = Float64Array.from(start);
    this.pages = Float64Array.from(size);
  }

  /** Index of the first segment that starts at `page` or after. */
  from(page: number): number {
    return firstAtLeast(this.start, page);
  }
}

/** Ranges sorted, overlaps joined. */
function merged(ranges: readonly PageRange[]): PageRange[] {
  const result: { page: number; pages: number }[] = [];
  for (const { page, pages } of [...ranges].sort((a, b) => a.page - b.page)) {
    const last = result.at(-1);
    if (last && page < last.page + last.pages) last.pages = Math.max(last.pages, page + pages - last.page);
    else if (pages > 0) result.push({ page, pages });
  }
  return result;
}

/** Ascending pages of `unit` 4 KiB pages each as ranges [start, end). */
export function* runsOf(pages: readonly number[], unit: number): Generator<[number, number]> {
  for (let k = 0; k < pages.length;) {
    const start = pages[k];
    let end = start + unit;
    for (k++; k < pages.length && pages[k] === end; k++) end += unit;
    yield [start, end];
  }
}
