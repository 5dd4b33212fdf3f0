/** When the profiled context ran on a CPU, from context switches: distinguishes an idle CPU from a blackout. */

import { timeOrder } from './time-order.ts';

/** PERF_RECORD_SWITCH and SWITCH_CPU_WIDE of one CPU, in any order. */
export interface CpuSwitches {
  readonly n: number;
  /** ns. */
  readonly t: Float64Array;
  /** The thread that left (`out` 1) or came (`out` 0); -1: unknown. */
  readonly tid: Int32Array;
  readonly out: Uint8Array;
  /** SWITCH_CPU_WIDE: the thread that came (`out` 1) or left (`out` 0). -1: a plain SWITCH, which only covers profiled threads. */
  readonly otherTid: Int32Array;
}

/** The idle task of every CPU (kernel/sched/idle.c, "swapper"). */
const IDLE = 0;

/**
 * Running time as start, end pairs, sorted and disjoint, within `first` to `last` (ns: the lane's first and last sample).
 * SWITCH_CPU_WIDE records show who runs at any moment: the context runs unless that is the idle task. Plain SWITCH records cover the
 * profiled threads alone: it runs from an in to the next out. Empty without switches: nothing is known.
 *
 * Of switches at one ns the file's later one counts, as the earlier led to it.
 */
export function runningOnCpu(switches: CpuSwitches, first: number, last: number): Float64Array {
  const { n, t } = switches;
  if (n === 0) return new Float64Array(0);
  const order = timeOrder(t, n);
  const pairs: number[] = [];
  // The first record shows who ran before it.
  let on = runs(switches, order[0], 'before') ? first : undefined;
  const close = (at: number): void => {
    const from = on!;
    on = undefined;
    if (at <= from) return;
    if (pairs.length && pairs[pairs.length - 1] >= from) pairs[pairs.length - 1] = at;
    else pairs.push(from, at);
  };
  for (const i of order) {
    const running = runs(switches, i, 'after');
    if (running) on ??= Math.max(first, t[i]);
    else if (on !== undefined) close(Math.min(last, t[i]));
  }
  if (on !== undefined) close(last);
  return Float64Array.from(pairs);
}

/** Whether the profiled context ran just before or after a switch. */
function runs({ tid, otherTid, out }: CpuSwitches, i: number, when: 'before' | 'after'): boolean {
  const own = (out[i] === 1) === (when === 'before');
  if (otherTid[i] < 0) return own;
  return (own ? tid[i] : otherTid[i]) !== IDLE;
}
