/**
 * What a report tells programs about itself: all it takes to recompute it, and the numbers that must result. It is in the HTML and Markdown
 * forms as a comment, which no reader sees and no browser runs.
 */
import type { Policy } from '../model/policy.ts';
import type { Scenario } from '../model/terms/scenario.ts';
import type { SectionId } from './sections.ts';
import type { DlVariant } from '../model/terms/results.ts';

export const PROVENANCE_FORM = 1;

export interface Provenance {
  readonly form: typeof PROVENANCE_FORM;
  readonly umbra: string;
  readonly command: string;
  readonly inputs: readonly ProvenanceInput[];
  /** Parameters that the user set, by name; the others are defaults, or measured again. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly policies: readonly Policy[];
  readonly scenario?: Scenario;
  /** What readers must know about the inputs. */
  readonly inputNotes: readonly string[];
  /** Functions were known by name: whoever recomputes may not have the binaries. */
  readonly symbols: boolean;
  readonly sections?: readonly SectionId[];
  /** The maker's notes, Markdown. */
  readonly notes?: string;
  readonly results: readonly ProvenanceResult[];
}

export interface ProvenanceInput {
  readonly kind: 'spe' | 'kvm';
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The VM description that the trace was read with, and its file. */
  readonly vm?: unknown;
  readonly vmFile?: string;
}

/** Times in ns. Skew by page, which needs no symbols; its measures are null when nothing survived. */
export interface ProvenanceResult {
  readonly policy: string;
  readonly dlDiscard: DlVariant;
  readonly kept: number;
  readonly lost: number;
  readonly windows: number;
  readonly blackoutNs: number;
  readonly stallNs: number;
  readonly pinnedBytesPeak: number;
  readonly tvd: number | null;
  readonly pValue: number | null;
  readonly verdict: string;
}

export const COMPARISON_FORM = 'comparison-1';

/** The same for a comparison report. */
export interface ComparisonProvenance {
  readonly form: typeof COMPARISON_FORM;
  readonly umbra: string;
  readonly command: string;
  /** What was asked for, ids left out. */
  readonly by: string;
  readonly policy?: string;
  readonly withPolicy?: string;
  readonly a: ProvenanceSide;
  readonly b: ProvenanceSide;
  readonly sections?: readonly SectionId[];
  readonly notes?: string;
  readonly results: readonly ComparisonResult[];
}

/** A side's id in the lab file, and the run or the capture that it was. */
export type ProvenanceSide =
  | { readonly id: number; readonly run: Provenance }
  | { readonly id: number; readonly capture: ProvenanceInput; readonly symbols: boolean };

/** Coverage in percentage points, A minus B. Null when nothing survived on one side; for shares also if symbols would be needed. */
export interface ComparisonResult {
  readonly pair: string;
  readonly coverageDifference: number | null;
  readonly coverageLow: number | null;
  readonly coverageHigh: number | null;
  readonly tvd: number | null;
  readonly blockPValue: number | null;
  readonly word: string | null;
}

export const CAMPAIGN_FORM = 'campaign-1';

/** The same for a report across a campaign's pairs. */
export interface CampaignProvenance {
  readonly form: typeof CAMPAIGN_FORM;
  readonly umbra: string;
  readonly command: string;
  /** The maker's notes, Markdown. */
  readonly notes?: string;
  readonly pairs: readonly { readonly pair: string; readonly fingerprint: string; readonly digest: string }[];
}

const OPEN = '<!-- umbra-report ';
const CLOSE = ' -->';

/** As a comment of HTML and Markdown. What would end it (`-->`, `--!>`) is escaped in the JSON's strings. */
export function provenanceComment(provenance: Provenance | ComparisonProvenance | CampaignProvenance): string {
  const json = JSON.stringify(provenance)
    .replace(/[<>]/g, (c) => (c === '<' ? '\\u003c' : '\\u003e'))
    .replaceAll('--', '-\\u002d');
  return `${OPEN}${json}${CLOSE}`;
}

/** The JSON that a report's text carries, unchecked; undefined if it carries none. Throws SyntaxError if it is damaged. */
export function findProvenance(text: string): unknown {
  const from = text.lastIndexOf(OPEN);
  if (from < 0) return undefined;
  const to = text.indexOf(CLOSE, from);
  return JSON.parse(text.slice(from + OPEN.length, to < 0 ? undefined : to));
}
