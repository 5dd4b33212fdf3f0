import type { Warnings } from '../problems.ts';
import { size64 } from './cursor.ts';
import { RecordType } from './types.ts';
import type { RecordCursor } from './record.ts';
import { ZstdStream } from './zstd.ts';

const HEADER_BYTES = 8;
/** Decompressed bytes of an incomplete record: a record is at most 64 KiB. */
const PENDING_BYTES = 1 << 16;

/** Decompresses COMPRESSED and COMPRESSED2 records and visits the records inside, which may span two of them. */
export class CompressedRecords {
  readonly #warnings: Warnings;
  readonly #visit: (record: RecordCursor) => void;
  readonly #stream = new ZstdStream((block) => this.#take(block));
  readonly #pending = new Uint8Array(PENDING_BYTES);
  readonly #pendingView = new DataView(this.#pending.buffer);
  readonly #record: RecordCursor;
  #held = 0;
  #broken = false;
  /** What a visitor threw, as opposed to what a damaged stream makes the decoder throw. */
  #thrown: { readonly error: unknown } | undefined;

  constructor(warnings: Warnings, visit: (record: RecordCursor) => void) {
    this.#warnings = warnings;
    this.#visit = visit;
    const place = { at: 0, bytes: this.#pending, view: this.#pendingView, offset: 0, payload: 0 };
    this.#record = { type: 0, misc: 0, size: 0, ...place };
  }

  /** Visits what can be read so far. Damage ends the stream with a warning. */
  add(outer: RecordCursor): void {
    if (this.#broken) return;
    this.#record.offset = outer.offset;
    const padded = outer.type === RecordType.COMPRESSED2;
    const from = outer.at + (padded ? 16 : HEADER_BYTES);
    const room = Math.max(0, outer.at + outer.size - from);
    const length = padded && room > 0 ? Math.min(room, size64(outer.view, outer.at + 8)) : room;
    try {
      this.#stream.push(outer.bytes.subarray(from, from + length));
    } catch (error) {
      if (this.#thrown) throw this.#thrown.error;
      // fzstd fails in many ways on damaged input, out-of-range array lengths among them: all mean the same here.
      const reason = error instanceof Error ? error.message : String(error);
      this.#stop(`compressed records can't be read from there on: ${reason}`, length);
    }
  }

  finish(): void {
    if (!this.#broken && this.#held > 0) this.#stop('the last compressed record is cut', this.#held);
  }

  #stop(message: string, bytes: number): void {
    this.#broken = true;
    this.#warnings.add('data-loss', 'perf-bad-compression', message, { offset: this.#record.offset, bytes });
  }

  #take(block: Uint8Array): void {
    let at = this.#complete(block);
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    while (block.length - at >= HEADER_BYTES) {
      const size = recordSize(view, at);
      if (block.length - at < size) break;
      this.#visitAt(block, view, at, size);
      at += size;
    }
    this.#pending.set(block.subarray(at), this.#held);
    this.#held += block.length - at;
  }

  /** Completes the record begun in the previous block, as far as this one goes; returns the bytes used. */
  #complete(block: Uint8Array): number {
    let at = 0;
    while (this.#held > 0 && at < block.length) {
      const want = this.#held < HEADER_BYTES ? HEADER_BYTES : recordSize(this.#pendingView, 0);
      const part = block.subarray(at, at + want - this.#held);
      this.#pending.set(part, this.#held);
      this.#held += part.length;
      at += part.length;
      if (this.#held < HEADER_BYTES || this.#held < recordSize(this.#pendingView, 0)) continue;
      this.#visitAt(this.#pending, this.#pendingView, 0, this.#held);
      this.#held = 0;
    }
    return at;
  }

  #visitAt(bytes: Uint8Array, view: DataView, at: number, size: number): void {
    const record = this.#record;
    record.bytes = bytes;
    record.view = view;
    record.at = at;
    record.size = size;
    record.type = view.getUint32(at, true);
    record.misc = view.getUint16(at + 4, true);
    try {
      this.#visit(record);
    } catch (error) {
      this.#thrown = { error };
      throw error;
    }
  }
}

function recordSize(view: DataView, at: number): number {
  const size = view.getUint16(at + 6, true);
  if (size < HEADER_BYTES) throw new Error(`a record of ${size} bytes`);
  return size;
}
