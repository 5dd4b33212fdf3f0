/** A run's single seed feeds several streams of random numbers that must not overlap. */
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

/** What random numbers are for; the marks keep the streams apart. */
const streams = { placement: 0, lanes: 0x5bd1e995, unmaps: 0x2545f491 } as const;

/** @param stream what the numbers are for @param index e.g. the trial, 0 … 2^32 - 1 */
export function seededStream(seed: number, stream: keyof typeof streams, index: number): Random {
  const root = createRandom(seed);
  const low = root.next();
  const high = root.next() >>> 11;
  // Multiplying by an odd number keeps all indices apart.
  const mixed = (low ^ Math.imul(index, 0x9e3779b1) ^ streams[stream]) >>> 0;
  return createRandom(high * 2 ** 32 + mixed);
}
