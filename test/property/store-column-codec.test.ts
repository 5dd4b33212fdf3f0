import { zstdCompressSync } from 'node:zlib';
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
    expect(encodeColumn(new BigUint64Array(65536).fill(64n), 65536).length).toBe(12);
    const even = BigUint64Array.from({ length: 65536 }, (_, i) => (1n << 60n) + 1000n * BigInt(i));
    expect(encodeColumn(even, 65536, true).length).toBe(20);
  });

  it('takes two bits an element of a column of four values', () => {
    const column = Uint16Array.from(
      { length: 65536 },
      (_, i) => [7, 300, 9000, 65535][Math.imul(i, 2654435761) >>> 30],
    );
    expect(encodeColumn(column, 65536).length).toBeLessThan(65536 / 4 + 100);
  });

  it('reads what labs before format 5 hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }), { minLength: 1 }),
        fc.boolean(),
        (values, delta) => {
          const out = new BigUint64Array(values.length);
          decodeColumn(planesBlob(BigUint64Array.from(values), delta), values.length, out);
          expect([...out]).toEqual(values);
        },
      ),
    );
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

/** A blob of format 1, as described in column-codec.ts. */
function planesBlob(column: BigUint64Array, delta: boolean): Uint8Array {
  const values = delta ? column.map((value, i) => value - (i ? column[i - 1] : 0n)) : column;
  const constants: number[] = [];
  const planes: number[] = [];
  let mask = 0;
  for (let k = 0; k < 8; k++) {
    const plane = Array.from(values, (value) => Number((value >> BigInt(8 * k)) & 0xffn));
    if (plane.every((byte) => byte === plane[0])) {
      constants.push(plane[0]);
    } else {
      mask |= 1 << k;
      for (const byte of plane) planes.push(byte);
    }
  }
  const packed = mask ? zstdCompressSync(Uint8Array.from(planes)) : [];
  return Uint8Array.from([1, 8 | (delta ? 0x80 : 0), mask, ...constants, ...packed]);
}
