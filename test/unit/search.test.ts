import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstAbove, firstAtLeast, firstIndex } from '../../core/model/terms/search.ts';

/** As one would look it up by hand. */
function scan(values: readonly number[], from: number, to: number, holds: (value: number) => boolean): number {
  for (let i = from; i < to; i++) if (holds(values[i])) return i;
  return Math.max(from, to);
}

describe('search in ascending columns', () => {
  it('finds what a scan finds, in any part', () => {
    const column = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 }).map((v) => v.sort((a, b) => a - b));
    const x = fc.integer({ min: -1, max: 10 });
    fc.assert(
      fc.property(column, x, fc.nat(20), fc.nat(20), (values, limit, a, b) => {
        const [from, to] = [Math.min(a, b, values.length), Math.min(Math.max(a, b), values.length)];
        for (const list of [values, Float64Array.from(values), Uint32Array.from(values)]) {
          expect(firstAtLeast(list, limit, from, to)).toBe(scan(values, from, to, (v) => v >= limit));
          expect(firstAbove(list, limit, from, to)).toBe(scan(values, from, to, (v) => v > limit));
        }
        expect(firstIndex(from, to, (i) => values[i] > limit)).toBe(scan(values, from, to, (v) => v > limit));
      }),
    );
  });

  it('takes the whole column by default', () => {
    const values = [1, 3, 3, 5];
    expect([firstAtLeast(values, 3), firstAbove(values, 3), firstAtLeast(values, 6)]).toEqual([1, 3, 4]);
    expect([firstAtLeast([], 0), firstAbove([], 0), firstIndex(0, 0, () => true)]).toEqual([0, 0, 0]);
  });

  it('asks about log n places', () => {
    let asked = 0;
    expect(firstIndex(0, 1 << 20, (i) => (asked++, i >= 777_777))).toBe(777_777);
    expect(asked).toBeLessThanOrEqual(21);
  });
});
