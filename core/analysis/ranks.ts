/** How much the order of the keys changed (model.md section 7). */

/** Keys by count, largest first; equal ones in the order of `tie`, then of their index. */
export function order(counts: ArrayLike<number>, tie?: ArrayLike<number>): Uint32Array {
  const keys = Uint32Array.from({ length: counts.length }, (_, i) => i);
  return keys.sort((a, b) => counts[b] - counts[a] || (tie ? tie[b] - tie[a] : 0) || a - b);
}

/**
 * Kendall's tau-b of two columns: 1 the same order, -1 reversed; ties corrected for. Undefined when all values of a column are
 * equal. Quadratic: for short columns (the top 50).
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number | undefined {
  let score = 0;
  let untiedX = 0;
  let untiedY = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = Math.sign(x[i] - x[j]);
      const b = Math.sign(y[i] - y[j]);
      score += a * b;
      untiedX += Math.abs(a);
      untiedY += Math.abs(b);
    }
  }
  return untiedX > 0 && untiedY > 0 ? score / Math.sqrt(untiedX * untiedY) : undefined;
}

/**
 * Rank-biased overlap of two lists of the same length without repetitions, extrapolated from its end (Webber, Moffat and Zobel,
 * "A similarity measure for indefinite rankings", 2010, equation 32): 1 the same list, 0 nothing in common. `p` is the probability that a
 * reader goes on to the next rank.
 */
export function rankBiasedOverlap(a: Uint32Array, b: Uint32Array, p: number): number {
  const seen = new Set<number>();
  let common = 0;
  let sum = 0;
  let weight = 1;
  for (let depth = 1; depth <= a.length; depth++) {
    for (const key of [a[depth - 1], b[depth - 1]]) {
      if (seen.has(key)) common++;
      else seen.add(key);
    }
    weight *= p;
    sum += (common / depth) * weight;
  }
  return a.length === 0 ? 1 : (common / a.length) * weight + ((1 - p) / p) * sum;
}

/** Share of the first list that is also in the second. */
export function recall(a: Uint32Array, b: Uint32Array): number {
  return a.length === 0 ? 1 : a.filter((key) => b.includes(key)).length / a.length;
}
