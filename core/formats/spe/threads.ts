import type { AuxQueue } from '../perf-data/columns.ts';
import type { PerfData } from '../perf-data/perf-data.ts';

/** Which thread ran on a queue's CPU since when: what tells the thread of records without CONTEXT packet. */
interface TidTimeline {
  readonly n: number;
  /** ns, ascending, as halves (lo at 2i). */
  readonly t: Uint32Array;
  /** -1: not told. */
  readonly tid: Int32Array;
}

/**
 * A SWITCH OUT record names the next thread (SWITCH_CPU_WIDE) and, by its own tid, the one that ran before it: that and
 * ITRACE_START cover the time before the first switch.
 */
function tidTimeline({ switches, starts }: PerfData, queue: AuxQueue): TidTimeline {
  if (queue.cpu < 0) return { n: 0, t: new Uint32Array(0), tid: new Int32Array(0) };
  const rows: { t: bigint; tid: number }[] = [];
  let before: number | undefined;
  for (const start of starts) if (start.cpu === queue.cpu) rows.push({ t: start.t, tid: start.tid });
  for (let i = 0; i < switches.n; i++) {
    if (switches.cpu[i] !== queue.cpu) continue;
    if (switches.out[i]) {
      before ??= switches.tid[i];
      rows.push({ t: switches.t[i], tid: switches.otherTid[i] });
    } else rows.push({ t: switches.t[i], tid: switches.tid[i] });
  }
  rows.sort((a, b) => (a.t < b.t ? -1 : a.t > b.t ? 1 : 0));
  const first = starts.find((s) => s.cpu === queue.cpu)?.tid ?? before;
  if (first !== undefined) rows.unshift({ t: 0n, tid: first });
  const wide = BigUint64Array.from(rows, (row) => row.t);
  return { n: rows.length, t: new Uint32Array(wide.buffer), tid: Int32Array.from(rows, (row) => row.tid) };
}

/**
 * The last row at or before the time, -1 before all. Row `hint`, where the record before it was, is tried first: records
 * come mostly in order.
 */
function rowAt({ n, t }: TidTimeline, lo: number, hi: number, hint: number): number {
  const later = (i: number): boolean => t[2 * i + 1] > hi || (t[2 * i + 1] === hi && t[2 * i] > lo);
  if (hint >= 0 && !later(hint) && (hint + 1 >= n || later(hint + 1))) return hint;
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (later(middle)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

/** The thread of each record of a queue, and its process. */
export class Threads {
  /** -1: not known. */
  tid: number;
  pid: number;
  /** A CONTEXT packet was there: it holds for all later records, and switch records count no more. */
  contextSeen = false;
  readonly #timeline: TidTimeline;
  readonly #pids: ReadonlyMap<number, number>;
  readonly #queueTid: number;
  #row = -1;

  constructor(perf: PerfData, queue: AuxQueue) {
    this.#timeline = tidTimeline(perf, queue);
    this.#pids = perf.pids;
    this.#queueTid = queue.tid;
    this.tid = queue.tid;
    this.pid = this.#pids.get(queue.tid) ?? -1;
  }

  byContext(tid: number): void {
    this.contextSeen = true;
    this.#set(tid | 0);
  }

  /** A record without CONTEXT, before the first one: who ran then. */
  byTime(lo: number, hi: number, known: boolean): void {
    if (known && this.#timeline.n > 0) {
      this.#row = rowAt(this.#timeline, lo, hi, this.#row);
      if (this.#row >= 0) return this.#set(this.#timeline.tid[this.#row]);
    }
    this.#set(this.#queueTid);
  }

  #set(tid: number): void {
    if (tid === this.tid) return;
    this.tid = tid;
    this.pid = this.#pids.get(tid) ?? -1;
  }
}
