/**
 * Everything a report says, as one plain object. The report's maker fills it (core/lab); rendering adds only form. Times are ns after the
 * run's origin.
 */
import type { CheckResult } from '../model/terms/results.ts';
import type { LatencySkew } from '../analysis/latency.ts';
import type { SkewDigest } from '../analysis/skew-digest.ts';
import type { Summary, Trials } from '../analysis/summary.ts';
import type { EventTrack } from '../analysis/tracks.ts';
import type { Verdict } from '../analysis/verdict.ts';
import type { Windows } from '../model/outcome.ts';
import type { AlignMode } from '../model/align-rules.ts';
import type { ParamOrigin } from '../model/params.ts';

export interface Report {
  /** Umbra's version. */
  readonly umbra: string;
  /** Exact command line that makes this report again. */
  readonly command: string;
  readonly seed: number;
  /** What a reader must know to judge the numbers, e.g. `synthesised capture`, `emulated: timings not from silicon`. */
  readonly notes: readonly string[];
  readonly inputs: readonly ReportInput[];
  readonly alignment: {
    readonly mode: AlignMode;
    /** Shift of the KVM timeline, ns. */
    readonly offsetNs: number;
    /** Stretch of the KVM timeline; marked wherever results show unless 1. */
    readonly scale: number;
    /** Two machines' clocks that were compared: SPE's minus the trace's, its drift; ± ns. */
    readonly clocks?: { readonly offsetNs: number; readonly driftPpb: number; readonly uncertaintyNs: number };
  };
  /** The VM description: memslots, vCPU threads, buffers. */
  readonly vm: readonly Fact[];
  /** Where the SPE buffers lie, and how that was chosen. */
  readonly placement: readonly Fact[];
  /** How sure the stage 2 timeline is. */
  readonly certainty: readonly Fact[];
  readonly parameters: readonly ReportParameter[];
  readonly span: { readonly start: number; readonly end: number };
  readonly lanes: readonly LaneTrack[];
  /** What the skew counts: `pc`, `page`, `symbol`, … */
  readonly skewKey: string;
  readonly policies: readonly PolicyReport[];
}

/** A label and its value, both as shown. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface ReportInput {
  readonly kind: 'spe' | 'kvm';
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly format: string;
  /** Kernel, machine, CPUs, records or events, clock, command, … */
  readonly facts: readonly Fact[];
  readonly warnings: readonly ReportWarning[];
}

export interface ReportWarning {
  readonly severity: 'info' | 'undecoded' | 'data-loss';
  readonly message: string;
  readonly count: number;
  /** Byte offset of the first. */
  readonly offset?: number;
  /** Bytes skipped. */
  readonly bytes?: number;
}

export interface ReportParameter {
  readonly name: string;
  /** As shown, without the unit. */
  readonly value: string | number;
  readonly unit: string;
  readonly origin: ParamOrigin;
}

export interface LaneTrack {
  readonly lane: number;
  readonly label: string;
  readonly records: number;
  /** Samples in equal parts of the span. */
  readonly density: ArrayLike<number>;
  /** Stage 2 events on the lane's buffer. */
  readonly events: EventTrack;
}

export interface PolicyReport {
  readonly id: string;
  readonly title: string;
  /** One plain sentence. */
  readonly summary: string;
  /** No stage 2: what the others are compared with. */
  readonly isReference: boolean;
  readonly outcome: ReportedOutcome;
}

/** What became of the profile under a policy, as the run assumes. */
export interface ReportedOutcome {
  readonly summary: Summary;
  readonly verdict: Verdict;
  /** Over placement trials, where there were several. */
  readonly trials?: Trials;
  /** Undefined when nothing survived. */
  readonly skew?: SkewDigest;
  readonly latency?: LatencySkew;
  readonly windows: WindowColumns;
  /** What the assumption checks make of it; absent in runs of the model's first edition. */
  readonly checks?: readonly CheckResult[];
  /** A policy replayed before it that loses the same samples. */
  readonly sameAs?: string;
}

/** By lane, then start. */
export type WindowColumns = Pick<Windows, 'n' | 'lane' | 'start' | 'end' | 'kind'>;
