/**
 * The part of the contract for viewing runs: results, windows, what ran in the dark, skew, the policy library, SQL and reports. Requests
 * are schemas, checked at the boundary; replies are types, since both ends are of one build. Times in replies are ns after the run's origin
 * (its first sample): whole numbers below 2^53.
 */
import { z } from 'zod';
import type { CheckResult, LatencyCurves, LatencySkew, Summary, Trials, Verdict } from '../model/terms/results.ts';
import type { Comparison } from '../model/terms/comparison.ts';
import type { NullDistribution, SkewDigest } from '../model/terms/skew.ts';
import type { ParamName, ResolvedParams } from '../model/terms/params.ts';
import type { FaultAnswer, Policy, TimeName } from '../model/terms/policy.ts';
import type { Answer, CauseClass } from '../model/terms.ts';
import type { FunctionCode, Functions } from './code.ts';
import type { CaptureComparison, RunComparison } from './compare.ts';
import type { MeasuredLatency } from '../model/terms/run-facts.ts';
import { dlVariants } from '../model/terms/results.ts';
import { MAX_SQL_ROWS } from './limits.ts';

export type {
  CauseClass,
  CaptureComparison,
  CheckResult,
  Comparison,
  FaultAnswer,
  LatencyCurves,
  LatencySkew,
  NullDistribution,
  Policy,
  ResolvedParams,
  SkewDigest,
  RunComparison,
  Summary,
  Trials,
  Verdict,
};

const Id = z.number().int().nonnegative();
const DlDiscard = z.enum(dlVariants);
export type DlDiscard = z.infer<typeof DlDiscard>;

/** One stored result; the run's own variant if `dlDiscard` is omitted. */
const Choice = z.strictObject({ run: Id, policy: z.string().max(64), dlDiscard: DlDiscard.optional() });
/** A lane, a time range (ns after the run's origin, both ends included), or both: the requested part of a run; all of it if absent. */
const Part = z.strictObject({ lane: Id.optional(), from: z.number().optional(), to: z.number().optional() });
export type RunPart = z.infer<typeof Part>;
/** What is counted: one of `Library.keys`. */
const By = z.string().max(32);

/** Maximum windows per request. */
export const MAX_SPANS = 10_000;

/** The building blocks of policies and parameters, for forms, tables and selectors. */
export interface Library {
  readonly policies: readonly LibraryPolicy[];
  readonly causes: readonly CauseClass[];
  readonly answers: readonly Answer[];
  readonly pins: readonly string[];
  /** What may take a pinned page's mapping anyway (`unpinnedBy`). */
  readonly breakers: readonly string[];
  readonly params: readonly ParamInfo[];
  /** Skew's key kinds. */
  readonly keys: readonly string[];
  /** What can be swept: numeric parameters, and how often the host unmaps. */
  readonly sweeps: readonly string[];
  /** Assumption checks (model.md section 4.7). `title` follows "if". */
  readonly checks: readonly { readonly id: string; readonly title: string }[];
  /** Latencies that a policy may set itself. */
  readonly times: readonly TimeName[];
  /** Answers that need no page: what `onUnresolved` may be. */
  readonly unresolved: readonly Answer[];
}

export interface LibraryPolicy {
  readonly policy: Policy;
  readonly builtin: boolean;
  /** The architecture's objections, if any. */
  readonly legality: readonly string[];
  /** Runs of this lab that replayed it. */
  readonly runs: readonly number[];
}

export interface ParamInfo {
  readonly name: ParamName;
  readonly initial: unknown;
  readonly unit: string;
  /** Follows "wants". */
  readonly wants: string;
  /** The words allowed, if nothing else is. */
  readonly choices?: readonly string[];
}

/** `problem` names the field; it is complete. */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

/** What a pair of captures says about a run's parameters. */
export interface Calibrated {
  /** As a run of the pair would have them, the caller's settings included. */
  readonly settings: ResolvedParams;
  /** Measured in the trace, ns of its own time: before a scale is applied. */
  readonly latencies: Readonly<Record<string, MeasuredLatency>>;
}

