/** Compressed sections and chunks: two 32-bit sizes (compressed, uncompressed), then the data. */
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { memorySource } from '../source.ts';
import { MAX_SECTION } from './limits.ts';
import { Reader } from './reader.ts';

/** Output bytes that zlib gets room for at a time; it takes no less than 64. */
const MIN_PIECE = 64;
const MAX_PIECE = 1 << 20;

export type Compression = 'none' | 'zstd' | 'zlib';

/**
 * Decompresses into fresh memory; never more than `limit` bytes, whatever the data say. Undefined for data that are damaged
 * or larger than announced.
 */
export function decompress(kind: Compression, bytes: Uint8Array, limit: number): Uint8Array | undefined {
  // In one piece if that isn't much: pieces would have to be joined.
  const chunkSize = Math.min(Math.max(limit, MIN_PIECE), MAX_PIECE);
  const options = { chunkSize, maxOutputLength: Math.max(limit, 1) };
  try {
    switch (kind) {
      case 'zstd':
        return zstdDecompressSync(bytes, options);
      case 'zlib':
        return inflateSync(bytes, options);
      case 'none':
        return bytes;
    }
  } catch {
    return undefined; // zlib's errors say nothing that a user could act on
  }
}

/** A reader over a compressed section that starts at `reader`'s place. */
export function openCompressed(reader: Reader, kind: Compression, what: string): Reader {
  const at = reader.offset;
  const compressed = reader.u32(what);
  const size = reader.u32(what);
  if (size > MAX_SECTION) {
    throw reader.error(
      `${what} claims ${size} bytes uncompressed, the limit is ${MAX_SECTION}; the file is damaged`,
      at,
    );
  }
  const bytes = decompress(kind, reader.bytes(compressed, what), size);
  if (!bytes) throw reader.error(`${what} can't be decompressed (${kind}): the file is damaged`, at);
  return new Reader(memorySource(bytes, reader.source.name), 0, { sectionAt: at });
}
