import { KEPT, OUTSIDE } from '../model/outcome.ts';
import type { LatencySkew, LatencyQuantiles, LatencyCurves } from '../model/terms/results.ts';

export type { LatencySkew, LatencyCurves } from '../model/terms/results.ts';

/** Latencies of one lane's samples. The columns are parallel. */
export interface LatencyLane {
  /** Cycles. */
  readonly latency: Uint16Array;
  /** 1 where the record had that latency packet; omitted if all had. */
  readonly known?: Uint8Array;
  readonly fates: Uint8Array;
}

/** Undefined when no survivor has a latency. */
export function latencySkew(lanes: readonly LatencyLane[]): LatencySkew | undefined {
  const { reference, kept } = histograms(lanes);
  return skewOf(reference, kept);
}

/** Latencies of a reference shared by several outcomes: each costs only its lost samples. */
export class LatencyReference {
  readonly #lanes: readonly Omit<LatencyLane, 'fates'>[];
  readonly #inside: readonly Uint32Array[];
  readonly #all: Float64Array;

  /** @param inside where samples lie in sessions, per lane (`sessionsIn`) */
  constructor(lanes: readonly Omit<LatencyLane, 'fates'>[], inside: readonly Uint32Array[]) {
    this.#lanes = lanes;
    this.#inside = inside;
    this.#all = new Float64Array(VALUES);
    lanes.forEach((lane, l) => {
      for (let s = 0; s < inside[l].length; s += 2) count(lane, inside[l][s], inside[l][s + 1], this.#all, 1);
    });
  }

  /** @param runs the lost samples, per lane (`lostRuns`) */
  skewOf(runs: readonly Uint32Array[]): LatencySkew | undefined {
    const kept = this.#all.slice();
    this.#lanes.forEach((lane, l) => {
      const [inside, own] = [this.#inside[l], runs[l]];
      let r = 0;
      let base = 0;
      for (let s = 0; s < inside.length && r < own.length; s += 2) {
        const next = base + inside[s + 1] - inside[s];
        const shift = inside[s] - base;
        for (; r < own.length && own[r] < next; r += 2) {
          count(lane, Math.max(own[r], base) + shift, Math.min(own[r + 1], next) + shift, kept, -1);
          // A run that continues in the next session is handled again there.
          if (own[r + 1] > next) break;
        }
        base = next;
      }
    });
    return skewOf(this.#all, kept);
  }
}

/** Adds `by` for each sample of [from, to). */
function count(
  { latency, known }: Omit<LatencyLane, 'fates'>,
  from: number,
  to: number,
  histogram: Float64Array,
  by: 1 | -1,
): void {
  for (let i = from; i < to; i++) if (known?.[i] !== 0) histogram[latency[i]] += by;
}

function skewOf(reference: Float64Array, kept: Float64Array): LatencySkew | undefined {
  const before = quantiles(reference);
  const after = quantiles(kept);
  if (after.n === 0) return undefined;
  let ks = 0;
  let sumBefore = 0;
  let sumAfter = 0;
  for (let cycles = 0; cycles < VALUES; cycles++) {
    sumBefore += reference[cycles];
    sumAfter += kept[cycles];
    ks = Math.max(ks, Math.abs(sumBefore / before.n - sumAfter / after.n));
  }
  return { reference: before, kept: after, ks };
}

/**
 * Steps that raise the reference by less than 1 / `points` are merged with the next ones; each point is exact. Empty when no
 * survivor has a latency.
 */
export function latencyCurves(lanes: readonly LatencyLane[], points = 400): LatencyCurves {
  const { reference, kept } = histograms(lanes);
  const [n, m] = [reference, kept].map((counts) => counts.reduce((a, b) => a + b, 0));
  const rows: (readonly [cycles: number, before: number, after: number])[] = [];
  let [before, after, drawn] = [0, 0, -Infinity];
  for (let cycles = 0; cycles < VALUES && m > 0; cycles++) {
    if (!reference[cycles]) continue;
    before += reference[cycles];
    after += kept[cycles];
    if (before < n && before - drawn < n / points) continue;
    rows.push([cycles, before / n, after / m]);
    drawn = before;
  }
  const column = (at: 0 | 1 | 2) => Float64Array.from(rows, (row) => row[at]);
  return { cycles: column(0), reference: column(1), kept: column(2) };
}

/** Latencies are 16 bit. */
const VALUES = 65536;

function histograms(lanes: readonly LatencyLane[]): { reference: Float64Array; kept: Float64Array } {
  const reference = new Float64Array(VALUES);
  const kept = new Float64Array(VALUES);
  for (const { latency, known, fates } of lanes) {
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE || known?.[i] === 0) continue;
      reference[latency[i]]++;
      if (fates[i] === KEPT) kept[latency[i]]++;
    }
  }
  return { reference, kept };
}

/** Like `quantile` on the sorted values, but from their histogram. */
function quantiles(histogram: Float64Array): LatencyQuantiles {
  const n = histogram.reduce((a, b) => a + b, 0);
  const valueAt = (rank: number): number => {
    let seen = 0;
    for (let value = 0; value < histogram.length; value++) {
      seen += histogram[value];
      if (seen > rank) return value;
    }
    return NaN;
  };
  const at = (p: number): number => {
    const rank = (n - 1) * p;
    const low = valueAt(Math.floor(rank));
    return low + (rank - Math.floor(rank)) * (valueAt(Math.ceil(rank)) - low);
  };
  return { n, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
