/** How often the rows of a reconstructed timeline are right, and how far off in time, by evidence. */
import { code, stage2Kinds } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import { EVERYTHING, nextState, PageState, Segments } from './page-states.ts';
import type { PageRange } from './page-states.ts';

/** Rows of one kind of evidence in one capture, each of which changed the claimed state of some page. */
export interface RowAccuracy {
  rows: number;
  /** Of these, how many were right; a row that is right about part of its pages counts as that part. */
  right: number;
  /**
   * Of each row that is right somewhere: its time less that of the kernel's call, ns (above 0: late); for its page that is furthest off.
   * None of initial states, which have no moment.
   */
  readonly off: number[];
}

const INITIAL = code(stage2Kinds, 'initial-unmapped');

/** One row while it is examined. */
interface Seen {
  right: number;
  wrong: number;
  off: number;
}

/**
 * A row claims a state of its pages until the next one that says otherwise. It is right about a page if the kernel's calls agree at some
 * moment of that time. Rows that change nothing claim nothing, nor do those that call a page unknown.
 * @param truth as in `measureAccuracy`
 * @returns by evidence
 */
export function measureRows(
  timeline: Stage2Timeline,
  truth: Stage2Timeline,
  ranges: readonly PageRange[],
): Map<string, RowAccuracy> {
  const shift = Number(truth.origin - timeline.origin);
  const segments = new Segments(ranges, [timeline, truth]);
  const n = segments.start.length;
  const claimed = new Uint8Array(n).fill(PageState.WRITABLE);
  const actual = new Uint8Array(n).fill(PageState.UNMAPPED);
  /** Since when the calls say so; the row that claims, when it did, and how far off it is, NaN while the calls disagree. */
  const since = new Float64Array(n);
  const row = new Int32Array(n).fill(-1);
  const from = new Float64Array(n);
  const off = new Float64Array(n).fill(NaN);
  const seen = new Map<number, Seen>();

  const close = (s: number, t: number): void => {
    if (row[s] < 0 || t <= from[s]) return;
    const one = seen.get(row[s]) ?? { right: 0, wrong: 0, off: 0 };
    seen.set(row[s], one);
    if (Number.isNaN(off[s])) one.wrong += segments.pages[s];
    else one.right += segments.pages[s];
    if (Math.abs(off[s]) > Math.abs(one.off)) one.off = off[s];
  };
  const claim = (s: number, i: number, t: number): void => {
    const state = nextState(timeline, i, claimed[s]);
    if (state === claimed[s]) return;
    close(s, t);
    claimed[s] = state;
    row[s] = state === PageState.UNKNOWN ? -1 : i;
    from[s] = t;
    off[s] = actual[s] === state ? t - since[s] : NaN;
  };
  const call = (s: number, k: number, t: number): void => {
    const state = nextState(truth, k, actual[s]);
    if (state === actual[s]) return;
    actual[s] = state;
    since[s] = t;
    if (claimed[s] === state && Number.isNaN(off[s])) off[s] = from[s] - t;
  };
  let end = timeline.span;
  for (let i = 0, k = 0; i < timeline.n || k < truth.n;) {
    const mine = k >= truth.n || (i < timeline.n && timeline.t[i] <= truth.t[k] + shift);
    const [of, at, play] = mine ? ([timeline, i++, claim] as const) : ([truth, k++, call] as const);
    const t = Math.max(0, mine ? of.t[at] : of.t[at] + shift);
    // The tables are destroyed: the VM is gone.
    if (!mine && of.pages[at] >= EVERYTHING) {
      end = Math.min(end, t);
      break;
    }
    const last = segments.from(of.page[at] + of.pages[at]);
    for (let s = segments.from(of.page[at]); s < last; s++) play(s, at, t);
  }
  for (let s = 0; s < n; s++) close(s, end);

  const found = new Map<string, RowAccuracy>();
  for (const [i, one] of seen) {
    const evidence = timeline.evidences[timeline.evidence[i]];
    const sum = found.get(evidence) ?? { rows: 0, right: 0, off: [] };
    found.set(evidence, sum);
    sum.rows++;
    sum.right += one.right / (one.right + one.wrong);
    if (one.right > 0 && timeline.kind[i] !== INITIAL) sum.off.push(one.off);
  }
  return found;
}

/** The same of several captures. */
export interface PooledAccuracy {
  readonly rows: number;
  readonly right: number;
  readonly captures: number;
  /** The number of independent rows that would say as much: errors cluster within a capture. */
  readonly effective: number;
  /**
   * Median and 95th percentile of the error of rows that are right somewhere, ns; captures weigh the same, whatever their rows.
   */
  readonly halfNs: number;
  readonly withinNs: number;
}

/** @param captures one kind of evidence, capture by capture */
export function pooledRows(captures: readonly RowAccuracy[]): PooledAccuracy {
  const rows = captures.reduce((sum, c) => sum + c.rows, 0);
  const right = captures.reduce((sum, c) => sum + c.right, 0);
  const p = right / rows;
  const n = captures.length;
  // Cochran, Sampling Techniques, 9.11: a ratio's variance over clusters, against that of as many independent rows.
  const clustered = n > 1 ? (n / (n - 1)) * captures.reduce((sum, c) => sum + (c.right - p * c.rows) ** 2, 0) : 0;
  const effect = Math.max(1, p > 0 && p < 1 ? clustered / (rows * p * (1 - p)) : 1);
  const away = captures
    .flatMap(({ off }) => off.map((ns) => ({ ns: Math.abs(ns), weight: 1 / off.length })))
    .sort((a, b) => a.ns - b.ns);
  return {
    ...{ rows, right, captures: n, effective: rows / effect },
    halfNs: at(away, 0.5),
    withinNs: at(away, 0.95),
  };
}

/** The weighted quantile of the sorted values; NaN for none. */
function at(sorted: readonly { readonly ns: number; readonly weight: number }[], part: number): number {
  let left = part * sorted.reduce((sum, { weight }) => sum + weight, 0) * (1 - 1e-12);
  return sorted.find(({ weight }) => (left -= weight) <= 0)?.ns ?? NaN;
}
