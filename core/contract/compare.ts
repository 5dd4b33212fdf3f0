/** The result of comparing two captures or two runs. */
import type { Comparison } from '../model/terms/comparison.ts';
import type { ObservedReason, ObservedTotals } from '../model/terms/observed.ts';
import type { Summary, CheckResult } from '../model/terms/results.ts';
import type { KeyKind } from '../model/terms/skew.ts';
import type { VerdictWord } from '../model/terms.ts';

/** What a capture lost on its own, in total. */
export interface ObservedShare extends ObservedTotals {
  /** Dark share of the time the profiled context was running, 0 … 1. */
  readonly darkShare: number;
  readonly byReason: Readonly<Record<ObservedReason, { readonly blackouts: number; readonly darkNs: number }>>;
  /** AUX and LOST records without a time, or without a lane that has samples: counted, but not placed. */
  readonly unplaced: number;
}

/** One side's part. */
export interface Side {
  readonly id: number;
  readonly name: string;
}

export interface CaptureComparison {
  readonly a: Side & { readonly observed: ObservedShare };
  readonly b: Side & { readonly observed: ObservedShare };
  readonly by: KeyKind;
  /** Undefined when either has no sample. */
  readonly comparison: Comparison | undefined;
  /** It in words. */
  readonly sentence?: string;
}

export interface PolicyComparison {
  readonly policy: string;
  /** B's policy, if different. */
  readonly withPolicy?: string;
  readonly a: Summary;
  readonly b: Summary;
  /** Each side's verdict against its own reference, as its run stored it. */
  readonly verdicts: { readonly a: ComparedVerdict; readonly b: ComparedVerdict };
  /** Of the survivors; undefined if nothing survived in either run. */
  readonly comparison: Comparison | undefined;
  /** It in words. */
  readonly sentence?: string;
}

export interface RunComparison {
  readonly a: Side;
  readonly b: Side;
  readonly by: KeyKind;
  /** Both replay the same samples. Where their lanes are the same, too, survivors are compared time block by time block. */
  readonly sameCapture: boolean;
  /** Parameters that differ. */
  readonly differing: readonly { readonly name: string; readonly a: unknown; readonly b: unknown }[];
  /** Policies present in both runs. */
  readonly policies: readonly PolicyComparison[];
}

/** The verdict on one side, and under the assumption checks. */
export interface ComparedVerdict {
  readonly word: VerdictWord;
  readonly reason: string;
  /** Absent in runs of the model's first edition. */
  readonly checks?: readonly CheckResult[];
}
