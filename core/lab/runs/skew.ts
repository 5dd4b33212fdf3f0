/** How far a policy's surviving profile is from the reference, by one way of counting. */
import { LatencyReference } from '../../analysis/latency.ts';
import type { LatencyLane, LatencySkew } from '../../analysis/latency.ts';
import { lostRuns, Reference, sameRuns, sessionsIn } from '../../analysis/reference.ts';
import { keyCounts, skewOfLosses } from '../../analysis/skew.ts';
import { digest } from '../../analysis/skew-digest.ts';
import type { SkewDigest } from '../../analysis/skew-digest.ts';
import type { Summary } from '../../analysis/summary.ts';
import { judge } from '../../analysis/verdict.ts';
import type { KeyCounts, Verdict } from '../../analysis/verdict.ts';
import type { Lane, PolicyOutcome } from '../../model/outcome.ts';
import type { Db } from '../../store/lab-file.ts';
import { hasSymbols } from '../../store/symbols.ts';
import type { KeyKind, Keys } from '../symbols/keys.ts';

export interface PolicySkew {
  readonly kind: KeyKind;
  /** Undefined when nothing survived. */
  readonly digest: SkewDigest | undefined;
  readonly verdict: Verdict;
}

/** What every run counts by. */
export const SKEW_KEYS: readonly KeyKind[] = ['page', 'pc'];

/** The same for a run of this capture: by function first, if some are known. The first is the one that verdicts rest on. */
export function skewKeysOf(db: Db, capture: number): readonly KeyKind[] {
  return hasSymbols(db, capture) ? ['symbol', ...SKEW_KEYS] : SKEW_KEYS;
}

/** Skew of one run's outcomes: its reference is counted once, and outcomes that lose the same samples are analysed once. */
export class OutcomeSkews {
  readonly #lanes: readonly Lane[];
  readonly #keys: readonly (Keys & { readonly kind: KeyKind })[];
  readonly #latencies: readonly Omit<LatencyLane, 'fates'>[] | undefined;
  /** Made by the first outcome's fates: they say which samples lie in sessions. */
  #shared: Shared | undefined;
  readonly #known: Analysed[] = [];

  /** @param latencies of the lanes' samples, where their skew is wanted */
  constructor(
    lanes: readonly Lane[],
    keys: readonly (Keys & { readonly kind: KeyKind })[],
    latencies?: readonly Omit<LatencyLane, 'fates'>[],
  ) {
    this.#lanes = lanes;
    this.#keys = keys;
    this.#latencies = latencies;
  }

  /** Which samples an outcome loses: what all else is made from, so that nobody needs to keep its fates. */
  lossesOf(outcome: PolicyOutcome): LostRuns {
    const { inside } = this.#sharedWith(outcome);
    return inside.map((lane, l) => lostRuns(outcome.fates[l], lane));
  }

  /** @param runs and summary of the same outcome */
  of(runs: LostRuns, summary: Summary): { skew: PolicySkew[]; latency: LatencySkew | undefined } {
    const { digests, counts, latency } = this.#analysed(runs);
    const skew = this.#keys.map(({ kind }, k) => ({ kind, digest: digests[k], verdict: judge(summary, counts[k]) }));
    return { skew, latency };
  }

  /** The verdict alone, by counting the first keys: what an assumption check gets. Undefined without keys. */
  verdictOf(runs: LostRuns, summary: Summary): Verdict | undefined {
    const first = this.#shared?.references[0];
    return first && judge(summary, keyCounts(first, first.lossesOf(runs), this.#nameOf(0)));
  }

  #analysed(runs: LostRuns): Analysed {
    if (!this.#shared) throw new Error('whose losses are these? lossesOf comes first');
    const { references, latencies } = this.#shared;
    const known = this.#known.find((one) => sameRuns(one.runs, runs));
    if (known) return known;
    const losses = references.map((reference) => reference.lossesOf(runs));
    const made: Analysed = {
      runs,
      digests: references.map((reference, k) => {
        const full = skewOfLosses(reference, losses[k]);
        return full && digest(full, this.#nameOf(k));
      }),
      counts: references.map((reference, k) => keyCounts(reference, losses[k], this.#nameOf(k))),
      latency: latencies?.skewOf(runs),
    };
    if (this.#known.length < MOST_KNOWN) this.#known.push(made);
    return made;
  }

  #sharedWith({ fates }: PolicyOutcome): Shared {
    if (this.#shared) return this.#shared;
    const inside = fates.map(sessionsIn);
    const references = this.#keys.map(
      ({ lanes, names }) =>
        new Reference(
          this.#lanes.map(({ t }, l) => ({ t, keys: lanes[l], fates: fates[l] })),
          names.length,
        ),
    );
    const latencies = this.#latencies && new LatencyReference(this.#latencies, inside);
    return (this.#shared = { inside, references, latencies });
  }

  #nameOf(k: number): (key: number) => string {
    const { names } = this.#keys[k];
    return (key) => names[key];
  }
}

/** Per lane the runs of lost samples (`lostRuns`). */
export type LostRuns = readonly Uint32Array[];

interface Shared {
  readonly inside: readonly Uint32Array[];
  readonly references: readonly Reference[];
  readonly latencies: LatencyReference | undefined;
}

interface Analysed {
  readonly runs: LostRuns;
  readonly digests: readonly (SkewDigest | undefined)[];
  readonly counts: readonly KeyCounts[];
  readonly latency: LatencySkew | undefined;
}

/** Outcomes remembered: a run has few different ones. */
const MOST_KNOWN = 32;

/** Of one outcome by itself, or of a part of a run. */
export function keyedSkew(
  lanes: readonly Lane[],
  outcome: PolicyOutcome,
  summary: Summary,
  keys: Keys & { readonly kind: KeyKind },
): PolicySkew {
  const skews = new OutcomeSkews(lanes, [keys]);
  return skews.of(skews.lossesOf(outcome), summary).skew[0];
}
