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
import { release } from '../formats/memory.ts';
import { Planes } from './planes/planes.ts';
import type { Width } from './planes/planes.ts';

export type NumberColumn = Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigUint64Array;

const FORMAT = 1;
const DELTA = 0x80;
/** Level 1: the planes are easy, and import speed is what people feel. Told the size, zstd takes no more memory than that needs. */
function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    // Room for what they usually come to: pieces would have to be put together again.
    chunkSize: 1024 + (bytes.length >> 1),
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
}

/** The smallest piece of output that zlib can be told. */
const MIN_PIECE = 64;
/** What a damaged blob gives: the lab file itself is broken. */
export class ColumnError extends Error {
  override readonly name = 'ColumnError';
}

/** The one thing kept between calls: memory to work in, a thread's own. */
let memory: Planes | undefined;

/**
 * The first `n` elements of `column` as a blob. `delta` for columns that grow (times, counters): differences are taken
 * modulo the element's width, so any input survives.
 */
export function encodeColumn(column: NumberColumn, n: number, delta = false): Uint8Array {
  const width = column.BYTES_PER_ELEMENT as Width;
  const elements = new Uint8Array(column.buffer, column.byteOffset, n * width);
  const split = n
    ? (memory ??= new Planes()).split(elements, width, n, delta)
    : { mask: 0, first: new Uint8Array(width) };
  const { mask, first } = split;
  const constant = first.filter((_, plane) => !(mask & (1 << plane)));
  const packed = mask && 'planes' in split ? compress(split.planes) : new Uint8Array(0);
  const blob = new Uint8Array(3 + constant.length + packed.length);
  blob[0] = FORMAT;
  blob[1] = width | (delta ? DELTA : 0);
  blob[2] = mask;
  blob.set(constant, 3);
  blob.set(packed, 3 + constant.length);
  release(packed);
  return blob;
}

/** Fills `out[0, n)` from a blob that `encodeColumn` made. Throws ColumnError if it isn't one, or of another width or length. */
export function decodeColumn(blob: Uint8Array, n: number, out: NumberColumn): void {
  const width = out.BYTES_PER_ELEMENT as Width;
  if (blob.length < 3 || blob[0] !== FORMAT || (blob[1] & 0x7f) !== width || n > out.length) {
    throw new ColumnError(`a column blob of ${blob.length} bytes is not ${n} values of ${width} bytes`);
  }
  const mask = blob[2];
  const varying = bitCount(mask);
  const packedAt = 3 + width - varying;
  const planes = varying ? inflate(blob.subarray(packedAt), varying * n) : new Uint8Array(0);
  if (!n) return;
  const bytes = new Uint8Array(out.buffer, out.byteOffset, n * width);
  (memory ??= new Planes()).join(planes, mask, blob.subarray(3, packedAt), bytes, width, n, (blob[1] & DELTA) !== 0);
  release(planes);
}

/** A blob of plain bytes (event payloads, dictionaries), compressed; in memory of its own, as `encodeColumn`'s are. */
export function encodeBytes(bytes: Uint8Array): Uint8Array {
  const packed = compress(bytes);
  const blob = new Uint8Array(packed);
  release(packed);
  return blob;
}

/** The bytes back; `length` is known to the caller, and more than that is an error, not an allocation. */
export function decodeBytes(blob: Uint8Array, length: number): Uint8Array {
  return length ? inflate(blob, length) : new Uint8Array(0);
}

function inflate(packed: Uint8Array, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = zstdDecompressSync(packed, { chunkSize: Math.max(length, MIN_PIECE), maxOutputLength: length });
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
