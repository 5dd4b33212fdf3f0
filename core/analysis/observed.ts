/**
 * Blackouts that a capture shows without a replay (model.md section 6): what perf flagged, and gaps that nothing explains.
 */
import { observedReasons } from '../model/terms/observed.ts';
import type { ObservedReason, ObservedTotals } from '../model/terms/observed.ts';
import { quantile } from './numbers.ts';
import { firstAbove } from '../model/terms/search.ts';

export { observedReasons };
export type { ObservedReason };

/** PERF_AUX_FLAG_* (include/uapi/linux/perf_event.h). */
export const AUX_TRUNCATED = 1;
export const AUX_PARTIAL = 4;
export const AUX_COLLISION = 8;

/** One lane of a capture: a CPU, or a thread in per-thread mode. Times in ns. */
export interface ObservedLane {
  readonly lane: number;
  /** Records, ascending. */
  readonly t: Float64Array;
  /** When the profiled context was running: start, end pairs, sorted and disjoint. Empty: all the time. */
  readonly running: Float64Array;
  /** PERF_RECORD_AUX records in time order: the flags of the stretch of buffer that ends there. */
  readonly aux: { readonly t: Float64Array; readonly flags: Uint32Array };
  /** PERF_RECORD_LOST records in time order. */
  readonly lost: { readonly t: Float64Array; readonly count: Float64Array };
}

export interface ObservedOptions {
  /** A gap is longer than `max(gapFactor * median gap, gapMinNs)`. */
  readonly gapFactor: number;
  readonly gapMinNs: number;
}

export const defaultObservedOptions: ObservedOptions = { gapFactor: 20, gapMinNs: 10_000 };

/** Blackouts by lane, then time; each from the last record before it to the first after it. */
export interface Observed {
  readonly n: number;
  readonly lane: Int32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Time in it during which the profiled context was running. */
  readonly darkNs: Float64Array;
  /** Index into `observedReasons`. */
  readonly reason: Uint8Array;
  readonly totals: ObservedTotals;
}

interface Row {
  lane: number;
  start: number;
  end: number;
  darkNs: number;
  reason: number;
}

const [TRUNCATED, PARTIAL, LOST, GAP] = [0, 1, 2, 3];
const NOTHING = 255;

export function observeBlackouts(lanes: readonly ObservedLane[], options: Partial<ObservedOptions> = {}): Observed {
  const { gapFactor, gapMinNs } = { ...defaultObservedOptions, ...options };
  const rows: Row[] = [];
  const totals = { truncated: 0, partial: 0, collisions: 0, lostRecords: 0, darkNs: 0, runningNs: 0 };
  for (const lane of lanes) {
    const { t, aux, lost } = lane;
    const running = runningTime(lane);
    totals.runningNs += running.total;
    // Interval i lies between records i - 1 and i; the first and the last extend to the ends of the running time.
    const reasons = new Uint8Array(t.length + 1).fill(NOTHING);
    const mark = (time: number, reason: number): void => {
      const i = firstAbove(t, time);
      reasons[i] = Math.min(reasons[i], reason);
    };
    for (let i = 0; i < aux.t.length; i++) {
      const flags = aux.flags[i];
      if (flags & AUX_TRUNCATED) totals.truncated++;
      if (flags & AUX_PARTIAL) totals.partial++;
      if (flags & AUX_COLLISION) totals.collisions++;
      if (flags & AUX_TRUNCATED) mark(aux.t[i], TRUNCATED);
      else if (flags & AUX_PARTIAL) mark(aux.t[i], PARTIAL);
    }
    for (let i = 0; i < lost.t.length; i++) {
      totals.lostRecords += lost.count[i];
      mark(lost.t[i], LOST);
    }
    const gaps = gapsOf(t, running.before);
    const limit = Math.max(gapFactor * quantile(gaps.slice().sort(), 0.5), gapMinNs);
    for (let i = 0; i <= t.length; i++) {
      const inner = i > 0 && i < t.length;
      if (inner && reasons[i] === NOTHING && gaps[i - 1] > limit) reasons[i] = GAP!;
      if (reasons[i] === NOTHING) continue;
      const start = i > 0 ? t[i - 1] : running.first;
      const end = i < t.length ? t[i] : running.last;
      if (!(end > start)) continue;
      const darkNs = inner ? gaps[i - 1] : running.before(end) - running.before(start);
      rows.push({ lane: lane.lane, start, end, darkNs, reason: reasons[i] });
      totals.darkNs += darkNs;
    }
  }
  return {
    n: rows.length,
    lane: Int32Array.from(rows, (row) => row.lane),
    start: Float64Array.from(rows, (row) => row.start),
    end: Float64Array.from(rows, (row) => row.end),
    darkNs: Float64Array.from(rows, (row) => row.darkNs),
    reason: Uint8Array.from(rows, (row) => row.reason),
    totals,
  };
}

/** Running time before a moment; for ascending moments finding the place is free. */
interface RunningTime {
  readonly first: number;
  readonly last: number;
  readonly total: number;
  before(time: number): number;
}

function runningTime({ t, running, aux, lost }: ObservedLane): RunningTime {
  if (running.length < 2) {
    const ends = [t, aux.t, lost.t].filter((column) => column.length > 0);
    const first = Math.min(...ends.map((column) => column[0]));
    const last = Math.max(...ends.map((column) => column.at(-1)!));
    const total = ends.length > 0 ? last - first : 0;
    return { first, last, total, before: (time) => time - first };
  }
  const pairs = running.length >> 1;
  const sums = new Float64Array(pairs + 1);
  for (let i = 0; i < pairs; i++) sums[i + 1] = sums[i] + running[2 * i + 1] - running[2 * i];
  let at = 0;
  return {
    first: Math.min(running[0], t[0] ?? Infinity),
    last: Math.max(running[2 * pairs - 1], t.at(-1) ?? -Infinity),
    total: sums[pairs],
    before: (time) => {
      while (at > 0 && running[2 * at] > time) at--;
      while (at + 1 < pairs && running[2 * at + 2] <= time) at++;
      const into = Math.max(0, Math.min(time, running[2 * at + 1]) - running[2 * at]);
      return sums[at] + into;
    },
  };
}

/** Running time between neighbouring records. */
function gapsOf(t: Float64Array, before: (time: number) => number): Float64Array {
  const gaps = new Float64Array(Math.max(0, t.length - 1));
  let previous = t.length > 0 ? before(t[0]) : 0;
  for (let i = 0; i < gaps.length; i++) {
    const next = before(t[i + 1]);
    gaps[i] = next - previous;
    previous = next;
  }
  return gaps;
}
