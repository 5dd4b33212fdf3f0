/**
 * The part of the contract that asks what a run would have been with another value of one parameter. A sweep stores nothing, but it
 * takes its time: it is a job (contract-jobs.ts), and its progress carries what there is so far.
 */
import { z } from 'zod';
import type { SweepMeasure } from '../model/terms/sweep.ts';
import type { ParamOrigin } from '../model/terms/params.ts';

export type { SweepMeasure };

/** Values that a sweep may try. */
export const MAX_SWEEP_STEPS = 200;

export const SweepJob = z.strictObject({
  /** Its captures, policies, parameters and scenario are what the sweep starts from. */
  run: z.number().int().nonnegative(),
  /** One of `Library.sweeps`. */
  param: z.string().max(64),
  /** Both ends as a person types them: sizes may have a suffix. */
  from: z.string().max(32),
  to: z.string().max(32),
  steps: z.number().int().min(2).max(MAX_SWEEP_STEPS),
  /** Steps are factors. */
  log: z.boolean(),
  /** An assumption check that everything is replayed under: one of `Library.checks`. */
  check: z.string().max(64).optional(),
});
export type SweepJob = z.infer<typeof SweepJob>;

/** Columns, a value of the parameter each. */
export interface SweepAnswer {
  readonly param: string;
  readonly unit: string;
  readonly log: boolean;
  /** All that are tried, in the sweep's order; the policies' columns hold the first of them while it runs. */
  readonly values: Float64Array;
  readonly done: number;
  readonly policies: readonly SweepCurve[];
  readonly crossings: readonly SweepCrossings[];
  /** What the run itself has, and what that rests on; missing where that is no number of the run's, as for `unmapRate`. */
  readonly own?: { readonly value: number; readonly origin: ParamOrigin };
  /** Placements that each point is the mean of. */
  readonly trials: number;
  readonly warnings: readonly string[];
}

export interface SweepCurve extends Readonly<Record<SweepMeasure, Float64Array>> {
  readonly policy: string;
  /** 1 where chance doesn't explain the excess (`excess` is NaN when nothing survived). */
  readonly skewed: Uint8Array;
  /** Places in the model's list of verdicts. */
  readonly verdict: Uint8Array;
  /** 5–95 % range over several placements. */
  readonly range?: Readonly<
    Record<Exclude<SweepMeasure, 'excess'>, { readonly p5: Float64Array; readonly p95: Float64Array }>
  >;
}

/** Policies that change places with others at one point: the winners are better for larger values of the parameter. */
export interface SweepCrossings {
  readonly measure: SweepMeasure;
  readonly winners: readonly string[];
  readonly losers: readonly string[];
  /** Steps that it lies between, and the place in between, interpolated. */
  readonly low: number;
  readonly high: number;
  readonly at: number;
}
