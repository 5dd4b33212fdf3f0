/** Samples to a bucket, on average. */
const PER_BUCKET = 16;

/** Values checked before the table: most searches end where they begin, in one cache line. */
const NEAR = 4;

/**
 * An ascending column for frequent scattered searches: a table of equal steps in value says where to look, so that a
 * search touches a cache line or two instead of log n of them.
 */
export class Ascending {
  readonly values: Float64Array;
  readonly #low: number;
  readonly #high: number;
  readonly #perUnit: number;
  /** Per bucket the first index of its values; one more at the end. */
  readonly #first: Uint32Array;

  constructor(values: Float64Array) {
    this.values = values;
    const n = values.length;
    const buckets = Math.ceil(n / PER_BUCKET) + 1;
    this.#low = n ? values[0] : 0;
    this.#high = n ? values[n - 1] : 0;
    const range = this.#high - this.#low;
    this.#perUnit = range > 0 ? (buckets - 1) / range : 0;
    this.#first = new Uint32Array(buckets + 1);
    let b = 0;
    for (let i = 0; i < n; i++) {
      const bucket = Math.floor((values[i] - this.#low) * this.#perUnit);
      while (b < bucket) this.#first[++b] = i;
    }
    this.#first.fill(n, b + 1);
  }

  at(i: number): number {
    return this.values[i];
  }

  /** First index in [lo, hi) whose value is at least `x`; `hi` if there is none. */
  firstAtLeast(x: number, lo: number, hi: number): number {
    for (const near = Math.min(hi, lo + NEAR); lo < near; lo++) if (this.values[lo] >= x) return lo;
    if (lo >= hi) return lo;
    const b = this.#bucket(x);
    lo = Math.min(hi, Math.max(lo, this.#first[b]));
    hi = Math.min(hi, this.#first[b + 1]);
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (this.values[mid] < x) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  /** First index in [lo, hi) whose value is above `x`; `hi` if there is none. */
  firstAbove(x: number, lo: number, hi: number): number {
    for (const near = Math.min(hi, lo + NEAR); lo < near; lo++) if (this.values[lo] > x) return lo;
    if (lo >= hi) return lo;
    const b = this.#bucket(x);
    lo = Math.min(hi, Math.max(lo, this.#first[b]));
    hi = Math.min(hi, this.#first[b + 1]);
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (this.values[mid] <= x) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  #bucket(x: number): number {
    return x <= this.#low ? 0 : Math.floor((Math.min(x, this.#high) - this.#low) * this.#perUnit);
  }
}
