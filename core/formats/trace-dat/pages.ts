/**
 * One CPU's ring buffer pages, one after the other, from plain or chunk-wise compressed data. Holds one chunk (or one read-ahead) at a
 * time.
 */
import { release } from '../memory.ts';
import type { Warnings } from '../problems.ts';
import { InputError } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { decompress, type Compression } from './compression.ts';
import { FREE_OF_RATIO, MAX_CHUNK, MAX_OPEN, MAX_RATIO, READ_AHEAD } from './limits.ts';
import { Reader } from './reader.ts';

/** What reading one file may cost: memory that its CPUs hold together, bytes read, bytes decompressed. */
export class Budget {
  readonly #source: ByteSource;
  #held = 0;
  #read = 0;
  #unpacked = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** A CPU's buffer grows. */
  hold(bytes: number, offset: number): void {
    this.#held += bytes;
    if (this.#held > MAX_OPEN) {
      const limit = `${MAX_OPEN >> 20} MB`;
      throw this.#error(`needs more than ${limit} at once; the file is damaged, or too large for Umbra`, offset);
    }
  }

  /** Event data are read: together they can't be more than the file. */
  take(bytes: number, offset: number): void {
    this.#read += bytes;
    if (this.#read > this.#source.size) throw this.#error('CPUs share the same data; the file is damaged', offset);
  }

  unpack(bytes: number, offset: number): void {
    this.#unpacked += bytes;
    if (this.#unpacked > FREE_OF_RATIO + MAX_RATIO * this.#read) {
      throw this.#error(`decompresses to more than ${MAX_RATIO} times its size; the file is damaged`, offset);
    }
  }

  #error(message: string, offset: number): InputError {
    return new InputError(this.#source.name, message, offset);
  }
}

/** A page: `bytes[at, at + size)`. `at` is a multiple of 4. Valid until the next page. */
export interface PageSupply {
  bytes: Uint8Array;
  words: Uint32Array;
  at: number;
  size: number;
  /** Byte offset in the file: of the page, or of the chunk that holds it. */
  fileOffset: number;
  /** Set when data before this page could not be read: its events are lost. */
  gap: boolean;
  /** False at the end. */
  next(): boolean;
}

export interface PlainPlace {
  readonly offset: number;
  readonly size: number;
}

/** Bytes of the recorded range that the file really has. */
function present(source: ByteSource, place: PlainPlace, warnings: Warnings): number {
  const there = Math.max(0, Math.min(place.size, source.size - place.offset));
  if (there < place.size) {
    warnings.add(
      'data-loss',
      'trace-truncated',
      'the file ends before its data do: the events after that are missing',
      {
        offset: place.offset + there,
        bytes: place.size - there,
      },
    );
  }
  return there;
}

export class PlainPages implements PageSupply {
  bytes = new Uint8Array(0);
  words = new Uint32Array(0);
  at = 0;
  size: number;
  fileOffset: number;
  gap = false;
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #budget: Budget;
  /** File range that `bytes` holds. */
  #from = 0;
  #to = 0;
  #next: number;

  constructor(source: ByteSource, place: PlainPlace, pageSize: number, warnings: Warnings, budget: Budget) {
    this.#source = source;
    this.#budget = budget;
    this.size = pageSize;
    this.fileOffset = place.offset;
    this.#next = place.offset;
    this.#end = place.offset + present(source, place, warnings);
  }

  next(): boolean {
    // The last page may be short.
    const start = this.#next;
    const length = Math.min(this.size, this.#end - start);
    if (length < 16) return false;
    if (start + length > this.#to) this.#fill(start);
    this.#next = start + this.size;
    this.fileOffset = start;
    this.at = start - this.#from;
    this.size = Math.max(length, 16);
    return true;
  }

  #fill(start: number): void {
    const pages = Math.max(1, Math.floor(READ_AHEAD / this.size));
    const wanted = Math.min(pages * this.size, this.#end - start);
    this.#budget.take(wanted, start);
    const got = this.#source.read(start, wanted);
    if (this.bytes.length < wanted) {
      this.#budget.hold(wanted - this.bytes.length, start);
      this.bytes = new Uint8Array((wanted + 7) & ~7);
      this.words = new Uint32Array(this.bytes.buffer);
    }
    this.bytes.fill(0, got.length, wanted);
    this.bytes.set(got);
    this.#from = start;
    this.#to = start + wanted;
  }
}

export class ChunkPages implements PageSupply {
  bytes = new Uint8Array(0);
  words = new Uint32Array(0);
  at = 0;
  readonly size: number;
  fileOffset: number;
  gap = false;
  readonly #reader: Reader;
  readonly #kind: Compression;
  readonly #warnings: Warnings;
  readonly #budget: Budget;
  #chunksLeft: number;
  /** Bytes of the chunk in `bytes`. */
  #length = 0;

  constructor(
    source: ByteSource,
    place: PlainPlace,
    pageSize: number,
    kind: Compression,
    warnings: Warnings,
    budget: Budget,
  ) {
    // Chunks are delimited by their own headers: trace-cmd leaves those headers out of the size that it records.
    const there = present(source, place, warnings);
    this.#reader = new Reader(source, place.offset);
    this.#kind = kind;
    this.#warnings = warnings;
    this.#budget = budget;
    this.size = pageSize;
    this.fileOffset = place.offset;
    this.#chunksLeft = there >= 4 ? this.#reader.u32('count of chunks') : 0;
  }

  next(): boolean {
    this.at += this.size;
    while (this.at + this.size > this.#length) {
      if (!this.#nextChunk()) return false;
      this.at = 0;
    }
    return true;
  }

  #nextChunk(): boolean {
    this.#length = 0;
    if (this.#chunksLeft === 0) return false;
    this.#chunksLeft--;
    const reader = this.#reader;
    if (reader.left < 8) {
      this.#lose(reader.left, 'the file ends before its chunks of events do');
      this.#chunksLeft = 0;
      return false;
    }
    this.fileOffset = reader.offset;
    const compressed = reader.u32('chunk');
    const size = reader.u32('chunk');
    if (compressed > reader.left || size > MAX_CHUNK) {
      this.#lose(reader.left, 'a chunk of events has an impossible size: that CPU’s events from there on are missing');
      this.#chunksLeft = 0;
      return false;
    }
    this.#budget.take(8 + compressed, this.fileOffset);
    this.#budget.unpack(size, this.fileOffset);
    const bytes = decompress(this.#kind, reader.bytes(compressed, 'chunk'), size);
    if (!bytes) this.#lose(compressed, 'chunks of events that can’t be decompressed: their events are missing');
    else this.#keep(bytes);
    return true;
  }

  #lose(bytes: number, message: string): void {
    this.gap = true;
    this.#warnings.add('data-loss', 'trace-bad-chunk', message, { offset: this.fileOffset, bytes });
  }

  #keep(bytes: Uint8Array): void {
    if (this.bytes.length < bytes.length) {
      this.#budget.hold(bytes.length - this.bytes.length, this.fileOffset);
      this.bytes = new Uint8Array((bytes.length + 7) & ~7);
      this.words = new Uint32Array(this.bytes.buffer);
    }
    this.bytes.set(bytes);
    this.#length = bytes.length;
    if (this.#kind !== 'none') release(bytes);
  }
}