/** A policy's result, as stored. `dlDiscard`: runs of the model's first edition hold one for each kind of guest. */
export interface StoredResult {
  readonly policy: Policy;
  readonly dlDiscard: DlDiscard;
  readonly summary: Summary;
  readonly trials?: Trials;
  readonly latency?: LatencySkew;
  /** The result under the assumption checks (model.md 4.7); absent in runs of the model's first edition. */
  readonly checks?: readonly CheckResult[];
  /** An earlier policy of the run that loses the same samples. */
  readonly sameAs?: string;
}

/** Windows of one policy by one of their properties. */
export interface WindowGroup {
  readonly name: string;
  readonly windows: number;
  readonly ns: number;
  readonly lost: number;
}

export interface PolicyBlackouts {
  readonly policy: string;
  readonly windows: number;
  /** Samples lost and ns of blackout by kind and by cause class (`none`: without a stage 2 fault). */
  readonly byKind: readonly WindowGroup[];
  readonly byCause: readonly WindowGroup[];
  /** Window durations, ascending, and the share of windows no longer than each: exact steps, thinned above some hundreds. */
  readonly ns: Float64Array;
  readonly share: Float64Array;
}

/** Columns, by lane, then start. Codes are places in the lists; 255 is none. */
export interface WindowTable {
  /** ns of the run's origin in the SPE capture's clock, decimal. */
  readonly origin: string;
  readonly n: number;
  readonly lane: Int32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly kind: Uint8Array;
  readonly cause: Uint8Array;
  /** IPA page number; -1 for none. */
  readonly page: Float64Array;
  readonly action: Uint8Array;
  readonly lost: Uint32Array;
  readonly kinds: readonly string[];
  readonly causes: readonly string[];
  readonly actions: readonly string[];
}

/** The samples lost in some windows by key, most first. */
export interface Dark {
  readonly by: string;
  readonly lost: number;
  /** Number of keys among them. */
  readonly keys: number;
  /** `within`: the key's samples in the spans, kept or lost; `reference`: in the whole run. At most 50. */
  readonly rows: readonly {
    readonly name: string;
    readonly lost: number;
    readonly within: number;
    readonly reference: number;
  }[];
}

export interface SkewAnswer {
  readonly by: string;
  readonly verdict: Verdict;
  /** The verdict and the numbers behind it. */
  readonly sentence: string;
  readonly summary: Summary;
  /** Missing when nothing survived. */
  readonly digest?: SkewDigest;
  readonly latency?: LatencySkew;
  readonly latencies: LatencyCurves;
  /** Per key its share of each time bin's reference samples; NaN in empty bins. Bins as `digest.time`. */
  readonly activity: readonly { readonly name: string; readonly share: Float64Array }[];
}

