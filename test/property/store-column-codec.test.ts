import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColumnError, decodeColumn, encodeColumn } from '../../core/store/column-codec.ts';

describe('column codec', () => {
  it('gives back every 64-bit column, with and without differences', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })), fc.boolean(), (values, delta) => {
        const out = new BigUint64Array(values.length);
        decodeColumn(encodeColumn(BigUint64Array.from(values), values.length, delta), values.length, out);
        expect([...out]).toEqual(values);
      }),
    );
  });

  it('gives back every narrow column', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), fc.boolean(), (values, delta) => {
        for (const kind of [Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
          const column = kind.from(values);
          const out = new kind(values.length);
          decodeColumn(encodeColumn(column, values.length, delta), values.length, out);
          expect([...out]).toEqual([...column]);
        }
      }),
    );
  });

  it('encodes only the first n elements, from anywhere in a buffer', () => {
    const column = Uint32Array.of(9, 1, 2, 3, 9).subarray(1);
    const out = new Uint32Array(3);
    decodeColumn(encodeColumn(column, 3), 3, out);
    expect([...out]).toEqual([1, 2, 3]);
  });

  it('keeps a constant column in a few bytes', () => {
    expect(encodeColumn(new BigUint64Array(65536).fill(64n), 65536).length).toBe(11);
  });

  it('refuses any other bytes with a ColumnError, and never reads past them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 50 }), (bytes, n) => {
        try {
          decodeColumn(bytes, n, new Uint32Array(50));
        } catch (error) {
          expect(error).toBeInstanceOf(ColumnError);
        }
      }),
    );
  });
});
