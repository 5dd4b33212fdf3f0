/**
 * The part of the contract that the timeline draws from. Every reply is bounded by the requested bins, whatever the zoom and the capture's
 * size. Times are ns, whole numbers below 2^53: after the timeline's origin, or (of a trace) after the trace's first event; a trace's time
 * t shows at `shiftNs + copy * periodNs + t * scale`.
 */
import { z } from 'zod';
import { dlVariants } from '../model/terms/results.ts';
import type { DlVariant } from '../model/terms/results.ts';
import type { Answer } from '../model/terms.ts';
import { flagColors } from './limits.ts';
import type { FlagColor } from './limits.ts';

const Id = z.number().int().nonnegative();
const Time = z.number().int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const Ns = z.string().regex(/^\d{1,20}$/);
const DlDiscard = z.enum(dlVariants);
/** The stretch in view, and its resolution. */
const Stretch = { start: Time, end: Time, bins: z.number().int().min(1).max(16_384) };
const Policy = z.string().max(64);

export interface TimelineFacts {
  /** Zero of the timeline, ns in the clock of what it shows, decimal. */
  readonly origin: string;
  /** ns from there to the last record. */
  readonly span: number;
  readonly run?: number;
  readonly spe?: number;
  readonly kvm?: number;
  /** Ascending by vCPU. */
  readonly lanes: readonly TimelineLane[];
  readonly trace?: TracePlace;
  /** As replayed. */
  readonly policies: readonly { readonly id: string; readonly title: string }[];
  /** The run's own reading of DL. */
  readonly dlDiscard?: DlVariant;
  /** The timeline isn't prepared yet: an older lab whose levels of detail must still be built. */
  readonly unprepared: boolean;
}

export interface TimelineLane {
  /** vCPU number; without a run the CPU's, or the thread's place. */
  readonly lane: number;
  /** Lane of the SPE capture, if any. */
  readonly spe?: number;
  readonly cpu?: number;
  /** Profiled thread (per-thread captures). */
  readonly tid?: number;
  readonly samples: number;
  /** The vCPU's thread in the trace, if known. */
  readonly vcpuTid?: number;
}

/** How a trace lies on the timeline. */
export interface TracePlace {
  readonly shiftNs: number;
  readonly scale: number;
  readonly copies: number;
  readonly periodNs: number;
  /** ns of the trace's own time. */
  readonly span: number;
}

/** Counts (or, of guest runs, ns) in neighbouring bins; the first starts at `first`. A level of detail when `width` > 1. */
export interface Bins {
  readonly width: number;
  readonly first: number;
  readonly counts: Uint32Array;
}

export interface TraceTrack extends Bins {
  /** `guest` (ns in the guest), `fault`, `lost`, or a stage 2 change: `map`, `unmap:userspace`, … */
  readonly track: string;
  /** Thread, or -1 for what concerns the whole VM. */
  readonly tid: number;
}

/** Items of a track, neighbours closer than a bin merged. */
export interface Bands {
  readonly n: number;
  readonly policy: Uint16Array;
  readonly lane: Int32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Index into `kinds`. */
  readonly kind: Uint8Array;
  /** Index into `causes`; 255: none, or several. */
  readonly cause: Uint8Array;
  /** How many this represents. */
  readonly count: Uint32Array;
  /** ns of [start, end) that they cover. */
  readonly covered: Float64Array;
  readonly lost: Float64Array;
}

/** One lane's samples in neighbouring bins of `width` ns, the first at `first`. */
export interface LaneFates {
  readonly lane: number;
  readonly width: number;
  readonly first: number;
  /** Kept or lost. */
  readonly samples: Uint32Array;
  /** ns of each bin in which the lane was profiled. */
  readonly session: Float32Array;
}

/** A policy's losses on a lane. Sparse: the bins (places in the lane's `samples`) that its windows touch, ascending. */
export interface PolicyFates {
  /** Place in the request. */
  readonly policy: number;
  readonly lane: number;
  readonly bin: Uint32Array;
  /** Samples lost: exact for windows within a bin, and in the sum over a window's bins. */
  readonly lost: Float32Array;
  /** ns in windows, and in windows that lose samples. */
  readonly dark: Float32Array;
  readonly losing: Float32Array;
  /** Windows that touch the bin. */
  readonly windows: Uint32Array;
  /** Index into `kinds`: the kind that loses most there. */
  readonly kind: Uint8Array;
}

export interface Fates {
  readonly kinds: readonly string[];
  readonly lanes: readonly LaneFates[];
  readonly policies: readonly PolicyFates[];
}

