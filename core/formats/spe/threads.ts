import type { AuxQueue } from '../perf-data/columns.ts';
import type { PerfData } from '../perf-data/perf-data.ts';

/** Side band that says which thread ran. */
type SideBand = Pick<PerfData, 'switches' | 'starts' | 'pids'>;

/** Which thread ran on a queue's CPU since when: it gives the thread of records without a CONTEXT packet. */
interface TidTimeline {
  readonly n: number;
  /** ns, ascending, as halves (lo at 2i). */
  readonly t: Uint32Array;
  /** -1: unknown. */
  readonly tid: Int32Array;
}

/**
 * A SWITCH OUT record names the next thread (SWITCH_CPU_WIDE) and, by its own tid, the one that ran until then. Before
 * the first switch that outranks ITRACE_START, which is older and need not be about the thread that ran on.
 */
function tidTimeline({ switches, starts }: SideBand, cpu: number): TidTimeline {
  let n = 1;
  for (let i = 0; i < switches.n; i++) if (switches.cpu[i] === cpu) n++;
  const t = new BigUint64Array(n);
  const tid = new Int32Array(n);
  let before = -1;
  for (let i = 0, row = 1; i < switches.n; i++) {
    if (switches.cpu[i] !== cpu) continue;
    const [left, came] = switches.out[i] ? [switches.tid, switches.otherTid] : [switches.otherTid, switches.tid];
    if (before < 0) before = left[i];
    t[row] = switches.t[i];
    tid[row++] = came[i];
  }
  tid[0] = before >= 0 ? before : (starts.find((start) => start.cpu === cpu)?.tid ?? -1);
  const order = Uint32Array.from(t, (_, k) => k).sort((a, b) => (t[a] < t[b] ? -1 : t[a] > t[b] ? 1 : a - b));
  const sorted = BigUint64Array.from(order, (k) => t[k]);
  return { n: t.length, t: new Uint32Array(sorted.buffer), tid: Int32Array.from(order, (k) => tid[k]) };
}

/**
 * The last row at or before the time; row 0 is at time 0. Row `hint`, where the record before it was, is tried first:
 * records come mostly in order.
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
  /** A CONTEXT packet was seen: it holds for all later records, and switch records no longer count. */
  contextSeen = false;
  readonly #perf: SideBand;
  readonly #queue: AuxQueue;
  /** Made when the first record asks for it: most captures have CONTEXT in each. */
  #timeline: TidTimeline | undefined;
  #row = -1;

  constructor(perf: SideBand, queue: AuxQueue) {
    this.#perf = perf;
    this.#queue = queue;
    this.tid = queue.tid;
    this.pid = perf.pids.get(queue.tid) ?? -1;
  }

  byContext(tid: number): void {
    this.contextSeen = true;
    this.#set(tid | 0);
  }

  /** A record without CONTEXT, before the first one: who ran then. */
  byTime(lo: number, hi: number, known: boolean): void {
    if (!known || this.#queue.cpu < 0) return this.#set(this.#queue.tid);
    const timeline = (this.#timeline ??= tidTimeline(this.#perf, this.#queue.cpu));
    this.#row = rowAt(timeline, lo, hi, this.#row);
    this.#set(timeline.tid[this.#row]);
  }

  #set(tid: number): void {
    if (tid === this.tid) return;
    this.tid = tid;
    this.pid = this.#perf.pids.get(tid) ?? -1;
  }
}
