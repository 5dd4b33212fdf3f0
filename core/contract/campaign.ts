/**
 * The part of the contract that views campaigns: many pairs in a folder of this machine, whatever lab is open. Requests read the
 * campaign's dataset with DuckDB in a process that a `cancel` ends.
 */
import { z } from 'zod';
import { flagIds } from '../words/pair-flags.ts';
import type { FlagId } from '../words/pair-flags.ts';

const Folder = z.string().min(1).max(4096);
const Flags = z.array(z.enum(flagIds)).max(flagIds.length);
const Word = z.string().min(1).max(200);

/** Pairs with these flags aren't counted; the campaign's own rule (`report.leave-out`) if absent. */
const which = { folder: Folder, leaveOut: Flags.optional() };

export const pairStatuses = ['done', 'failed', 'pending', 'repeated'] as const;
export type PairStatus = (typeof pairStatuses)[number];

/** Nothing was collected: the campaign's file as it is, and how many results exist, of whatever settings. */
export interface CampaignUncollected {
  readonly collected: false;
  /** Absolute. */
  readonly folder: string;
  readonly title: string;
  readonly pairs: number;
  readonly results: number;
  /** Pairs that lack a needed file, and why; the first few. */
  readonly missing: readonly { readonly pair: string; readonly reason: string }[];
}

export interface CampaignOverview {
  readonly collected: true;
  /** Absolute. */
  readonly folder: string;
  readonly title: string;
  /** Version of Umbra that collected. */
  readonly umbra: string;
  /** What a machine is called: `board`. */
  readonly unit: string;
  readonly repetition: string;
  /** Except the repetition. */
  readonly factors: readonly string[];
  readonly counts: Readonly<Record<PairStatus | 'pairs' | 'counted' | 'leftOut', number>>;
  /** Finished pairs by what weakens them; `out`: these aren't counted. */
  readonly flags: readonly { readonly id: FlagId; readonly pairs: number; readonly out: boolean }[];
  /** Left out by the campaign's own rule. */
  readonly rule: readonly FlagId[];
  /** The share of page-time below which inferred stage 2 is flagged. */
  readonly knownStage2: number;
  /** Compared policies; those of `same` lose the same samples in every pair, and have no own column. */
  readonly policies: readonly { readonly id: string; readonly title: string; readonly same: readonly string[] }[];
  readonly checks: number;
  /** What has changed since it was collected, if anything. */
  readonly changed?: 'results' | 'campaign';
  readonly matrix: CampaignMatrix;
}

/** Loss by a factor's values and by policy. */
export interface CampaignMatrix {
  /** Rows are its values; missing if the campaign has no factor. */
  readonly by?: string;
  /** All pairs first. */
  readonly rows: readonly MatrixRow[];
  /** The least loss that isn't none: where a logarithmic scale may begin. */
  readonly least: number;
  /** Number of comparisons for which the words below hold together, 95 %. */
  readonly family: number;
}

export interface MatrixRow {
  /** Missing: all pairs. */
  readonly value?: string;
  readonly pairs: number;
  /** Machines among them. */
  readonly units: number;
  /** Which policy loses least; `best` are places in `policies`: the best one, or those that can't be distinguished. */
  readonly word: 'best' | "can't tell" | 'all alike' | 'no repetitions';
  readonly best: readonly number[];
  /** By policy, as in `policies`. */
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  /** Shares lost. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly least: number;
  readonly most: number;
  /** Each pair's, ascending, if there are few enough to draw; otherwise quartiles (`low`, `high`). */
  readonly losses?: Float64Array;
  /** Pairs by verdict, in the order of the model's `verdicts`. */
  readonly verdicts: readonly number[];
}

export interface CampaignReversals {
  /** What the report says first. */
  readonly finding: string;
  /** The largest first; `total` counts all. */
  readonly reversals: readonly ReversalLine[];
  readonly total: number;
  /** Verdicts changed by an assumption check. */
  readonly changes: readonly {
    readonly policy: string;
    readonly check: string;
    readonly to: string;
    readonly pairs: number;
  }[];
  /** The basis of intervals and words. */
  readonly method: string;
}

export interface ReversalLine {
  readonly policies: readonly [string, string];
  /** What the order depends on: a factor, or an assumption check, in words that follow "if". */
  readonly on: { readonly factor: string } | { readonly check: string };
  readonly sentence: string;
}

/** All pairs of the campaign, counted or not, as columns. Codes are places in the lists; -1, or 255, is none. */
export interface CampaignPairs {
  readonly pair: readonly string[];
  readonly status: Uint8Array;
  /** Bits, by place in `flagIds`. */
  readonly flags: Uint8Array;
  /** Share lost under the policy; NaN if not counted. */
  readonly loss: Float64Array;
  /** Of the model's `verdicts`. */
  readonly verdict: Uint8Array;
  readonly factors: readonly { readonly name: string; readonly values: readonly string[]; readonly code: Int32Array }[];
  /** Why it failed, or which pair it repeats, by index. */
  readonly reasons: readonly (readonly [number, string])[];
}

const reply = <T>() => z.custom<T>();

export const campaignMethods = {
  /** @param by the factor whose values are rows; the unit if absent */
  campaign: {
    params: z.strictObject({ ...which, by: Word.optional() }),
    result: reply<CampaignUncollected | CampaignOverview>(),
  },
  campaignReversals: { params: z.strictObject(which), result: reply<CampaignReversals>() },
  campaignPairs: { params: z.strictObject({ ...which, policy: Word }), result: reply<CampaignPairs>() },
  /** Builds the dataset from the existing results. */
  collectCampaign: {
    params: z.strictObject({ folder: Folder }),
    result: reply<{ readonly pairs: number; readonly done: number; readonly failed: number }>(),
  },
  /** A lab with the captures and the run of one pair, in the campaign's folder `labs`; replays the pair unless that exists. */
  pairLab: {
    params: z.strictObject({ folder: Folder, pair: Word }),
    result: reply<{ readonly lab: string; readonly made: boolean }>(),
  },
} as const;

export type CampaignMethod = keyof typeof campaignMethods;
export type CampaignParams<M extends CampaignMethod> = z.infer<(typeof campaignMethods)[M]['params']>;