/** An area, that is a stretch of time on some lanes. */
export interface AreaFacts {
  /** Samples, kept or lost; for areas of more than half a million records to within a bin at either end. */
  readonly samples: number;
  readonly lost: number;
  /** ns profiled, ns of that in windows, and ns in which the vCPUs were stopped (on the host's clock). */
  readonly sessionNs: number;
  readonly darkNs: number;
  readonly stallNs: number;
  /** Most samples lost first. */
  readonly byReason: readonly {
    readonly kind: string;
    readonly cause: string | null;
    readonly windows: number;
    readonly lost: number;
    readonly ns: number;
  }[];
  /** Windows that touch it, by lane and start; those that lose most if there are more than `MAX_AREA_WINDOWS`. */
  readonly windows: readonly FoundWindow[];
  readonly windowCount: number;
}

/** A named moment. */
export interface Flag {
  readonly id: number;
  /** ns after the requested origin. */
  readonly t: number;
  readonly name: string;
  readonly color: FlagColor;
  readonly note: string;
}

export interface RunBands {
  readonly kinds: readonly string[];
  readonly causes: readonly string[];
  /** By policy (its place in the request), lane, start. */
  readonly windows: Bands;
  /** The host's work while the vCPU was stopped: `end` - `start` is its time on the clock of the samples, which doesn't run then. */
  readonly stalls: Bands;
  /** Stage 2 changes of the lanes' SPE buffers: moments (`start`). */
  readonly buffer: Bands;
  readonly sessions: Bands;
}

/**
 * What perf flagged in an SPE capture: AUX records by flags (TRUNCATED 1, OVERWRITE 2, PARTIAL 4, COLLISION 8), LOST records
 * (flags 0). In time order by kind; those in one bin merged.
 */
export interface SideMarks {
  readonly n: number;
  /** The capture's own lane number; -1: no lane with samples. */
  readonly lane: Int32Array;
  readonly t: Float64Array;
  readonly flags: Uint8Array;
  readonly count: Uint32Array;
}

export interface FoundWindow {
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly cause: string | null;
  /** Hex. */
  readonly ipa: string | null;
  readonly action: Answer | null;
  readonly lost: number;
  /** The stage 2 change that made the page fault, the latest before the window; or that wiped its contents, the first one after. */
  readonly trigger?: {
    /** On the timeline. */
    readonly t: number;
    readonly kind: string;
    readonly cause: string | null;
    readonly evidence: string;
    /** Share of such evidence that is right at least, 0 … 1, as measured; null if never measured. */
    readonly confidence: number | null;
    /** Of an unmap or a read-only map: who announced it, what became of the contents, and whether that is measured or assumed. */
    readonly notify?: string;
    readonly contents?: string;
    readonly contentsOrigin?: string;
    readonly pages: number;
    /** The trace's event at that moment, as trace-cmd prints it. */
    readonly line?: string;
  };
}

/** Blackouts that a capture shows without a replay, by lane, then start; if too many, the longest. */
export interface ObservedBands {
  /** As `TimelineLane.lane` of a capture alone. */
  readonly lane: Int32Array;
  /** ns after the requested origin: the last record before, the first one after. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** ns of it in which the profiled context ran. */
  readonly darkNs: Float64Array;
  /** Index into `reasons`. */
  readonly reason: Uint8Array;
  readonly reasons: readonly string[];
  /** Blackouts left out, shorter than all of these. */
  readonly left: number;
}
export const MAX_OBSERVED = 50_000;

export interface TraceLine {
  /** ns after the trace's first event. */
  readonly t: number;
  readonly event: string;
  /** As `trace-cmd report -N -t` prints it. */
  readonly line: string;
}

export interface Hit {
  /** On the timeline. */
  readonly t: number;
  readonly what: string;
  readonly lane?: number;
}

/** Exits of one reason. Times: from kvm_exit to that thread's next kvm_entry, ns; missing where no entry followed. */
export interface ExitRow {
  /** `IRQ`, or the exception class of a trap: the trace's own name for it. */
  readonly reason: string;
  readonly count: number;
  /** Those with a known time in the host: an entry followed, and the tracer lost nothing in between. */
  readonly timed: number;
  /** Those of `timed` that went on to the VMM (kvm_userspace_exit). */
  readonly toUser: number;
  readonly totalNs: number;
  readonly p50Ns?: number;
  readonly p99Ns?: number;
  readonly maxNs?: number;
}

