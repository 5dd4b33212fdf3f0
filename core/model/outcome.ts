/**
 * What a replay takes and gives, as columns. All times are ns after the run's origin (the reference capture's first
 * sample, or whatever the caller chose for both clocks): whole numbers, exact in doubles below 2^53 ns.
 */
import type { PolicyId } from './policy.ts';

/** `task-bound`: profiling follows tasks, a session is a switch-in of one of them; `cpu-bound`: it is on for the whole capture. */
export type CaptureMode = 'task-bound' | 'cpu-bound';

/** One lane's reference profile: a vCPU, or the physical CPU taken for it. */
export interface Lane {
  /** The vCPU's number. */
  readonly lane: number;
  /** ns, ascending, one per record. */
  readonly t: Float64Array;
  /** Bytes each record took in the SPE buffer, padding included. */
  readonly size: Uint32Array;
  /** Sessions (profiling enabled) as start, end pairs, sorted and disjoint; both ends belong to the session. */
  readonly sessions: Float64Array;
  /** `task-bound`: each session is a switch-in of a profiled task, so a killed one can come back at the next. */
  readonly mode: CaptureMode;
  /** The buffer: IPA page numbers in buffer order. */
  readonly pages: Float64Array;
}

/** Fates of a sample. A lost one holds `LOST + index into windowKinds`. */
export const KEPT = 0;
export const LOST = 1;
/** Outside every session: not part of the reference. */
export const OUTSIDE = 255;
/** No cause class or no answer in a window's column. */
export const NONE = 255;

/** Blackout windows, sorted by lane, then start; those of one lane are disjoint. */
export interface Windows {
  readonly n: number;
  readonly lane: Int32Array;
  /** ns. */
  readonly start: Float64Array;
  /**
   * ns. A fault's window holds the samples of [start, end), and the faulting one even when both are equal; `buffer-full` and
   * `copy-out` begin after the sample at `start` and hold (start, end]; `torn`, `wiped`, `copy-failed` and `discarded` hold both
   * ends. No window reaches past its session's end.
   */
  readonly end: Float64Array;
  /** Index into `windowKinds`. */
  readonly kind: Uint8Array;
  /** Index into `causeClasses`, or NONE. */
  readonly cause: Uint8Array;
  /** IPA page of the fault (of the fault that killed the VM, on the other lanes too); -1 without one. */
  readonly page: Float64Array;
  /** Index into `answers`, or NONE. */
  readonly action: Uint8Array;
  /** Samples lost in it. */
  readonly lost: Uint32Array;
}

/** Columns for `n` windows, to be filled. */
export function emptyWindows(n: number): Windows {
  return {
    n,
    lane: new Int32Array(n),
    start: new Float64Array(n),
    end: new Float64Array(n),
    kind: new Uint8Array(n),
    cause: new Uint8Array(n),
    page: new Float64Array(n),
    action: new Uint8Array(n),
    lost: new Uint32Array(n),
  };
}

/** Host time during which a vCPU was stopped, in time order. */
export interface Stalls {
  readonly n: number;
  readonly lane: Int32Array;
  readonly t: Float64Array;
  readonly ns: Float64Array;
  /** Index into `stallKinds`. */
  readonly kind: Uint8Array;
}

/** What one policy does to the reference profile. */
export interface PolicyOutcome {
  readonly policy: PolicyId;
  /** Per lane (in the order of the input): samples inside sessions. */
  readonly reference: readonly number[];
  /** Per lane, per sample: KEPT, LOST + kind, or OUTSIDE. Built on first access: counts don't need it, see `reference` and `windows`. */
  readonly fates: readonly Uint8Array[];
  /**
   * Per lane: the samples in sessions, and of these the lost ones, as [from, to) pairs of indices with gaps between. The fates in short.
   */
  readonly inside: readonly Uint32Array[];
  readonly lost: readonly Uint32Array[];
  readonly windows: Windows;
  readonly stalls: Stalls;
  /** Stage 2 faults taken, by index into `causeClasses`. */
  readonly faults: Uint32Array;
  /** Enables that the memlock limit refused (`pin: enable`, `rlimitBytes`). */
  readonly refused: number;
  /** Bytes of guest memory pinned at most at one time. */
  readonly pinnedBytesPeak: number;
  /** Pinned bytes integrated over time, byte·s. */
  readonly pinnedByteSeconds: number;
}
