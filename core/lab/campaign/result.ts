/** One pair's result: its own file, complete or absent. Datasets are made of these, no matter who ran them or where. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../formats/problems.ts';
import { verdicts } from '../../model/terms.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';
import { RESULT_FORM } from './fingerprint.ts';
import { removeLeftovers } from '../part-files.ts';
import { writeWholeFile } from './whole.ts';

const count = z.number().int().nonnegative();
const share = z.number();
const verdict = z.enum(verdicts);
/** ns of 2^53 and more don't fit a number: decimal text. */
const ns = z.string().regex(/^-?\d+$/);
const maybe = <T extends z.ZodType>(of: T) => of.nullable();

const Outcome = z.object({
  policy: z.string(),
  ...{ kept: count, lost: count, coverage: share, windows: count, vmDead: z.boolean(), sameAs: maybe(z.string()) },
  ...{
    sessionNs: z.number(),
    blackoutNs: z.number(),
    stallNs: z.number(),
    slowdown: share,
    pinnedBytesPeak: z.number(),
  },
  ...{ p50Ns: maybe(z.number()), p90Ns: maybe(z.number()), p99Ns: maybe(z.number()), maxNs: maybe(z.number()) },
  ...{ faults: count, verdict, verdictReason: z.string(), skewKey: z.string() },
  ...{
    tvd: maybe(share),
    nullMeanTvd: maybe(share),
    pValue: maybe(share),
    excessTvd: maybe(share),
    episodes: maybe(count),
  },
});
export type OutcomeRow = z.infer<typeof Outcome>;

const Check = z.object({
  policy: z.string(),
  check: z.string(),
  kept: count,
  lost: count,
  coverage: share,
  verdict: maybe(verdict),
});
export type CheckRow = z.infer<typeof Check>;

const Key = z.object({
  ...{ policy: z.string(), kind: z.string(), key: z.string(), rank: count, reference: count, kept: count },
  ...{
    p: share,
    q: share,
    differencePp: z.number(),
    lowPp: maybe(z.number()),
    highPp: maybe(z.number()),
    significant: z.boolean(),
  },
});
export type KeyRow = z.infer<typeof Key>;

/** Columns, since there can be many. */
const Windows = z.object({
  ...{
    policy: z.array(z.string()),
    lane: z.array(z.number()),
    start: z.array(ns),
    end: z.array(ns),
    kind: z.array(z.string()),
  },
  ...{
    cause: z.array(maybe(z.string())),
    ipa: z.array(maybe(z.string())),
    action: z.array(maybe(z.string())),
    lost: z.array(count),
  },
});
export type WindowColumns = z.infer<typeof Windows>;

const Stage2 = z.object({
  ...{ exact: z.boolean(), rows: count, losses: count, unattributed: count, strangers: count },
  ...{ observed: share, inferred: share, unknown: share, byEvidence: z.record(z.string(), count) },
});
export type Stage2Row = z.infer<typeof Stage2>;

const Done = z.object({
  form: z.literal(RESULT_FORM),
  ...{ umbra: z.string(), fingerprint: z.string() },
  facts: z.object({
    ...{ samples: count, lanes: count, spanNs: z.number(), align: z.string(), scale: z.number() },
    ...{ midrs: z.array(z.string()), notes: z.array(z.string()), warnings: count },
  }),
  outcomes: z.array(Outcome),
  checks: z.array(Check),
  keys: z.array(Key),
  windows: Windows,
  stage2: Stage2,
  /** Of the process that made it; not part of the dataset. */
  cost: z.object({ ms: z.number(), peakBytes: z.number() }),
});
export type PairDone = z.infer<typeof Done>;

const Failed = z.object({
  form: z.literal(RESULT_FORM),
  ...{ umbra: z.string(), fingerprint: z.string(), failed: z.string() },
  /** The process was killed, by a signal or a limit: the next run tries again. */
  ended: z.boolean().default(false),
});
export type PairFailed = z.infer<typeof Failed>;
export type PairResult = PairDone | PairFailed;

const Result = z.union([Done, Failed]);

const folderOf = (campaign: string): string => join(campaign, 'results');

/** A failed pair shows in its file name: counting needn't read it. */
const pathOf = (campaign: string, id: string, failed: boolean): string =>
  join(folderOf(campaign), `${id}${failed ? '.failed' : ''}.json`);

/** Of a pair that succeeded; relative to the campaign's folder. */
export function resultName(id: string): string {
  return `results/${id}.json`;
}

/** Most bytes of a result: some MB with very many windows. */
const LIMIT = 1 << 30;

/** Undefined if it doesn't exist yet. @throws RequestError if the file isn't a result: not written by Umbra */
export function readResult(campaign: string, id: string): PairResult | undefined {
  const path = [false, true].map((failed) => pathOf(campaign, id, failed)).find((file) => existsSync(file));
  if (path === undefined) return undefined;
  try {
    return Result.parse(JSON.parse(readTextFile(path, LIMIT)));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new RequestError(`${path}: is damaged: remove it and run again`);
  }
}

/** Ids of the existing results, and of the failures. */
export function resultIds(campaign: string): {
  readonly done: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
} {
  const names = existsSync(folderOf(campaign)) ? readdirSync(folderOf(campaign)) : [];
  const ids = (form: RegExp) => new Set(names.flatMap((name) => form.exec(name)?.[1] ?? []));
  return { done: ids(/^([0-9a-f]{32})\.json$/), failed: ids(/^([0-9a-f]{32})\.failed\.json$/) };
}

export function writeResult(campaign: string, result: PairResult): void {
  const failed = 'failed' in result;
  writeWholeFile(pathOf(campaign, result.fingerprint, failed), `${JSON.stringify(result)}\n`);
  if (!failed) rmSync(pathOf(campaign, result.fingerprint, true), { force: true });
}

/** Deletes results. Returns the number of files. */
export function removeResults(campaign: string, ids: Iterable<string>): number {
  let removed = 0;
  for (const id of ids)
    for (const path of [false, true].map((failed) => pathOf(campaign, id, failed)).filter((file) => existsSync(file))) {
      rmSync(path);
      removed++;
    }
  return removed;
}

/** Removes partial results of this machine's processes that were killed while writing. */
export function removeHalfResults(campaign: string): void {
  removeLeftovers(folderOf(campaign));
}
