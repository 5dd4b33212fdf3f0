/**
 * The part of the contract that asks what a run would be with another value of one parameter. A sweep stores nothing but takes long: it is
 * a job (jobs.ts), and its progress carries the partial result.
 */
import { z } from 'zod';
import type { SweepMeasure } from '../model/terms/sweep.ts';
import type { ParamOrigin } from '../model/terms/params.ts';

export type { SweepMeasure };

/** Maximum values per sweep. */
export const MAX_SWEEP_STEPS = 200;

export const SweepJob = z.strictObject({
  /** Its captures, policies, parameters and scenario are the sweep's starting point. */
  run: z.number().int().nonnegative(),
  /** One of `Library.sweeps`. */
  param: z.string().max(64),
  /** Both ends as typed: sizes may have a suffix. */
  from: z.string().max(32),
  to: z.string().max(32),
  steps: z.number().int().min(2).max(MAX_SWEEP_STEPS),
  /** Steps are factors. */
  log: z.boolean(),
  /** An assumption check under which everything is replayed: one of `Library.checks`. */
  check: z.string().max(64).optional(),
});
export type SweepJob = z.infer<typeof SweepJob>;

/** Columns, one value of the parameter each. */
export interface SweepAnswer {
  readonly param: string;
  readonly unit: string;
  readonly log: boolean;
  /** All values tried, in the sweep's order; while it runs the policies' columns hold the first of them. */
  readonly values: Float64Array;
  readonly done: number;
  readonly policies: readonly SweepCurve[];
  readonly crossings: readonly SweepCrossings[];
  /** The run's own value, and its source; missing if the run has no such number, as for `unmapRate`. */
  readonly own?: { readonly value: number; readonly origin: ParamOrigin };
  /** Placements averaged per point. */
  readonly trials: number;
  readonly warnings: readonly string[];
}

export interface SweepCurve extends Readonly<Record<SweepMeasure, Float64Array>> {
  readonly policy: string;
  /** 1 if chance doesn't explain the excess (`excess` is NaN when nothing survived). */
  readonly skewed: Uint8Array;
  /** Places in the model's list of verdicts. */
  readonly verdict: Uint8Array;
  /** 5–95 % range over several placements. */
  readonly range?: Readonly<
    Record<Exclude<SweepMeasure, 'excess'>, { readonly p5: Float64Array; readonly p95: Float64Array }>
  >;
}

/** Policies that swap places with others at one point: the winners are better for larger values of the parameter. */
export interface SweepCrossings {
  readonly measure: SweepMeasure;
  readonly winners: readonly string[];
  readonly losers: readonly string[];
  /** The steps it lies between, and the interpolated point. */
  readonly low: number;
  readonly high: number;
  readonly at: number;
}