/** Blackouts that an SPE capture shows without a replay. */
export interface ObservedSummary {
  readonly blackouts: number;
  /** ns in them while the profiled context ran, and ns it ran in total. */
  readonly darkNs: number;
  readonly runningNs: number;
  readonly byReason: readonly { readonly reason: string; readonly blackouts: number; readonly darkNs: number }[];
  /** AUX and LOST records that can't be placed: no time, or no lane with samples. */
  readonly unplaced: number;
  /** Lanes whose context switches are unknown: idle time in them may show as gaps. */
  readonly lanesWithoutSwitches: readonly number[];
}

export interface Exits {
  /** Most time first. */
  readonly rows: readonly ExitRow[];
  readonly exits: number;
  readonly totalNs: number;
}

export const FlagEdit = z.strictObject({
  id: Id.optional(),
  capture: Id,
  origin: Ns,
  t: Time,
  name: z.string().trim().min(1).max(80),
  color: z.enum(flagColors),
  note: z.string().max(2000),
});
export type FlagEdit = z.infer<typeof FlagEdit>;

const reply = <T>() => z.custom<T>();

export const timelineMethods = {
  /** What can be shown of a run, or of one capture. */
  timeline: {
    params: z.union([z.strictObject({ run: Id }), z.strictObject({ capture: Id })]),
    result: reply<TimelineFacts>(),
  },
  /** Samples of each lane of an SPE capture, by the lane's number in the capture. */
  density: {
    params: z.strictObject({ spe: Id, origin: Ns, ...Stretch }),
    result: reply<readonly ({ readonly lane: number } & Bins)[]>(),
  },
  /** What perf flagged in it. */
  sideMarks: { params: z.strictObject({ spe: Id, origin: Ns, ...Stretch }), result: reply<SideMarks>() },
  /** Tracks of a trace, in its own time. */
  traceTracks: {
    params: z.strictObject({ kvm: Id, ...Stretch }),
    result: reply<readonly TraceTrack[]>(),
  },
  /** A replay's result for the stretch, under some of its policies. */
  bands: {
    params: z.strictObject({
      run: Id,
      dlDiscard: DlDiscard,
      policies: z.array(Policy).max(32),
      ...Stretch,
      lanes: z.array(Id).max(1024).optional(),
    }),
    result: reply<RunBands>(),
  },
  /** Samples of the stretch, and which of them are lost under some of the run's policies. */
  fates: {
    params: z.strictObject({
      ...{ run: Id, dlDiscard: DlDiscard, policies: z.array(Policy).max(32), ...Stretch },
      /** All lanes if omitted. */
      lanes: z.array(Id).max(1024).optional(),
    }),
    result: reply<Fates>(),
  },
  area: {
    params: z.strictObject({
      ...{ run: Id, policy: Policy, dlDiscard: DlDiscard, from: Time, to: Time },
      lanes: z.array(Id).max(1024).optional(),
    }),
    result: reply<AreaFacts>(),
  },
  /** Flags of a capture, in time order. */
  flags: { params: z.strictObject({ capture: Id, origin: Ns }), result: reply<readonly Flag[]>() },
  /** Adds a flag, or changes that of `id`. Returns its id. */
  putFlag: { params: FlagEdit, result: reply<{ readonly id: number }>() },
  removeFlag: { params: z.strictObject({ id: Id }), result: reply<Record<string, never>>() },
  /** A window by position: the one that starts at `at`, the next or previous one, or the longest. Null if there is none. */
  findWindow: {
    params: z.strictObject({
      run: Id,
      policy: Policy,
      dlDiscard: DlDiscard,
      lane: Id.optional(),
      which: z.enum(['at', 'next', 'previous', 'longest']),
      at: Time,
    }),
    result: reply<FoundWindow | null>(),
  },
  /** Events of a trace, in its own time. */
  traceEvents: {
    params: z.strictObject({ kvm: Id, start: Time, end: Time, limit: z.number().int().min(1).max(500) }),
    result: reply<readonly TraceLine[]>(),
  },
  /** What a capture lost on its own. Fails if its samples have no times. */
  observed: { params: z.strictObject({ spe: Id }), result: reply<ObservedSummary>() },
  /** The same one by one, for lanes without a run; fails likewise. */
  observedBands: { params: z.strictObject({ spe: Id, origin: Ns }), result: reply<ObservedBands>() },
  /** Why vCPUs left the guest, and for how long. */
  exits: {
    /** Those that begin in a part of the trace, in its own time; all if absent. */
    params: z.strictObject({ kvm: Id, part: z.strictObject({ start: Time, end: Time }).optional() }),
    result: reply<Exits>(),
  },
  /** Moments that match a word: an event's name, an address (IPA or PC, `0x…`), a binary. At most 200, in time order. */
  search: {
    params: z.strictObject({ run: Id, text: z.string().min(1).max(200) }),
    result: reply<readonly Hit[]>(),
  },
} as const;
