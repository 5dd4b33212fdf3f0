import { KEPT, OUTSIDE } from '../model/outcome.ts';
import { correlation } from './numbers.ts';

/** Samples of one lane with their keys and fates. The columns are parallel. */
export interface KeyedLane {
  /** ns, ascending. */
  readonly t: Float64Array;
  /** Index of each sample's key, below the number of keys. */
  readonly keys: Uint32Array;
  /** KEPT, LOST + kind, or OUTSIDE. */
  readonly fates: Uint8Array;
}

/** Samples per time bin over all lanes, in total and for some keys. */
export interface OverTime {
  readonly t0: number;
  readonly t1: number;
  readonly bins: number;
  readonly reference: Float64Array;
  readonly kept: Float64Array;
  /** Of key `selected[j]` in bin b at `b * selected.length + j`. */
  readonly keyReference: Uint32Array;
  readonly selected: Uint32Array;
}

/** Counts the samples inside sessions in equal bins from the first sample to the last. */
export function countOverTime(
  lanes: readonly KeyedLane[],
  keyCount: number,
  selected: Uint32Array,
  bins: number,
): OverTime {
  let t0 = Infinity;
  let t1 = -Infinity;
  for (const { t, fates } of lanes) {
    const first = fates.findIndex((fate) => fate !== OUTSIDE);
    if (first < 0) continue;
    t0 = Math.min(t0, t[first]);
    t1 = Math.max(t1, t[fates.findLastIndex((fate) => fate !== OUTSIDE)]);
  }
  const width = selected.length;
  const slots = new Int32Array(keyCount).fill(-1);
  selected.forEach((key, j) => (slots[key] = j));
  const reference = new Float64Array(bins);
  const kept = new Float64Array(bins);
  const keyReference = new Uint32Array(bins * width);
  const scale = t1 > t0 ? bins / (t1 - t0) : 0;
  for (const { t, keys, fates } of lanes) {
    for (let i = 0; i < fates.length; i++) {
      const fate = fates[i];
      if (fate === OUTSIDE) continue;
      const bin = Math.min(bins - 1, Math.floor((t[i] - t0) * scale));
      const slot = slots[keys[i]];
      reference[bin]++;
      if (slot >= 0) keyReference[bin * width + slot]++;
      if (fate !== KEPT) continue;
      kept[bin]++;
    }
  }
  return { t0, t1, bins, reference, kept, keyReference, selected };
}

/** Coverage per bin; NaN where the reference has no sample. */
export function coverageOverTime(counts: OverTime): Float64Array {
  return counts.reference.map((n, bin) => (n > 0 ? counts.kept[bin] / n : NaN));
}

/**
 * Per selected key the correlation, over the bins, of the coverage with the key's share of the reference's samples: below 0, the
 * losses sit where the key is active. NaN when either doesn't vary.
 */
export function activityCorrelations(counts: OverTime, coverage: Float64Array): Float64Array {
  const width = counts.selected.length;
  return Float64Array.from({ length: width }, (_, j) => {
    const activity = counts.reference.map((n, bin) => (n > 0 ? counts.keyReference[bin * width + j] / n : NaN));
    return correlation(activity, coverage) ?? NaN;
  });
}
