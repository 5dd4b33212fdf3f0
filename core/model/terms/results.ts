/** A policy's result (model.md sections 6 and 7), as stored with a run, listed, shown and reported. */
import type { CauseClass, StallKind, VerdictWord, WindowKind } from '../terms.ts';
import type { PolicyId } from './policy.ts';
import type { SkewDigest } from './skew.ts';

/** What one policy did to the reference profile (model.md section 6). Times in ns. */
export interface Summary {
  readonly policy: PolicyId;
  /** Samples inside sessions: the reference. `kept + lost`. */
  readonly reference: number;
  readonly kept: number;
  readonly lost: number;
  /** kept / reference; 1 when the reference is empty. */
  readonly coverage: number;
  /** Time with a session on, all lanes together. */
  readonly sessionNs: number;
  readonly blackoutNs: number;
  /** Blackout as share of session time. */
  readonly blackoutShare: number;
  readonly windows: number;
  /** Window durations; missing without windows. */
  readonly durations?: Durations;
  readonly lostByKind: Readonly<Record<WindowKind, number>>;
  /** `none`: lost without a stage 2 fault, e.g. while KVM served a full buffer. */
  readonly lostByCause: Readonly<Record<CauseClass | 'none', number>>;
  readonly stallNs: number;
  readonly stallByKind: Readonly<Record<StallKind, number>>;
  /** stall / session time: 0.01 is 1 % longer. */
  readonly slowdown: number;
  readonly pinnedBytesPeak: number;
  readonly pinnedByteSeconds: number;
  readonly faults: number;
  readonly faultsByCause: Readonly<Record<CauseClass, number>>;
  /** A lane went black for good: the VM is gone (SError). */
  readonly vmDead: boolean;
}

/** ns. */
export interface Durations {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Mean and 5–95 % range over trials. */
export interface Spread {
  readonly mean: number;
  readonly p5: number;
  readonly p95: number;
}

/** The figures of a summary that vary with the buffer's placement. */
export const trialFigures = [
  'kept',
  'lost',
  'coverage',
  'blackoutNs',
  'blackoutShare',
  'windows',
  'stallNs',
  'slowdown',
  'pinnedBytesPeak',
  'pinnedByteSeconds',
  'faults',
] as const;

export type TrialFigure = (typeof trialFigures)[number];

/** Mean and 5–95 % range over N placement trials of one policy. */
export interface Trials extends Readonly<Record<TrialFigure, Spread>> {
  readonly n: number;
  /** p99 of the window durations, ns, over the trials that had windows; missing if none had. */
  readonly p99?: Spread;
  /** Trials in which the VM died. */
  readonly vmDead: number;
  /** Trials by their verdict; absent where they weren't judged (sweeps, older runs). */
  readonly verdicts?: Readonly<Partial<Record<VerdictWord, number>>>;
}

/** A verdict with its basis; core/report puts it in a sentence. */
export interface Verdict {
  /** `no samples`: the reference has none, so there is nothing to judge. */
  readonly word: VerdictWord;
  /** `usable with care` only because there are too few samples to decide. */
  readonly few: boolean;
  /** One clause: the basis of the word. */
  readonly reason: string;
  /** Share of the reference that survived, 0 … 1. */
  readonly coverage: number;
  /** The top-10 key that moved most beyond doubt; absent where no key decided. */
  readonly key?: MovedKey;
}

export interface MovedKey {
  readonly name: string;
  readonly p: number;
  readonly q: number;
  /** q / p - 1, and half of its interval (z · s). */
  readonly change: number;
  readonly half: number;
}

/** Latency skew: quantiles in cycles, reference and survivors, and their distributions' largest distance. */
export interface LatencySkew {
  readonly reference: LatencyQuantiles;
  readonly kept: LatencyQuantiles;
  /** Kolmogorov–Smirnov distance, 0 … 1. */
  readonly ks: number;
}

export interface LatencyQuantiles {
  readonly n: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Both distributions as steps: the shares of records with at most a given latency in cycles. */
export interface LatencyCurves {
  readonly cycles: Float64Array;
  readonly reference: Float64Array;
  readonly kept: Float64Array;
}

/** A policy's outcome under an assumption check (model.md 4.7). */
export interface CheckResult {
  readonly id: string;
  /** In words, to follow "if". */
  readonly title: string;
  readonly kept: number;
  readonly lost: number;
  /** 0 … 1 */
  readonly coverage: number;
  /** Null if nothing could be judged. */
  readonly verdict: VerdictWord | null;
}

/** Samples lost by the evidence for the stage 2 events that took them. */
export interface EvidenceLoss {
  readonly evidence: string;
  readonly lost: number;
}

/** What is stored with a policy's result, beside its columns. */
export interface StoredSummary {
  readonly summary: Summary;
  readonly trials?: Trials;
  readonly latency?: LatencySkew;
  /** Absent in runs of the model's first edition. */
  readonly checks?: readonly CheckResult[];
  /** An earlier policy of the run with the same fates. */
  readonly sameAs?: string;
  /** Absent in runs before it was counted. */
  readonly restsOn?: readonly EvidenceLoss[];
}

/** What is stored of a policy's skew by one kind of key, beside its columns. */
export interface StoredSkew {
  /** Missing when nothing survived. */
  readonly digest?: SkewDigest;
  readonly verdict: Verdict;
}

/**
 * Keys a run's own result: the guest loses the record at DL = 1, or discards the buffer. Runs of the model's first edition have
 * both. `abort` (params.ts) is kept under `record`: the run's parameters say which.
 */
export const dlVariants = ['record', 'buffer'] as const;
export type DlVariant = (typeof dlVariants)[number];
