import type { AlignMode } from '../align-rules.ts';

/** What was done to the timeline: stored with a run and shown with its results. */
export interface Alignment {
  readonly align: AlignMode;
  readonly offsetNs: number;
  readonly scale: number;
  /** The trace's timings were stretched: results are those of a machine that much slower or faster. */
  readonly scaled: boolean;
  /** Trace origin in the run, ns. */
  readonly shiftNs: number;
  /** How many copies of the timeline were laid end to end. */
  readonly copies: number;
  /** `absolute` on two machines' clocks that were compared: SPE's less the trace's at its start, its drift, and ± what. */
  readonly clocks?: {
    readonly offsetNs: number;
    readonly driftPpb: number;
    readonly uncertaintyNs: number;
  };
  /** One sentence. */
  readonly description: string;
}
