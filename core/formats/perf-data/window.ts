import type { ByteSource } from '../source.ts';
import { JUMP_BYTES, WINDOW_BYTES } from './limits.ts';

/** A bounded view that slides over a source: records are read where they lie, without a copy each. */
export class Window {
  readonly #source: ByteSource;
  /** File offset of `bytes[0]`. */
  #start = 0;
  bytes: Uint8Array = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Makes `[offset, offset + length)` readable in `bytes` and `view`; `length` may be any record's.
   * Returns the index of `offset` there, or -1 if the source ends before.
   */
  need(offset: number, length: number): number {
    const at = offset - this.#start;
    if (at >= 0 && at + length <= this.bytes.length) return at;
    if (offset + length > this.#source.size) return -1;
    // After a jump over AUX data a few records come, and then the next jump: reading far ahead would read the AUX data.
    const ahead = at >= 0 && at <= this.bytes.length ? WINDOW_BYTES : JUMP_BYTES;
    this.bytes = this.#source.read(offset, Math.max(length, ahead));
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    this.#start = offset;
    return this.bytes.length >= length ? 0 : -1;
  }
}
