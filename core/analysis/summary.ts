import type { Lane, PolicyOutcome } from '../model/outcome.ts';
import { NONE } from '../model/outcome.ts';
import type { PolicyId } from '../model/policy.ts';
import type { CauseClass, StallKind, VerdictWord, WindowKind } from '../model/terms.ts';
import { causeClasses, code, stallKinds, windowKinds } from '../model/terms.ts';
import type { Spread } from './numbers.ts';
import { quantile, spread } from './numbers.ts';

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
  /** Window durations; undefined without windows. */
  readonly durations: Durations | undefined;
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
  /** A lane went black to the end: the VM is gone (SError). */
  readonly vmDead: boolean;
}

/** ns. */
export interface Durations {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Looks at windows and stalls, not at samples. @param lanes the replay's input, in the order of `outcome.reference` */
export function summarise(lanes: readonly Lane[], outcome: PolicyOutcome): Summary {
  const { windows, stalls } = outcome;
  const reference = outcome.reference.reduce((a, b) => a + b, 0);
  let sessionNs = 0;
  for (const { sessions } of lanes)
    for (let i = 0; i + 1 < sessions.length; i += 2) sessionNs += sessions[i + 1] - sessions[i];

  const durations = new Float64Array(windows.n);
  const lostByCause = new Float64Array(256);
  const lostByKind = new Float64Array(windowKinds.length);
  let lost = 0;
  let blackoutNs = 0;
  for (let i = 0; i < windows.n; i++) {
    durations[i] = windows.end[i] - windows.start[i];
    blackoutNs += durations[i];
    lostByCause[windows.cause[i]]! += windows.lost[i];
    lostByKind[windows.kind[i]]! += windows.lost[i];
    lost += windows.lost[i];
  }
  durations.sort();

  const stallByKind = new Float64Array(stallKinds.length);
  for (let i = 0; i < stalls.n; i++) stallByKind[stalls.kind[i]]! += stalls.ns[i];
  const stallNs = stallByKind.reduce((a, b) => a + b, 0);
  const dead = code(windowKinds, 'vm-dead');

  return {
    policy: outcome.policy,
    reference,
    kept: reference - lost,
    lost,
    coverage: reference > 0 ? (reference - lost) / reference : 1,
    sessionNs,
    blackoutNs,
    blackoutShare: sessionNs > 0 ? blackoutNs / sessionNs : 0,
    windows: windows.n,
    durations: windows.n > 0 ? durationsOf(durations) : undefined,
    lostByKind: named(windowKinds, (k) => lostByKind[k]),
    lostByCause: { ...named(causeClasses, (c) => lostByCause[c]), none: lostByCause[NONE] },
    stallNs,
    stallByKind: named(stallKinds, (k) => stallByKind[k]),
    slowdown: sessionNs > 0 ? stallNs / sessionNs : 0,
    pinnedBytesPeak: outcome.pinnedBytesPeak,
    pinnedByteSeconds: outcome.pinnedByteSeconds,
    faults: outcome.faults.reduce((a, b) => a + b, 0),
    faultsByCause: named(causeClasses, (c) => outcome.faults[c] ?? 0),
    vmDead: windows.kind.subarray(0, windows.n).includes(dead),
  };
}

function durationsOf(sorted: Float64Array): Durations {
  return {
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1)!,
  };
}

function named<T extends string>(terms: readonly T[], value: (index: number) => number): Record<T, number> {
  return Object.fromEntries(terms.map((term, i) => [term, value(i)])) as Record<T, number>;
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
  /** p99 of the window durations, ns, over the trials that had windows; undefined if none had. */
  readonly p99: Spread | undefined;
  /** Trials in which the VM died. */
  readonly vmDead: number;
  /** Trials by their verdict; absent where they weren't judged (sweeps, older runs). */
  readonly verdicts?: Readonly<Partial<Record<VerdictWord, number>>>;
}

/** Undefined without trials. @param words their verdicts, where they were judged */
export function spreadTrials(
  trials: readonly Summary[],
  words?: readonly (VerdictWord | undefined)[],
): Trials | undefined {
  if (trials.length === 0) return undefined;
  const figures = Object.fromEntries(trialFigures.map((f) => [f, spread(trials.map((t) => t[f]))])) as Record<
    TrialFigure,
    Spread
  >;
  return {
    ...figures,
    n: trials.length,
    p99: spread(trials.flatMap((t) => (t.durations ? [t.durations.p99] : []))),
    vmDead: trials.filter((t) => t.vmDead).length,
    ...(words && { verdicts: tally(words) }),
  };
}

function tally(words: readonly (VerdictWord | undefined)[]): Partial<Record<VerdictWord, number>> {
  const counts: Partial<Record<VerdictWord, number>> = {};
  for (const word of words) if (word) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
