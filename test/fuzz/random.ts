/** Random numbers that a seed repeats (Marsaglia's xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 … n - 1; 0 for n = 0. */
  below(n: number): number {
    return n > 0 ? Math.floor(this.real() * n) : 0;
  }

  /** 0 ≤ x < 1. */
  real(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 2 ** 32;
  }
}
