import { createHash } from 'node:crypto';
import type { PairDone } from './result.ts';

/** Of a pair's numbers, which must reproduce. 16 hex digits. */
export function pairDigest({ outcomes, checks }: Pick<PairDone, 'outcomes' | 'checks'>): string {
  return createHash('sha256').update(JSON.stringify({ outcomes, checks })).digest('hex').slice(0, 16);
}
