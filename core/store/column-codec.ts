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
/** Level 1: the planes are easy, and import speed is what people feel. Told the size, zstd takes no more memory than that needs. */
function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
}

/** What a damaged blob gives: the lab file itself is broken. */
export class ColumnError extends Error {
  override readonly name = 'ColumnError';
}

/** Encodes columns; keeps memory to work in from one to the next. */
export class ColumnEncoder {
  #planes = new Uint8Array(0);
  #differences = new Uint32Array(0);

  /**
   * The first `n` elements of `column` as a blob. `delta` for columns that grow (times, counters): differences are taken
   * modulo the element's width, so any input survives.
   */
  encode(column: NumberColumn, n: number, delta = false): Uint8Array {
    const width = column.BYTES_PER_ELEMENT;
    if (this.#planes.length < n * width) this.#planes = new Uint8Array(n * width);
    const planes = this.#planes;
    const words = delta ? this.#delta(column, n) : wordsOf(column, n);
    const bytes = words.BYTES_PER_ELEMENT;
    const stride = width / bytes;
    const constant: number[] = [];
    let mask = 0;
    let used = 0;
    for (let part = 0; part < stride; part++) {
      const first = n ? words[part] : 0;
      const varies = words instanceof Uint32Array ? varying32(words, part, n, stride) : varyingShort(words, n);
      for (let byte = 0; byte < bytes; byte++) {
        const shift = 8 * byte;
        if (!((varies >>> shift) & 0xff)) {
          constant.push((first >>> shift) & 0xff);
          continue;
        }
        mask |= 1 << (part * bytes + byte);
        const plane = planes.subarray(used, used + n);
        if (words instanceof Uint32Array) plane32(words, part, stride, shift, plane);
        else planeShort(words, shift, plane);
        used += n;
      }
    }
    const packed = used ? compress(planes.subarray(0, used)) : new Uint8Array(0);
    const blob = new Uint8Array(3 + constant.length + packed.length);
    blob[0] = FORMAT;
    blob[1] = width | (delta ? DELTA : 0);
    blob[2] = mask;
    blob.set(constant, 3);
    blob.set(packed, 3 + constant.length);
    return blob;
  }

  /** Differences to the element before, modulo the width, as its words. 64-bit ones in halves: no BigInt a value. */
  #delta(column: NumberColumn, n: number): Words {
    const from = wordsOf(column, n);
    if (from.BYTES_PER_ELEMENT < 4) {
      const to = from.slice();
      for (let i = n - 1; i > 0; i--) to[i] -= to[i - 1];
      return to;
    }
    if (this.#differences.length < from.length) this.#differences = new Uint32Array(from.length);
    const to = this.#differences;
    if (column.BYTES_PER_ELEMENT === 4) {
      for (let i = 0, last = 0; i < n; i++) {
        to[i] = from[i] - last;
        last = from[i];
      }
      return to;
    }
    for (let i = 0, lo0 = 0, hi0 = 0; i < 2 * n; i += 2) {
      const lo = from[i];
      const hi = from[i + 1];
      to[i] = lo - lo0;
      to[i + 1] = hi - hi0 - (lo < lo0 ? 1 : 0);
      lo0 = lo;
      hi0 = hi;
    }
    return to;
  }
}

type Words = Uint8Array | Uint16Array | Uint32Array;

/** The first `n` elements without sign, 64-bit ones as two halves, the lower first. */
function wordsOf({ buffer, byteOffset, BYTES_PER_ELEMENT: width }: NumberColumn, n: number): Words {
  if (width === 1) return new Uint8Array(buffer, byteOffset, n);
  if (width === 2) return new Uint16Array(buffer, byteOffset, n);
  return new Uint32Array(buffer, byteOffset, (n * width) / 4);
}

// What follows is apart for each width so that each loop sees one type of array only: that makes it several times as fast.

/** Bits that aren't the same in every `stride`-th of the words from `part` on. */
function varying32(words: Uint32Array, part: number, n: number, stride: number): number {
  const first = words[part];
  const end = n * stride;
  const fours = end - 3 * stride;
  let varies = 0;
  let i = part;
  for (; i < fours; i += 4 * stride) {
    varies |=
      (words[i] ^ first) |
      (words[i + stride] ^ first) |
      (words[i + 2 * stride] ^ first) |
      (words[i + 3 * stride] ^ first);
  }
  for (; i < end; i += stride) varies |= words[i] ^ first;
  return varies;
}

/** Four bytes are written as one word where the plane allows it. */
function plane32(words: Uint32Array, part: number, stride: number, shift: number, plane: Uint8Array): void {
  const n = plane.length;
  if (plane.byteOffset % 4 || n % 4) {
    for (let i = 0, from = part; i < n; i++, from += stride) plane[i] = words[from] >>> shift;
    return;
  }
  const to = new Uint32Array(plane.buffer, plane.byteOffset, n / 4);
  for (let i = 0, from = part; i < to.length; i++, from += 4 * stride) {
    to[i] =
      ((words[from] >>> shift) & 0xff) |
      (((words[from + stride] >>> shift) & 0xff) << 8) |
      (((words[from + 2 * stride] >>> shift) & 0xff) << 16) |
      ((words[from + 3 * stride] >>> shift) << 24);
  }
}

function varyingShort(words: Uint8Array | Uint16Array, n: number): number {
  const first = words[0];
  let varies = 0;
  for (let i = 0; i < n; i++) varies |= words[i] ^ first;
  return varies;
}

function planeShort(words: Uint8Array | Uint16Array, shift: number, plane: Uint8Array): void {
  const n = plane.length;
  for (let i = 0; i < n; i++) plane[i] = words[i] >>> shift;
}

/** One column by itself. */
export function encodeColumn(column: NumberColumn, n: number, delta = false): Uint8Array {
  return new ColumnEncoder().encode(column, n, delta);
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
  return compress(bytes);
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
