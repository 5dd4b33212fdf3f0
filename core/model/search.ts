/** Searches in ascending columns, galloping from where the reader stands: cheap when the answer is near, log n when not. */

/** First index in [lo, hi) whose value is at least `x`; `hi` if there is none. */
export function firstAtLeast(a: Float64Array, x: number, lo: number, hi: number): number {
  let step = 1;
  let probe = lo;
  while (probe < hi && a[probe] < x) {
    lo = probe + 1;
    probe += step;
    step *= 2;
  }
  if (probe < hi) hi = probe;
  while (lo < hi) {
    const mid = Math.floor((lo + hi) / 2);
    if (a[mid] < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** First index in [lo, hi) whose value is above `x`; `hi` if there is none. */
export function firstAbove(a: Float64Array, x: number, lo: number, hi: number): number {
  let step = 1;
  let probe = lo;
  while (probe < hi && a[probe] <= x) {
    lo = probe + 1;
    probe += step;
    step *= 2;
  }
  if (probe < hi) hi = probe;
  while (lo < hi) {
    const mid = Math.floor((lo + hi) / 2);
    if (a[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
