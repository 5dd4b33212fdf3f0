/**
 * Seeded random numbers: the same sequence for the same seed on every platform. xoshiro128** 1.1 (Blackman and Vigna,
 * "Scrambled linear pseudorandom number generators", 2021), its state filled from the seed by splitmix32.
 */
export interface Random {
  /** A whole number in [0, 2^32). */
  next(): number;
  /** A double in [0, 1), from 53 random bits. */
  uniform(): number;
  /** A whole number in [0, n), without bias; n in 1 … 2^32. */
  below(n: number): number;
}

/** @param seed a whole number, 0 … 2^53 - 1; every bit of it counts. */
export function createRandom(seed: number): Random {
  let mix = (seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b)) | 0;
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();

  const next = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  const below = (n: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = next();
    while (x >= limit) x = next();
    return x % n;
  };
  return { next, uniform, below };
}
