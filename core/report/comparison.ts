/**
 * Everything a comparison report says, as one plain object, as model.ts does for the report of one run. A is compared with B: every
 * difference is A's value minus B's.
 */
import type { CheckResult } from '../model/terms/results.ts';
import type { Comparison } from '../analysis/compare.ts';
import type { ObservedReason } from '../analysis/observed.ts';
import type { Cause } from '../analysis/cause.ts';
import type { Summary, Trials } from '../analysis/summary.ts';
import type { VerdictWord } from '../model/terms.ts';
import type { ParamOrigin } from '../model/params.ts';
import type { ReportInput } from './model.ts';

/** `runs`: the policies that both have. `policies`: one of A's against another, mostly of the same run. `captures`: no replay. */
export type ComparisonSubject = 'runs' | 'policies' | 'captures';

export interface ComparisonReport {
  /** Umbra's version. */
  readonly umbra: string;
  /** Exact command line that makes this report again, in a lab that has both sides. */
  readonly command: string;
  readonly subject: ComparisonSubject;
  /** What the shares count: `page`, `symbol`, … */
  readonly by: string;
  /** Both are what survived of the same samples: compared block of time by block of time. */
  readonly paired: boolean;
  /** What a reader must know to judge the numbers, of either side. */
  readonly notes: readonly string[];
  readonly a: ComparisonSide;
  readonly b: ComparisonSide;
  /** Parameters, the policies' decisions, or facts of the captures, that aren't the same. */
  readonly differing: readonly Differing[];
  /** How many were looked at. */
  readonly settings: number;
  /** One per policy; one in total for policies and captures. */
  readonly pairs: readonly ComparedPair[];
}

export interface ComparisonSide {
  /** `run 1`, `map-on-fault`, `run 1, map-on-fault`, `pair-2cpu.perf.data`. */
  readonly name: string;
  /** Id in the lab file: of the run, or of the SPE capture. */
  readonly id: number;
  /** What made it; a capture was recorded, not made. */
  readonly command?: string;
  readonly seed?: number;
  readonly inputs: readonly ReportInput[];
  /** Stretch of the KVM timeline; 1 for captures. */
  readonly scale: number;
  /** A capture's own blackouts. */
  readonly observed?: ObservedTotals;
}

/** Blackouts that a capture itself shows. ns. */
export interface ObservedTotals {
  readonly darkNs: number;
  readonly runningNs: number;
  /** darkNs / runningNs. */
  readonly darkShare: number;
  readonly collisions: number;
  readonly lostRecords: number;
  readonly byReason: Readonly<Record<ObservedReason, { readonly blackouts: number; readonly darkNs: number }>>;
}

/** As shown, without the unit; `–` where a side has none. */
export interface Differing {
  readonly name: string;
  readonly unit: string;
  readonly a: string;
  readonly b: string;
  readonly originA?: ParamOrigin;
  readonly originB?: ParamOrigin;
}

export interface ComparedPair {
  /** The policy, or `map-on-fault against pin-vm`; the captures' names. */
  readonly name: string;
  readonly a?: PairSide;
  readonly b?: PairSide;
  /** Undefined when nothing survived on one side. */
  readonly comparison?: Comparison;
}

export interface PairSide {
  readonly policy: string;
  readonly summary: Summary;
  readonly trials?: Trials;
  /** Against the side's own reference. */
  readonly verdict: VerdictWord;
  /** What the assumption checks say of it; absent in runs of the model's first edition. */
  readonly checks?: readonly CheckResult[];
  /** Undefined when nothing survived. */
  readonly cause?: Cause;
  readonly windows: readonly WindowCount[];
}

/** Blackout windows of one cause class (`none`: no stage 2 fault) and kind. */
export interface WindowCount {
  readonly cause: string;
  readonly kind: string;
  readonly windows: number;
  readonly ns: number;
  readonly lost: number;
}