export interface SqlTable {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'bulk';
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export type SqlValue = string | number | null;
export interface SqlAnswer {
  readonly columns: readonly string[];
  /** Integers beyond 2^53 as decimal text, blobs by their size. */
  readonly rows: readonly (readonly SqlValue[])[];
  /** The query has more rows than requested. */
  readonly more: boolean;
  readonly ms: number;
}

export interface ReportPreview {
  /** The file as it will be saved; for a PDF the HTML it is printed from. */
  readonly text: string;
  /** What is saved if that isn't `text`: a PDF; Markdown with its figures, as a tar. */
  readonly bytes?: Uint8Array;
  /** Suggested file name. */
  readonly file: string;
  /** Parts that a report can have, in its order. */
  readonly sections: readonly string[];
}

const ReportForm = z.enum(['html', 'md', 'txt', 'pdf']);
export type ReportForm = z.infer<typeof ReportForm>;

const reply = <T>() => z.custom<T>();

export const runMethods = {
  library: { params: z.strictObject({}), result: reply<Library>() },
  checkPolicies: {
    params: z.strictObject({ text: z.string().max(1 << 18) }),
    result: reply<Checked<readonly Policy[]>>(),
  },
  checkParams: {
    params: z.strictObject({ values: z.record(z.string().max(64), z.unknown()) }),
    result: reply<Checked<ResolvedParams>>(),
  },
  calibration: {
    params: z.strictObject({ spe: Id, kvm: Id, values: z.record(z.string().max(64), z.unknown()) }),
    result: reply<Calibrated>(),
  },
  results: { params: z.strictObject({ run: Id }), result: reply<readonly StoredResult[]>() },
  blackouts: {
    params: z.strictObject({ run: Id, dlDiscard: DlDiscard.optional(), part: Part.optional() }),
    result: reply<readonly PolicyBlackouts[]>(),
  },
  windows: { params: Choice, result: reply<WindowTable>() },
  dark: {
    params: Choice.extend({
      by: By,
      /** Windows, ns after the origin; all of the policy's if omitted. With a window's kind only its own samples count. */
      spans: z
        .array(z.strictObject({ lane: Id, start: z.number(), end: z.number(), kind: z.string().max(32).optional() }))
        .max(MAX_SPANS)
        .optional(),
      /** Includes keys that lose nothing there; those with most samples there first. */
      kept: z.boolean().optional(),
    }),
    result: reply<Dark>(),
  },
  functions: { params: Choice, result: reply<Functions>() },
  /** `key`: a function as keys by symbol name it, or `kvbench+0x1a40`. */
  code: {
    params: Choice.extend({
      key: z
        .string()
        .min(1)
        .max(1 << 14),
    }),
    result: reply<FunctionCode>(),
  },
  skew: { params: Choice.extend({ by: By, part: Part.optional() }), result: reply<SkewAnswer>() },
  /** Run `a` against run `b`: the policies they share, or one of them. Without `by`: functions, if both know them. */
  compareRuns: {
    params: z.strictObject({
      ...{ a: Id, b: Id, by: By.optional(), policy: z.string().max(64).optional() },
    }),
    result: reply<RunComparison>(),
  },
  /** SPE capture `a` (of a guest) against `b` (bare metal). */
  compareCaptures: {
    params: z.strictObject({ a: Id, b: Id, by: By.optional() }),
    result: reply<CaptureComparison>(),
  },
  report: {
    params: z.strictObject({
      run: Id,
      form: ReportForm,
      /** All if omitted. */
      sections: z.array(z.string().max(32)).max(32).optional(),
      /** Markdown. */
      notes: z.string().max(1 << 18),
    }),
    result: reply<ReportPreview>(),
  },
  /** Two runs (or two policies of them), or two SPE captures, compared. */
  comparisonReport: {
    params: z.strictObject({
      compare: z.discriminatedUnion('of', [
        z.strictObject({ of: z.literal('captures'), a: Id, b: Id, by: By.optional() }),
        z.strictObject({
          ...{ of: z.literal('runs'), a: Id, b: Id, by: By.optional() },
          policy: z.string().max(64).optional(),
          /** B's, if different. */
          withPolicy: z.string().max(64).optional(),
        }),
      ]),
      form: ReportForm,
      sections: z.array(z.string().max(32)).max(32).optional(),
      notes: z.string().max(1 << 18),
    }),
    result: reply<ReportPreview>(),
  },
  schema: { params: z.strictObject({}), result: reply<readonly SqlTable[]>() },
  /** Named queries of the lab, by name. */
  savedQueries: {
    params: z.strictObject({}),
    result: reply<readonly { readonly name: string; readonly sql: string }[]>(),
  },
  /** The problem with a query, if any, and where: characters [from, to). Runs nothing. */
  checkSql: {
    params: z.strictObject({
      sql: z
        .string()
        .min(1)
        .max(1 << 16),
    }),
    result: reply<{ readonly problem?: string; readonly from?: number; readonly to?: number }>(),
  },
  sql: {
    params: z.strictObject({
      sql: z
        .string()
        .min(1)
        .max(1 << 16),
      limit: z.number().int().min(1).max(MAX_SQL_ROWS),
    }),
    result: reply<SqlAnswer>(),
  },
} as const;

export type RunMethod = keyof typeof runMethods;
export type RunParamsOf<M extends RunMethod> = z.infer<(typeof runMethods)[M]['params']>;
export type RunResultOf<M extends RunMethod> = z.infer<(typeof runMethods)[M]['result']>;
