/**
 * Columns as blobs. A column of n numbers becomes byte planes (all lowest bytes, then all second bytes, …): planes that hold
 * one value throughout cost a byte, and the others compress well because neighbours are alike. Exact for every width.
 *
 *   byte 0      format (1)
 *   byte 1      bytes per element (1, 2, 4, 8) | 0x80 if values are differences to the one before (first: to zero)
 *   byte 2      mask of the planes that follow; a plane not in it is constant
 *   then        a byte for each constant plane, in order
 *   then        the other planes, n bytes each, zstd-compressed as one frame
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

export type NumberColumn = Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigUint64Array;

const FORMAT = 1;
const DELTA = 0x80;
/** Level 1: the planes are easy, and import speed is what people feel. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** What a damaged blob gives: the lab file itself is broken. */
export class ColumnError extends Error {
  override readonly name = 'ColumnError';
}

/**
 * The first `n` elements of `column` as a blob. `delta` for columns that grow (times, counters): differences are taken
 * modulo the element's width, so any input survives.
 */
export function encodeColumn(column: NumberColumn, n: number, delta = false): Uint8Array {
  const width = column.BYTES_PER_ELEMENT;
  const bytes = delta ? differences(column, n) : new Uint8Array(column.buffer, column.byteOffset, n * width);
  const planes = new Uint8Array(n * width);
  const constant: number[] = [];
  let mask = 0;
  let used = 0;
  for (let plane = 0; plane < width; plane++) {
    const first = n ? bytes[plane] : 0;
    let varies = 0;
    for (let i = 0, from = plane, to = used; i < n; i++, from += width, to++) {
      const byte = bytes[from];
      varies |= byte ^ first;
      planes[to] = byte;
    }
    if (varies) {
      mask |= 1 << plane;
      used += n;
    } else {
      constant.push(first);
    }
  }
  const packed = used ? zstdCompressSync(planes.subarray(0, used), zstdOptions) : new Uint8Array(0);
  const blob = new Uint8Array(3 + constant.length + packed.length);
  blob[0] = FORMAT;
  blob[1] = width | (delta ? DELTA : 0);
  blob[2] = mask;
  blob.set(constant, 3);
  blob.set(packed, 3 + constant.length);
  return blob;
}

/** Fills `out[0, n)` from a blob that `encodeColumn` made. Throws ColumnError if it isn't one, or of another width or length. */
export function decodeColumn(blob: Uint8Array, n: number, out: NumberColumn): void {
  const width = out.BYTES_PER_ELEMENT;
  if (blob.length < 3 || blob[0] !== FORMAT || (blob[1] & 0x7f) !== width || n > out.length) {
    throw new ColumnError(`a column blob of ${blob.length} bytes is not ${n} values of ${width} bytes`);
  }
  const mask = blob[2];
  const varying = bitCount(mask);
  const constants = width - varying;
  const planes = varying ? inflate(blob.subarray(3 + constants), varying * n) : new Uint8Array(0);
  const bytes = new Uint8Array(out.buffer, out.byteOffset, n * width);
  for (let plane = 0, next = 0, seen = 0; plane < width; plane++) {
    if (mask & (1 << plane)) {
      for (let i = 0, to = plane; i < n; i++, to += width) bytes[to] = planes[next++];
    } else {
      const value = blob[3 + seen++];
      for (let i = 0, to = plane; i < n; i++, to += width) bytes[to] = value;
    }
  }
  if (blob[1] & DELTA) integrate(out, n);
}

/** A blob of plain bytes (event payloads, dictionaries), compressed. */
export function encodeBytes(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, zstdOptions);
}

/** The bytes back; `length` is known to the caller, and more than that is an error, not an allocation. */
export function decodeBytes(blob: Uint8Array, length: number): Uint8Array {
  return length ? inflate(blob, length) : new Uint8Array(0);
}

function inflate(packed: Uint8Array, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = zstdDecompressSync(packed, { maxOutputLength: length });
  } catch (error) {
    throw new ColumnError(`a column blob doesn't decompress: ${(error as Error).message}`);
  }
  if (bytes.length !== length) throw new ColumnError(`a column blob holds ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let m = mask; m; m &= m - 1) count++;
  return count;
}

/** Differences to the element before, modulo the width, as little-endian bytes. 64-bit ones in halves: no BigInt a value. */
function differences(column: NumberColumn, n: number): Uint8Array {
  if (column instanceof BigUint64Array) {
    const from = new Uint32Array(column.buffer, column.byteOffset, n * 2);
    const to = new Uint32Array(n * 2);
    for (let i = 0, lo0 = 0, hi0 = 0; i < 2 * n; i += 2) {
      const lo = from[i];
      const hi = from[i + 1];
      to[i] = lo - lo0;
      to[i + 1] = hi - hi0 - (lo < lo0 ? 1 : 0);
      lo0 = lo;
      hi0 = hi;
    }
    return new Uint8Array(to.buffer);
  }
  const to = column.slice(0, n);
  for (let i = n - 1; i > 0; i--) to[i] -= to[i - 1];
  return new Uint8Array(to.buffer, to.byteOffset, to.byteLength);
}

function integrate(column: NumberColumn, n: number): void {
  if (column instanceof BigUint64Array) {
    const halves = new Uint32Array(column.buffer, column.byteOffset, n * 2);
    for (let i = 2; i < 2 * n; i += 2) {
      const lo = halves[i] + halves[i - 2];
      halves[i] = lo;
      halves[i + 1] += halves[i - 1] + (lo > 0xffffffff ? 1 : 0);
    }
    return;
  }
  for (let i = 1; i < n; i++) column[i] += column[i - 1];
}
