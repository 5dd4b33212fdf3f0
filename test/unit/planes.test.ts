import { describe, expect, it } from 'vitest';
import { partsBytes, Planes } from '../../core/store/planes/planes.ts';
import type { Width } from '../../core/store/planes/planes.ts';

describe('byte planes', () => {
  it('are what is left of elements below words that a column has few of', () => {
    const planes = new Planes();
    const column = BigUint64Array.from({ length: 1000 }, (_, i) => 0xffff_8000_0000_0000n + BigInt((i * 7919) % 4096));
    const { low, words, payload } = planes.split(new Uint8Array(column.buffer), 8, column.length, false);
    expect({ low, words }).toEqual({ low: 1, words: 16 });
    // 16 words of 7 bytes, 4 bits an element, one plane.
    expect(payload.length).toBe(16 * 7 + 500 + 1000);
    expect(Buffer.from(payload.subarray(0, 7)).readUIntLE(1, 6)).toBe(0xffff_8000_0000);
    expect([...payload.subarray(-1000)]).toEqual(Array.from(column, (value) => Number(value & 0xffn)));
  });

  it('give back each element, whatever the number of elements and of words', () => {
    const planes = new Planes();
    for (const width of [1, 2, 4, 8] as Width[]) {
      for (const n of [1, 2, 7, 15, 16, 17, 100, 70_000]) {
        for (const words of [1, 2, 3, 4, 5, 16, 17, 256, 257, 70_000]) {
          const elements = new Uint8Array(n * width);
          for (let i = 0; i < n; i++) {
            const value = Math.imul(i % words, 2654435761) >>> 3;
            for (let k = 0; k < width; k++) elements[i * width + k] = (value >>> (8 * (k & 3))) ^ k;
          }
          for (const delta of [false, true]) {
            const parts = planes.split(elements, width, n, delta);
            expect(parts.payload.length).toBe(partsBytes(parts.low, parts.words, width, n));
            const kept = { ...parts, payload: Uint8Array.from(parts.payload) };
            const out = new Uint8Array(n * width);
            planes.join(kept, out, width, n, delta);
            expect(Buffer.from(out).equals(Buffer.from(elements)), `${width} ${n} ${words} ${delta}`).toBe(true);
          }
        }
      }
    }
  });

  it('of differences are taken modulo the width, and the first element stands by itself', () => {
    const planes = new Planes();
    const { low, words, first, payload } = planes.split(Uint8Array.of(5, 0, 4, 0, 4, 1), 2, 3, true);
    expect({ low, words, first: [...first] }).toEqual({ low: 0, words: 2, first: [5, 0] });
    expect([...payload]).toEqual([0xff, 0xff, 0, 1, 0b100]);
  });
});
