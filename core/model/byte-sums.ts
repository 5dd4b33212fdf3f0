/** Prefix sums of sample sizes: where each record lies in the endless byte stream that the SPU writes. */
import { Ascending } from './ascending.ts';
import { firstAbove, firstAtLeast } from './terms/search.ts';

export interface ByteSums {
  /** Bytes of the samples before sample `i`; of all with `i` one past the last. */
  at(i: number): number;
  /** First index in [lo, hi) that is at least `bytes`; `hi` if there is none. */
  firstAtLeast(bytes: number, lo: number, hi: number): number;
}

/** Mean samples per run of one size from which runs pay for their search. */
const PER_RUN = 16;

/** SPUs pad nearly every record to the same size: runs of one size then say it all. */
export function byteSums(size: Uint32Array): ByteSums {
  let runs = 0;
  for (let i = 0; i < size.length; i++) if (i === 0 || size[i] !== size[i - 1]) runs++;
  if (runs > 0 && runs * PER_RUN <= size.length) return new SizeRuns(size, runs);
  const before = new Float64Array(size.length + 1);
  for (let i = 0; i < size.length; i++) before[i + 1] = before[i] + size[i];
  return new Ascending(before);
}

class SizeRuns implements ByteSums {
  /** First samples of the runs, their bytes before, the size of each of their samples. */
  readonly #first: Float64Array;
  readonly #before: Float64Array;
  readonly #size: Float64Array;

  constructor(size: Uint32Array, runs: number) {
    this.#first = new Float64Array(runs);
    this.#before = new Float64Array(runs);
    this.#size = new Float64Array(runs);
    for (let i = 0, r = 0; i < size.length; i++) {
      if (i > 0 && size[i] === size[i - 1]) continue;
      if (r > 0) this.#before[r] = this.#before[r - 1] + (i - this.#first[r - 1]) * this.#size[r - 1];
      this.#first[r] = i;
      this.#size[r++] = size[i];
    }
  }

  at(i: number): number {
    const r = firstAbove(this.#first, i, 1) - 1;
    return this.#before[r] + (i - this.#first[r]) * this.#size[r];
  }

  firstAtLeast(bytes: number, lo: number, hi: number): number {
    const r = firstAtLeast(this.#before, bytes) - 1;
    if (r < 0) return Math.min(lo, hi);
    const i = this.#first[r] + Math.ceil((bytes - this.#before[r]) / this.#size[r]);
    return Math.min(hi, Math.max(lo, i));
  }
}
