/** How a surviving profile differs from the reference, and whether chance explains it (model.md section 7). */

/** How the surviving profile differs from the reference, by one key function (model.md section 7). */
export interface Skew {
  /** Samples N of the reference, and n that survived. */
  readonly reference: number;
  readonly kept: number;
  /** Total variation distance of the shares, 0 … 1. */
  readonly tvd: number;
  /** Jensen–Shannon distance (base 2), 0 … 1. */
  readonly jsDistance: number;
  /** Of the reference's top 50; undefined when a column is all ties. Keys without survivors are in none of the lists. */
  readonly kendallTauB: number | undefined;
  /** Rank-biased overlap (p = 0.9) of the two top 50. */
  readonly rankBiasedOverlap: number;
  /** Share of the reference's top 10 that is in the survivors' top 10. */
  readonly top10Recall: number;
  /** Keys of which nothing survived. */
  readonly vanished: number;
  readonly cause: Cause;
  readonly keys: SkewKeys;
  /** Coverage per time bin over [t0, t1] (ns); NaN where the reference has no sample. */
  readonly time: { readonly t0: number; readonly t1: number; readonly coverage: Float64Array };
}

/** The reference's keys, largest first, as columns. NaN where a key gets no value. */
export interface SkewKeys {
  readonly n: number;
  /** The key's index. */
  readonly key: Uint32Array;
  /** Samples in the reference, and of these survivors. */
  readonly reference: Uint32Array;
  readonly kept: Uint32Array;
  /** Shares. */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** q - p in percentage points. */
  readonly difference: Float64Array;
  /** Ends of its 95 % interval for all keys together, by rotation; only for keys with enough losses expected. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** q / p. */
  readonly ratio: Float64Array;
  /** Standard deviation of q / p - 1 if losses fell at random: the guard against small numbers. */
  readonly s: Float64Array;
  /** Rank among the survivors, from 1, 0 for vanished keys; the rank in the reference is the row's number. Ties stay in the reference's order. */
  readonly rank: Uint32Array;
  /** By rotation: of the key alone, and for all keys together. */
  readonly pValue: Float64Array;
  readonly adjusted: Float64Array;
  /** 1 where `adjusted` is at or below the level, that is where the interval excludes 0. */
  readonly significant: Uint8Array;
  /** Correlation of the key's activity over time with the coverage; NaN where nothing varies. */
  readonly correlation: Float64Array;
}

/** A skew as plain JSON: the measures, and the keys that matter. This is stored with a run, listed and reported. */
export interface SkewDigest extends Omit<Skew, 'keys' | 'time'> {
  /** Keys in the reference, and how many of them moved significantly. */
  readonly keys: number;
  readonly significantKeys: number;
  /** The largest keys and those that moved most, largest first. */
  readonly rows: readonly SkewRow[];
  /** Coverage per equal time bin over [t0, t1] (ns); null where the reference has no sample. */
  readonly time: { readonly t0: number; readonly t1: number; readonly coverage: readonly (number | null)[] };
}

/** One key; see `SkewKeys` for what the columns mean. */
export interface SkewRow {
  readonly name: string;
  readonly reference: number;
  readonly kept: number;
  readonly p: number;
  readonly q: number;
  /** Percentage points, with the interval for all keys together; null for keys that get none. */
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly ratio: number;
  /** Standard deviation of ratio - 1 if losses fell at random. */
  readonly s: number;
  /** From 1; null for a key of which nothing survived. */
  readonly rankBefore: number;
  readonly rankAfter: number | null;
  readonly pValue: number | null;
  readonly adjusted: number | null;
  readonly significant: boolean;
  readonly correlation?: number;
}

/** `told`: there is a p-value. `nothing lost` and `can't tell` (fewer than 5 episodes, or nothing to rotate) are results, too. */
export const causeWords = ['told', 'nothing lost', "can't tell"] as const;

export type CauseWord = (typeof causeWords)[number];

export interface Cause {
  readonly word: CauseWord;
  /** Maximal runs of lost samples in the lanes' orders. */
  readonly episodes: number;
  /** Coverage of each lane; null for a lane without samples. */
  readonly lanes: readonly (number | null)[];
  /** TVD caused by the lanes' unequal coverage alone. */
  readonly lanesTvd: number;
  /** Rotations; what follows is of the TVD under them, and absent unless `told`. */
  readonly rotations: number;
  readonly mean?: number;
  readonly p95?: number;
  /** (1 + rotations with at least the observed TVD) / (rotations + 1). */
  readonly pValue?: number;
  /** Observed TVD less `mean`. */
  readonly excess?: number;
  readonly histogram?: Histogram;
}

/** What a null's distances say about the observed one. */
export interface NullDistribution {
  readonly mean: number;
  readonly p95: number;
  /** (1 + draws with at least the observed distance) / (draws + 1). */
  readonly pValue: number;
  /** Observed less `mean`. */
  readonly excess: number;
  readonly histogram: Histogram;
}

/** Counts of the draws' distances in equal bins over [low, high]. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

/** What skew counts: a key per sample. */
export const keyKinds = ['symbol', 'page', 'pc', 'binary', 'op', 'source', 'el', 'latency', 'thread'] as const;

export type KeyKind = (typeof keyKinds)[number];
