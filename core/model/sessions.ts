/** Sessions: when profiling was enabled on a lane (model.md section 2, Sessions). */
import type { CaptureMode } from './outcome.ts';

/** Context switches of what a lane profiles, in time order: PERF_RECORD_SWITCH of a per-thread capture. */
export interface Switches {
  readonly n: number;
  /** ns in the run. */
  readonly t: Float64Array;
  /** 1: the task is switched out (PERF_RECORD_MISC_SWITCH_OUT); 0: in. */
  readonly out: Uint8Array;
}

export interface Sessions {
  /** Start, end pairs, sorted and disjoint; both ends belong to the session. ns in the run. */
  readonly sessions: Float64Array;
  readonly mode: CaptureMode;
  /** Switch records that don't pair: a second in or out in a row, of which the first counts. Lost records, most likely. */
  readonly unpaired: number;
}

/** A per-CPU capture: one session from `first` to `last`, ns: the lane's first and last sample, or the capture's own ends. */
export function wholeLane(first: number, last: number): Sessions {
  return { sessions: Float64Array.of(first, last), mode: 'cpu-bound', unpaired: 0 };
}

/** A lane without samples or switches has no session at all. */
export function noSession(mode: CaptureMode): Sessions {
  return { sessions: new Float64Array(0), mode, unpaired: 0 };
}

/**
 * Per-thread sessions: the Linux driver enables the SPU when the profiled task is switched in and disables it when it is
 * switched out. A capture that begins with an out was on from its first sample; one that ends with an in stays on to its
 * last. Without any switch record there is one session from the first sample to the last, and since then nothing says
 * when the task comes back, the lane counts as per-CPU.
 *
 * @param first, last the lane's first and last sample, ns
 */
export function switchSessions(switches: Switches, first: number, last: number): Sessions {
  if (switches.n === 0) return wholeLane(first, last);
  const pairs: number[] = [];
  let unpaired = 0;
  let on = switches.out[0] === 1 && first <= switches.t[0] ? first : undefined;
  const close = (start: number, end: number): void => {
    // A switch-in at the very ns of the switch-out before it: the moment belongs to the earlier session.
    const from = pairs.length && start <= pairs[pairs.length - 1] ? pairs[pairs.length - 1] + 1 : start;
    if (from <= end) pairs.push(from, end);
  };
  for (let i = 0; i < switches.n; i++) {
    const at = switches.t[i];
    if (switches.out[i]) {
      if (on === undefined) unpaired++;
      else close(on, at);
      on = undefined;
    } else if (on === undefined) {
      on = at;
    } else {
      unpaired++;
    }
  }
  if (on !== undefined) close(on, Math.max(on, last));
  return { sessions: Float64Array.from(pairs), mode: 'task-bound', unpaired };
}
