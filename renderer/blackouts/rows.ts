/** The table of windows: which rows, in which order, over columns left in their original order. */
import type { WindowTable } from '../../core/contract/runs.ts';

export interface Filter {
  readonly lane?: number;
  readonly kind?: string;
  /** `none`: no stage 2 fault. */
  readonly cause?: string;
  /** ns from the run's origin: windows that reach into the range. */
  readonly from?: number;
  readonly to?: number;
}

export const sortKeys = ['start', 'lane', 'duration', 'kind', 'cause', 'page', 'lost'] as const;
export type SortKey = (typeof sortKeys)[number];
export interface Order {
  readonly by: SortKey;
  readonly descending: boolean;
}

const NONE = 255;

export function rowsOf(t: WindowTable, filter: Filter, order: Order): Uint32Array {
  const kind = filter.kind === undefined ? undefined : t.kinds.indexOf(filter.kind);
  const cause =
    filter.cause === undefined ? undefined : filter.cause === 'none' ? NONE : t.causes.indexOf(filter.cause);
  const { lane, from = -Infinity, to = Infinity } = filter;
  const found = new Uint32Array(t.n);
  let n = 0;
  for (let i = 0; i < t.n; i++) {
    if (lane !== undefined && t.lane[i] !== lane) continue;
    if (kind !== undefined && t.kind[i] !== kind) continue;
    if (cause !== undefined && t.cause[i] !== cause) continue;
    if (t.end[i] < from || t.start[i] > to) continue;
    found[n++] = i;
  }
  const rows = found.subarray(0, n);
  const values = column(t, order.by);
  // Ties stay by lane and start, as the columns are.
  return order.descending
    ? rows.sort((a, b) => values[b] - values[a] || a - b)
    : rows.sort((a, b) => values[a] - values[b] || a - b);
}

function column(t: WindowTable, by: SortKey): ArrayLike<number> {
  return by === 'duration' ? t.end.map((end, i) => end - t.start[i]) : t[by];
}

/** Index of a window in `rows`; -1 if it isn't there. */
export function placeOf(
  t: WindowTable,
  rows: Uint32Array,
  lane: number | undefined,
  start: number | undefined,
): number {
  if (lane === undefined || start === undefined) return -1;
  return rows.findIndex((i) => t.lane[i] === lane && t.start[i] === start);
}

/** What the address of a Timeline shows around a window: enough to see what led to it. */
export function around(start: number, end: number): { from: number; to: number } {
  const margin = Math.max(10 * (end - start), 10_000);
  return { from: Math.max(0, Math.round(start - margin)), to: Math.round(end + margin) };
}
