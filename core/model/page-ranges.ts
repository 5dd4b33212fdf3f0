/** Sets of pages as ranges: (first, count) pairs in one array, ascending and disjoint. */
import { firstAbove } from './terms/search.ts';
export type PageRanges = Float64Array;

/** Sorts ranges and joins those that touch or overlap. */
export function joinRanges(ranges: Iterable<readonly [first: number, count: number]>): PageRanges {
  const sorted = [...ranges].filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [first, count] of sorted) {
    const last = out.length - 2;
    if (last >= 0 && first <= out[last] + out[last + 1]) {
      out[last + 1] = Math.max(out[last + 1], first + count - out[last]);
    } else {
      out.push(first, count);
    }
  }
  return Float64Array.from(out);
}

/** A VM's memory slots as a set of pages; read-only ones can't hold a buffer. */
export function slotRanges(
  slots: readonly { readonly page: number; readonly pages: number; readonly readonly: boolean }[],
): PageRanges {
  return joinRanges(slots.filter((s) => !s.readonly).map((s) => [s.page, s.pages]));
}

export function countPages(ranges: PageRanges): number {
  let sum = 0;
  for (let i = 1; i < ranges.length; i += 2) sum += ranges[i];
  return sum;
}

/** The pages of `ranges` that aren't in `without` (ascending page numbers). */
export function withoutPages(ranges: PageRanges, without: Float64Array): PageRanges {
  const out: number[] = [];
  let w = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    let first = ranges[i];
    const end = first + ranges[i + 1];
    while (w < without.length && without[w] < first) w++;
    for (; w < without.length && without[w] < end; w++) {
      if (without[w] > first) out.push(first, without[w] - first);
      first = without[w] + 1;
    }
    if (first < end) out.push(first, end - first);
  }
  return Float64Array.from(out);
}

/** The `k`th page of the set, counted from 0. `before`: pages before each range, as `rangeStarts` gives them. */
export function pageAt(ranges: PageRanges, before: Float64Array, k: number): number {
  const range = firstAbove(before, k, 1) - 1;
  return ranges[2 * range] + k - before[range];
}

/** Pages before each range. */
export function rangeStarts(ranges: PageRanges): Float64Array {
  const before = new Float64Array(ranges.length / 2);
  for (let i = 1; i < before.length; i++) before[i] = before[i - 1] + ranges[2 * i - 1];
  return before;
}
