/** What the parameters of a run are: one flat record, plain JSON. Their defaults, units and readers are in params.ts. */
import type { AlignMode } from '../align-rules.ts';
import type { PinBreaker } from '../terms.ts';
import type { InjectedDl, TimeName } from './policy.ts';

export const placementKinds = ['explicit', 'random', 'hot', 'quiet'] as const;

export type PlacementKind = (typeof placementKinds)[number];

/** An SPE CPU taken for a vCPU. */
export interface LanePair {
  readonly cpu: number;
  readonly vcpu: number;
}

/** A piece of a lane's buffer; several pieces of one lane follow each other in buffer order. */
export interface BufferRange {
  readonly lane: number;
  /** `0x…`, page aligned. */
  readonly ipa: string;
  /** Bytes, whole pages. */
  readonly size: number;
}

export type Times = { readonly [T in TimeName]: number };

export interface RunParams extends Times {
  /** `auto`: `absolute` when both captures have one clock and overlap, else `start`. */
  readonly align: AlignMode | 'auto';
  /** Moves the KVM timeline, ns. */
  readonly offsetNs: number;
  /** Stretches the KVM timeline; `auto` is 1, or what makes the spans equal for `fit`. */
  readonly scale: number | 'auto';
  readonly placement: PlacementKind;
  readonly buffers: readonly BufferRange[];
  /** `auto`: CPUs and vCPUs pair by number. */
  readonly lanes: readonly LanePair[] | 'auto';
  /** Which VM of the trace's description, from 0; `auto` is the one with the most vCPUs. */
  readonly vm: number | 'auto';
  /** Random placements tried. */
  readonly trials: number;
  readonly seed: number;
  readonly bufferBytes: number;
  /** Service point; `auto` is half the buffer. */
  readonly watermarkBytes: number | 'auto';
  /** The private buffer of `pin: private-buffer`. */
  readonly privateBytes: number;
  /** Guest memory that `pin: vm` pins; `auto` is the VM's slots where known, else the SPE buffers. */
  readonly vmBytes: number | 'auto';
  /** Overrides every policy's own; `policy` keeps them. */
  readonly unpinnedBy: readonly PinBreaker[] | 'policy';
  readonly injectDl: InjectedDl | 'policy';
  /** Trapped writes to PMBPTR_EL1, PMBLIMITR_EL1 at each enable; a policy may have its own. */
  readonly trapsPerEnable: number;
  /** RLIMIT_MEMLOCK of the VMM, which `pin: enable` counts against. */
  readonly rlimitBytes: number | 'none';
  /** After `exit-to-userspace`: the VMM settles it and the vCPU goes on, or leaves profiling off to the session's end. */
  readonly afterExit: 'resume' | 'stop';
  /** Probability that the hardware sets DL at a stage 2 fault (PMBSR_EL1.DL: part of a record was lost). */
  readonly dlProbability: number;
  /** Further records lost where KVM resumes after DL=1 without telling the guest: the decoder meets a torn one. */
  readonly tornRecords: number;
  /** What a guest discards when notified: nothing, everything since the last service point after an external abort, or that at any DL=1. */
  readonly dlDiscard: DlDiscard;
  readonly guestReaction: 'linux' | 'discard-session';
  /** Linux allocates AUX pages zeroed: the guest's CPU has touched the buffer before the SPU does. */
  readonly guestZeroes: boolean;
  /** Linux panics at an SError unless its ESR says corrected or restartable. */
  readonly guestSError: 'panic' | 'survives';
  /** No unmap loses the page's contents. */
  readonly contentsKept: boolean;
  /** From SPEv1p3 on the SPU may not report external aborts; nothing else depends on it. */
  readonly speVersion: SpeVersion;
  /** FEAT_SPE_EXC: stage 2 faults of the SPU come as exceptions to EL2, not by PMBIRQ. */
  readonly profilingException: boolean;
  /** PMBIDR_EL1.F: the SPU sets access flag and dirty state, so pages that were aged don't fault. */
  readonly spuFlagUpdates: boolean;
  /** State of pages before the trace says anything about them. */
  readonly initial: 'mapped' | 'unmapped';
  readonly latency: 'median' | 'sampled';
  /** Take latencies from the trace where it has them. */
  readonly calibrate: boolean;
  /** Observed blackouts: a gap is longer than `max(gapFactor * median gap, gapMinNs)`. */
  readonly gapFactor: number;
  readonly gapMinNs: number;
}

/** Later versions replay as SPEv1p3 does: what they add is not modelled, except FEAT_SPE_EXC, which `profilingException` sets. */
export const speVersions = ['SPEv1', 'SPEv1p1', 'SPEv1p2', 'SPEv1p3'] as const;

export type SpeVersion = (typeof speVersions)[number];

export const dlDiscards = ['record', 'abort', 'buffer'] as const;

export type DlDiscard = (typeof dlDiscards)[number];

export type ParamName = keyof RunParams;

/** `measured`: from a capture; `assumed`: the default; `user`: set by hand. */
export type ParamOrigin = 'measured' | 'assumed' | 'user';

export interface ResolvedParams {
  readonly params: RunParams;
  readonly origin: { readonly [P in ParamName]: ParamOrigin };
}
