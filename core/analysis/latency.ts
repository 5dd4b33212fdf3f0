import { KEPT, OUTSIDE } from '../model/outcome.ts';

/** Latencies of one lane's samples. The columns are parallel. */
export interface LatencyLane {
  /** Cycles. */
  readonly latency: Uint16Array;
  /** 1 where the record had that latency packet; left out when all had. */
  readonly known?: Uint8Array;
  readonly fates: Uint8Array;
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

/** Undefined when no survivor has a latency. */
export function latencySkew(lanes: readonly LatencyLane[]): LatencySkew | undefined {
  const reference = new Float64Array(65536);
  const kept = new Float64Array(65536);
  for (const { latency, known, fates } of lanes) {
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE || known?.[i] === 0) continue;
      reference[latency[i]]!++;
      if (fates[i] === KEPT) kept[latency[i]]!++;
    }
  }
  const before = quantiles(reference);
  const after = quantiles(kept);
  if (after.n === 0) return undefined;
  let ks = 0;
  let sumBefore = 0;
  let sumAfter = 0;
  for (let cycles = 0; cycles < 65536; cycles++) {
    sumBefore += reference[cycles];
    sumAfter += kept[cycles];
    ks = Math.max(ks, Math.abs(sumBefore / before.n - sumAfter / after.n));
  }
  return { reference: before, kept: after, ks };
}

/** As `quantile` on the sorted values, from their histogram. */
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
