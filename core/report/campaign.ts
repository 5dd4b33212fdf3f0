/** What a report across pairs holds: all that its sentences, tables and figures are made of. */
import type { Effects } from '../analysis/campaign-layout.ts';
import type { LayoutPair } from '../analysis/campaign-layout.ts';
import type { Reversal, Standing } from '../analysis/campaign-compare.ts';
import type { VerdictWord } from '../model/terms.ts';

export interface CampaignPairResult extends LayoutPair {
  /** By policy. */
  readonly verdicts: readonly VerdictWord[];
}

export interface CampaignReport {
  readonly umbra: string;
  readonly command: string;
  readonly title: string;
  /** What machines are called: `board`. */
  readonly unit: string;
  /** Factors but the repetition, in the campaign's order. */
  readonly factors: readonly string[];
  readonly repetition: string;
  /** Policies that are compared: the reference isn't. Numbers elsewhere are places in this list. */
  readonly policies: readonly string[];
  /** Policies that lose the same as an earlier one in every pair, by its place; shown once. */
  readonly alike: readonly (number | undefined)[];
  readonly checks: readonly { readonly id: string; readonly title: string }[];
  readonly pairs: readonly CampaignPairResult[];
  readonly counts: {
    readonly pairs: number;
    readonly failed: number;
    readonly pending: number;
    readonly repeated: number;
  };
  /** Pairs by what weakens them, and whether the campaign leaves them out. */
  readonly flags: readonly {
    readonly id: string;
    readonly words: string;
    readonly pairs: number;
    readonly out: boolean;
  }[];
  /** Pairs left out by rule. */
  readonly leftOut: number;
  readonly failures: readonly { readonly pair: string; readonly reason: string }[];
  /** All pairs first, then by each factor's values. */
  readonly standings: readonly Standing[];
  readonly factorReversals: readonly Reversal[];
  readonly checkReversals: readonly Reversal[];
  /** By policy that isn't like an earlier one, then factor. */
  readonly effects: readonly { readonly policy: number; readonly factors: readonly Effects[] }[];
  /** Statements whose intervals hold together. */
  readonly families: { readonly comparisons: number; readonly checked: number; readonly effects: number };
  /** Verdicts that a check changes: pairs by policy and check. */
  readonly changes: readonly {
    readonly policy: number;
    readonly check: string;
    readonly pairs: number;
    readonly to: string;
  }[];
  readonly params: Readonly<Record<string, unknown>>;
}
