/** The result of comparing two profiles (model.md section 7). */
import type { Histogram } from './skew.ts';

/**
 * `alike`: the null explains the difference. `close`: it doesn't, but no top-10 key of the second profile moved by more than 10 % of its
 * share beyond doubt. `different`: one did. `can't tell`: too few blocks or losses for a null.
 */
export const comparisonWords = ['alike', 'close', 'different', "can't tell"] as const;

export type ComparisonWord = (typeof comparisonWords)[number];

export interface Comparison {
  /** Samples of the first profile and of the second. */
  readonly a: number;
  readonly b: number;
  readonly tvd: number;
  readonly jsDistance: number;
  readonly paired: boolean;
  /** Blocks of the profile that has fewer; rotations, if paired. */
  readonly blocks: number;
  /**
   * TVD of the keys in `rows` and the rest as one: observed, and under the null (blocks reshuffled; paired: both masks rotated together).
   * Absent where the word is `can't tell`, and of profiles that are the same without a loss.
   */
  readonly null?: ComparisonNull;
  readonly coverage: CoverageDifference;
  readonly keys: number;
  readonly significantKeys: number;
  readonly rows: readonly CompareRow[];
  readonly word: ComparisonWord;
  /** Top-10 keys of the second profile whose share differs by more than 10 % of it, and whose interval leaves 0 out. */
  readonly moved: readonly string[];
}

export interface ComparisonNull {
  readonly mean: number;
  readonly p95: number;
  readonly pValue: number;
  readonly excess: number;
  readonly histogram: Histogram;
}

/** Kept shares, 0 … 1, and A's minus B's in percentage points with its 95 % interval (block bootstrap). */
export interface CoverageDifference {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface CompareRow {
  readonly name: string;
  readonly a: number;
  readonly b: number;
  /** Shares. */
  readonly shareA: number;
  readonly shareB: number;
  /** A's share minus B's, percentage points, with its 95 % interval for all listed keys together; null where there is no null. */
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
  /** For all listed keys together. */
  readonly adjusted: number | null;
  readonly significant: boolean;
}
