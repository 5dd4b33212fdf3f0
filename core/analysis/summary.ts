import type { Lane, PolicyOutcome } from '../model/outcome.ts';
import { NONE } from '../model/outcome.ts';
import type { VerdictWord } from '../model/terms.ts';
import { causeClasses, code, stallKinds, windowKinds } from '../model/terms.ts';
import type { Spread } from './numbers.ts';
import { quantile, spread } from './numbers.ts';
import { trialFigures } from '../model/terms/results.ts';
import type { Summary, Durations, TrialFigure, Trials } from '../model/terms/results.ts';

export type { Summary, Trials } from '../model/terms/results.ts';

/** Reads windows and stalls, not samples. @param lanes the replay's input, in the order of `outcome.reference` */
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
    lostByCause[windows.cause[i]] += windows.lost[i];
    lostByKind[windows.kind[i]] += windows.lost[i];
    lost += windows.lost[i];
  }
  durations.sort();

  const stallByKind = new Float64Array(stallKinds.length);
  for (let i = 0; i < stalls.n; i++) stallByKind[stalls.kind[i]] += stalls.ns[i];
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
