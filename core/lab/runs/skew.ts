/** How far a policy's surviving profile is from the reference, counted in one way. */
import { LatencyReference } from '../../analysis/latency.ts';
import type { LatencyLane, LatencySkew } from '../../analysis/latency.ts';
import { FoldedReference } from '../../analysis/folded-reference.ts';
import { runsInSessions, sameRuns } from '../../analysis/loss-runs.ts';
import { Reference } from '../../analysis/reference.ts';
import type { Profile } from '../../analysis/reference.ts';
import { defaultSkewOptions, keyCounts, skewsOfLosses } from '../../analysis/skew.ts';
import { digest } from '../../analysis/skew-digest.ts';
import type { SkewDigest } from '../../analysis/skew-digest.ts';
import type { Summary } from '../../analysis/summary.ts';
import { judge } from '../../analysis/verdict.ts';
import type { KeyCounts, Verdict } from '../../analysis/verdict.ts';
import type { Lane, PolicyOutcome } from '../../model/outcome.ts';
import type { Db } from '../../store/lab-file.ts';
import { hasSymbols } from '../../store/symbols.ts';
import { oneKeySet } from '../symbols/keys.ts';
import type { KeyKind, Keys, KeySet, KeySets, PlaceKind } from '../symbols/keys.ts';

export interface PolicySkew {
  readonly kind: KeyKind;
  /** Undefined when nothing survived. */
  readonly digest: SkewDigest | undefined;
  readonly verdict: Verdict;
}

/** Keys that every run counts by. */
export const SKEW_KEYS: readonly PlaceKind[] = ['page', 'pc'];

/** The same for a run of this capture: by function first, if any are known. Verdicts rest on the first. */
export function skewKeysOf(db: Db, capture: number): readonly PlaceKind[] {
  return hasSymbols(db, capture) ? ['symbol', ...SKEW_KEYS] : SKEW_KEYS;
}

/** Skew of one run's outcomes: its reference is counted once, and outcomes that lose the same samples are analysed once. */
export class OutcomeSkews {
  readonly #sets: readonly KeySet[];
  /** Made with the first outcome, which says what is in sessions; until then, its inputs are kept. */
  #shared: Shared | undefined;
  #inputs: Inputs | undefined;
  readonly #known: Analysed[] = [];

  /** @param latencies of the lanes' samples, if their skew is wanted */
  constructor(lanes: readonly Lane[], keys: KeySets, latencies?: readonly Omit<LatencyLane, 'fates'>[]) {
    this.#sets = keys.sets;
    this.#inputs = { lanes, keys, latencies };
  }

  /** Which samples an outcome loses: the basis of everything else. */
  lossesOf(outcome: PolicyOutcome): LostRuns {
    const { inside } = this.#sharedWith(outcome);
    return outcome.lost.map((lost, l) => runsInSessions(lost, inside[l]));
  }

  /** @param runs and summary of the same outcome */
  of(runs: LostRuns, summary: Summary): { skew: PolicySkew[]; latency: LatencySkew | undefined } {
    const { digests, counts, latency } = this.#analysed(runs);
    const skew = this.#sets.map(({ kind }, k) => ({ kind, digest: digests[k], verdict: judge(summary, counts[k]) }));
    return { skew, latency };
  }

  /** Only the verdict, by counting the first keys, for assumption checks. Undefined without keys. */
  verdictOf(runs: LostRuns, summary: Summary): Verdict | undefined {
    const first = this.#shared?.profiles[0];
    return first && judge(summary, keyCounts(first, first.lossesOf(runs), this.#nameOf(0)));
  }

  #analysed(runs: LostRuns): Analysed {
    if (!this.#shared) throw new Error('whose losses are these? lossesOf comes first');
    const { samples, profiles, latencies } = this.#shared;
    const known = this.#known.find((one) => sameRuns(one.runs, runs));
    if (known) return known;
    const fine = samples.lossesOf(runs);
    const losses = profiles.map((profile) => (profile instanceof FoldedReference ? profile.foldLosses(fine) : fine));
    const made: Analysed = {
      runs,
      digests: skewsOfLosses(profiles, losses).map((full, k) => full && digest(full, this.#nameOf(k))),
      counts: profiles.map((profile, k) => keyCounts(profile, losses[k], this.#nameOf(k))),
      latency: latencies?.skewOf(runs),
    };
    if (this.#known.length === MOST_KNOWN) this.#known.shift();
    this.#known.push(made);
    return made;
  }

  #sharedWith({ inside }: PolicyOutcome): Shared {
    if (this.#shared) return this.#shared;
    const { lanes, keys, latencies } = this.#inputs!;
    const ofLanes = lanes.map(({ t }, l) => ({ t, keys: keys.places[l] }));
    const samples = new Reference(ofLanes, keys.count, defaultSkewOptions.bins, false, inside);
    this.#inputs = undefined;
    const profiles = keys.sets.map(({ keyOf, names }) =>
      keyOf ? new FoldedReference(samples, keyOf, names.length) : samples,
    );
    return (this.#shared = {
      ...{ inside, samples, profiles },
      latencies: latencies && new LatencyReference(latencies, inside),
    });
  }

  #nameOf(k: number): (key: number) => string {
    const { names } = this.#sets[k];
    return (key) => names[key];
  }
}

/** Per lane the runs of lost samples (`lostRuns`). */
export type LostRuns = readonly Uint32Array[];

interface Inputs {
  readonly lanes: readonly Lane[];
  readonly keys: KeySets;
  readonly latencies: readonly Omit<LatencyLane, 'fates'>[] | undefined;
}

interface Shared {
  readonly inside: readonly Uint32Array[];
  /** What the samples are numbered by, and the ways of counting them. */
  readonly samples: Reference;
  readonly profiles: readonly Profile[];
  readonly latencies: LatencyReference | undefined;
}

interface Analysed {
  readonly runs: LostRuns;
  readonly digests: readonly (SkewDigest | undefined)[];
  readonly counts: readonly KeyCounts[];
  readonly latency: LatencySkew | undefined;
}

/** Latest outcomes cached: a run has few different ones, and a sweep's are like those of the previous step. */
const MOST_KNOWN = 32;

/** Of a single outcome, or of a part of a run. */
export function keyedSkew(
  lanes: readonly Lane[],
  outcome: PolicyOutcome,
  summary: Summary,
  keys: Keys & { readonly kind: KeyKind },
): PolicySkew {
  const skews = new OutcomeSkews(lanes, oneKeySet(keys.kind, keys));
  return skews.of(skews.lossesOf(outcome), summary).skew[0];
}
