/** What is stored with a run besides its parameters and results: plain JSON, from which reports and windows describe the run. */
import type { Alignment } from './alignment.ts';
import type { Certainty } from './certainty.ts';
import type { Scenario } from './scenario.ts';

export interface RunFacts {
  /** Of the model that replayed it; absent: the first. */
  readonly edition?: 2;
  /** First sample: the run's zero, ns in the SPE capture's clock, decimal. */
  readonly origin: string;
  /** ns to the last sample. */
  readonly span: number;
  readonly alignment: Alignment;
  /** Place of the VM in the trace's description. */
  readonly vmIndex?: number;
  readonly buffers: readonly LaneBuffer[];
  readonly placementWarnings: readonly string[];
  readonly vm?: {
    readonly pid?: number;
    readonly slots: readonly { readonly slot: number; readonly ipa: string; readonly bytes: number }[];
    readonly vcpus: readonly { readonly vcpu: number; readonly tid: number }[];
  };
  readonly timeline: {
    readonly rows: number;
    /** From the kernel's own page-table calls. */
    readonly exact: boolean;
    readonly losses: number;
    readonly unattributed: number;
    readonly strangers: number;
    /** Absent in runs stored before it was counted. */
    readonly unshownFetches?: number;
    /** Shares of the buffers' page-time by certainty. */
    readonly certainty: Readonly<Record<Certainty, number>>;
    readonly rowsByEvidence: Readonly<Record<string, number>>;
  };
  readonly calibration: Readonly<Record<string, MeasuredLatency>>;
  readonly notes: readonly string[];
  readonly scenario?: Scenario;
  /** Ids of the assumption checks that were replayed, where they weren't all. */
  readonly checks?: readonly string[];
}

export interface LaneBuffer {
  readonly lane: number;
  readonly bytes: number;
  /** In buffer order, neighbours joined. */
  readonly ranges: readonly { readonly ipa: string; readonly bytes: number }[];
}

/** ns, as measured in the trace (before scaling). */
export interface MeasuredLatency {
  readonly count: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
}
