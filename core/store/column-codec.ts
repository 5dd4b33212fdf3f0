/**
 * Columns as blobs. Most columns have few different values, or few in their higher bytes (addresses): each element is its index among those
 * words, in as few bits as distinguish them, and below that byte planes (all lowest bytes, then all second bytes, …), which compress well
 * because neighbours are alike. Exact for every width.
 *
 *   byte 0      format (2)
 *   byte 1      bytes per element (1, 2, 4, 8) | 0x80 if values are differences to the one before
 *   byte 2      low: bytes of an element that are planes
 *   byte 3      words - 1
 *   then        of differences: the first element
 *   then        the payload, as it is if it has no more than 64 bytes, else as one zstd frame:
 *                 the words, width - low bytes each
 *                 the place of each element among them: 0, 1, 2, 4 or 8 bits, the first in the lowest bits
 *                 the planes, n bytes each
 *
 * Format 1, in labs before format 5, has planes only:
 *
 *   byte 2      mask of the planes that follow; a plane not in it is constant
 *   then        a byte for each constant plane, in order
 *   then        the other planes, n bytes each, zstd-compressed as one frame
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { release } from '../formats/memory.ts';
import { partsBytes, Planes } from './planes/planes.ts';
import type { Width } from './planes/planes.ts';

export type NumberColumn = Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigUint64Array;

const FORMAT = 2;
const PLANES_FORMAT = 1;
const DELTA = 0x80;
const HEADER_BYTES = 4;
/** A smaller zstd frame hardly saves anything. */
const PLAIN_BYTES = 64;
/** Level 1: the planes are easy, and import speed is what people notice. Given the size, zstd takes no more memory than needed. */
function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    // Room for the largest result: pieces would have to be joined, and left to the garbage collector.
    chunkSize: 1024 + bytes.length + (bytes.length >> 8),
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
}

/** The smallest output chunk that zlib accepts. */
const MIN_PIECE = 64;
/** Thrown for a damaged blob: the lab file itself is broken. */
export class ColumnError extends Error {
  override readonly name = 'ColumnError';
}

/** The one thing kept between calls: working memory, per thread. */
let own: Planes | undefined;

/**
 * The first `n` elements of `column` as a blob. `delta` for columns that grow (times, counters): differences are taken
 * modulo the element's width, so any input survives. `planes`: what to work with, if the column lies in its memory.
 */
export function encodeColumn(
  column: NumberColumn,
  n: number,
  delta = false,
  planes = (own ??= new Planes()),
): Uint8Array {
  const width = column.BYTES_PER_ELEMENT as Width;
  if (!n) return Uint8Array.of(FORMAT, width, 0, 0);
  const elements = new Uint8Array(column.buffer, column.byteOffset, n * width);
  const { low, words, first, payload } = planes.split(elements, width, n, delta);
  const packed = payload.length > PLAIN_BYTES ? compress(payload) : payload;
  const blob = new Uint8Array(HEADER_BYTES + first.length + packed.length);
  blob[0] = FORMAT;
  blob[1] = width | (delta ? DELTA : 0);
  blob[2] = low;
  blob[3] = words - 1;
  blob.set(first, HEADER_BYTES);
  blob.set(packed, HEADER_BYTES + first.length);
  if (packed !== payload) release(packed);
  return blob;
}

function checkBlob(blob: unknown): void {
  if (!(blob instanceof Uint8Array)) throw new ColumnError('a column that is no blob');
}

/** Fills `out[0, n)` from a blob that `encodeColumn` made. Throws ColumnError if it isn't one, or has another width or length. */
export function decodeColumn(blob: Uint8Array, n: number, out: NumberColumn): void {
  checkBlob(blob);
  const width = out.BYTES_PER_ELEMENT as Width;
  const delta = (blob[1] & DELTA) !== 0;
  const at = HEADER_BYTES + (delta ? width : 0);
  const known = blob.length >= HEADER_BYTES && (blob[0] === FORMAT || blob[0] === PLANES_FORMAT);
  if (!known || (blob[1] & ~DELTA) !== width || n > out.length || (blob[0] === FORMAT && blob[2] >= width)) {
    throw new ColumnError(`a column blob of ${blob.length} bytes is not ${n} values of ${width} bytes`);
  }
  if (!n) return;
  const bytes = new Uint8Array(out.buffer, out.byteOffset, n * width);
  const planes = (own ??= new Planes());
  if (blob[0] === PLANES_FORMAT) return decodePlanes(planes, blob, bytes, width, n, delta);
  const low = blob[2];
  const words = blob[3] + 1;
  const length = partsBytes(low, words, width, n);
  const packed = blob.subarray(at);
  if (length <= PLAIN_BYTES && packed.length !== length) {
    throw new ColumnError(`a column blob holds ${packed.length} bytes instead of ${length}`);
  }
  const payload = length > PLAIN_BYTES ? inflate(packed, length) : packed;
  planes.join({ low, words, first: blob.subarray(HEADER_BYTES, at), payload }, bytes, width, n, delta);
  if (payload !== packed) release(payload);
}

function decodePlanes(
  memory: Planes,
  blob: Uint8Array,
  out: Uint8Array,
  width: Width,
  n: number,
  delta: boolean,
): void {
  const mask = blob[2];
  const varying = bitCount(mask);
  const packedAt = 3 + width - varying;
  const planes = varying ? inflate(blob.subarray(packedAt), varying * n) : new Uint8Array(0);
  memory.joinPlanes(planes, mask, blob.subarray(3, packedAt), out, width, n, delta);
  release(planes);
}

/** A blob of plain bytes (event payloads, dictionaries), compressed; in its own memory, like `encodeColumn`'s. */
export function encodeBytes(bytes: Uint8Array): Uint8Array {
  const packed = compress(bytes);
  const blob = new Uint8Array(packed);
  release(packed);
  return blob;
}

/** The bytes back; the caller knows `length`, and more than that is an error, not an allocation. */
export function decodeBytes(blob: Uint8Array, length: number): Uint8Array {
  checkBlob(blob);
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
