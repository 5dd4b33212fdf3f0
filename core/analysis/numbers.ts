/** Small statistics on typed arrays. */
import type { Spread } from '../model/terms/results.ts';

export type { Spread } from '../model/terms/results.ts';

/**
 * The p-quantile of ascending values, linear between neighbours (Hyndman and Fan's type 7: R's and numpy's default).
 * NaN for no values.
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const low = sorted[below];
  return below + 1 < sorted.length ? low + (at - below) * (sorted[below + 1] - low) : low;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Pearson's correlation of two columns; undefined when either doesn't vary. Pairs with a NaN are left out. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number | undefined {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    n++;
    sumX += x[i];
    sumY += y[i];
  }
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    const dx = x[i] - sumX / n;
    const dy = y[i] - sumY / n;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : undefined;
}

/** The spread of a non-empty list; undefined for an empty one. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return { mean: mean(sorted), p5: quantile(sorted, 0.05), p95: quantile(sorted, 0.95) };
}
