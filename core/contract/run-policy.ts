/** A run's result under one policy, as lists and tables show it: counted, judged, and under each assumption check. */
import { z } from 'zod';
import { dlVariants } from '../model/terms/results.ts';

const Count = z.number().int().nonnegative();

export const RunSkew = z.strictObject({
  /** What was counted: pc, page, … */
  key: z.string(),
  tvd: z.number().nullable(),
  nullMean: z.number().nullable(),
  nullP95: z.number().nullable(),
  pValue: z.number().nullable(),
  excess: z.number().nullable(),
  verdict: z.string(),
  /** One clause: the basis of the verdict. Missing in runs of the model's first edition. */
  reason: z.string().optional(),
  /** Runs of lost samples; fewer than 5 say nothing about the cause. */
  episodes: Count.optional(),
  /** Whether it could be decided if it mattered where the blackouts fell: `told`, `nothing lost`, `can't tell`. */
  cause: z.string().optional(),
});
export type RunSkew = z.infer<typeof RunSkew>;

/** A policy's outcome under one assumption check (model.md section 4.7). */
export const RunCheck = z.strictObject({
  id: z.string(),
  /** In words, to follow "if". */
  title: z.string(),
  kept: Count,
  lost: Count,
  coverage: z.number(),
  /** Null if nothing can be judged. */
  verdict: z.string().nullable(),
});
export type RunCheck = z.infer<typeof RunCheck>;

export const RunPolicy = z.strictObject({
  policy: z.string(),
  title: z.string(),
  dlDiscard: z.enum(dlVariants),
  /** Bare metal: the others are compared with it. */
  reference: z.boolean(),
  kept: Count,
  lost: Count,
  /** kept / reference, 0 … 1. */
  coverage: z.number(),
  windows: Count,
  blackoutNs: z.number(),
  /** 99th percentile of window durations; missing without windows. */
  p99Ns: z.number().optional(),
  stallNs: z.number(),
  /** Stall / session time. */
  slowdown: z.number().optional(),
  pinnedBytesPeak: z.number(),
  /** An earlier policy of the run that loses the same samples. */
  sameAs: z.string().optional(),
  /** Empty in runs of the model's first edition, and if everything is settled. */
  checks: z.array(RunCheck),
  skew: z.array(RunSkew),
  /** The share of the loss based on stage 2 evidence that is right less than 95 % of the time; missing if none is. */
  unsure: z.strictObject({ share: z.number(), evidence: z.array(z.string()) }).optional(),
});
export type RunPolicy = z.infer<typeof RunPolicy>;
