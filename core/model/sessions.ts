/** Sessions: when profiling was enabled on a lane (docs/model.md, Sessions). */
import type { CaptureMode } from './outcome.ts';

/** Moments at which a profiled task came to a lane or left it, in time order. */
export interface TaskMarks {
  readonly n: number;
  /** ns in the run. */
  readonly t: Float64Array;
  /** 1: the task leaves (PERF_RECORD_MISC_SWITCH_OUT, EXIT); 0: it comes, or is seen running (SWITCH, ITRACE_START, FORK by it). */
  readonly out: Uint8Array;
  /** 1: a context switch, which must pair with another; 0: another record, which only shows that the task runs, or ends. */
  readonly paired: Uint8Array;
}

export interface Sessions {
  /** Start, end pairs, sorted and disjoint; both ends belong to the session. ns in the run. */
  readonly sessions: Float64Array;
  readonly mode: CaptureMode;
  /** Switch records that don't pair: a second in or out in a row, of which the first counts. Lost records, most likely. */
  readonly unpaired: number;
}

/** One session from `first` to `last`, ns: the lane's first and last sample, or the capture's own ends. */
export function wholeLane(first: number, last: number, mode: CaptureMode = 'cpu-bound'): Sessions {
  return { sessions: Float64Array.of(first, last), mode, unpaired: 0 };
}

/** A lane without samples has no session. */
export function noSession(mode: CaptureMode): Sessions {
  return { sessions: new Float64Array(0), mode, unpaired: 0 };
}

/**
 * Sessions of a lane whose event follows tasks: the Linux driver enables the SPU when a profiled task is switched in and disables
 * it when that is switched out. A lane that begins with a task leaving was on from its first sample; one that ends with a task
 * coming stays on to its last. With no marks there is one session from the first sample to the last.
 *
 * @param first, last the lane's first and last sample, ns
 */
export function taskSessions(marks: TaskMarks, first: number, last: number): Sessions {
  if (marks.n === 0) return wholeLane(first, last, 'task-bound');
  const pairs: number[] = [];
  let unpaired = 0;
  let on = marks.out[0] === 1 && first <= marks.t[0] ? first : undefined;
  // Whether a switch, not another record, led to the present state: a second one is then one too many.
  let switched = true;
  const close = (start: number, end: number): void => {
    // A switch-in at the very ns of the switch-out before it: the moment belongs to the earlier session.
    const from = pairs.length && start <= pairs[pairs.length - 1] ? pairs[pairs.length - 1] + 1 : start;
    if (from <= end) pairs.push(from, end);
  };
  for (let i = 0; i < marks.n; i++) {
    const at = marks.t[i];
    const paired = marks.paired[i] === 1;
    const changes = (marks.out[i] === 1) === (on !== undefined);
    if (!changes) {
      // ITRACE_START comes just before the first switch-in's own record: no switch is missing between them.
      if (paired && switched) unpaired++;
      switched ||= paired;
      continue;
    }
    if (on === undefined) on = at;
    else {
      close(on, at);
      on = undefined;
    }
    switched = paired;
  }
  if (on !== undefined) close(on, Math.max(on, last));
  return { sessions: Float64Array.from(pairs), mode: 'task-bound', unpaired };
}
