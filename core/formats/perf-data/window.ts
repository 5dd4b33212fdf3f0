import type { ByteSource } from '../source.ts';
import { JUMP_BYTES, WINDOW_BYTES } from './limits.ts';

/** A bounded window that slides over a source: records are read in place, without a copy each. */
export class Window {
  readonly #source: ByteSource;
  /** A copy: the source's own view lasts only until somebody else reads. */
  readonly #buffer = new Uint8Array(WINDOW_BYTES);
  /** File offset of `bytes[0]`. */
  #start = 0;
  bytes = this.#buffer.subarray(0, 0);
  readonly view = new DataView(this.#buffer.buffer);

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Makes `[offset, offset + length)` readable in `bytes` and `view`; `length` may be any record's. Returns the index of `offset` there, or
   * -1 if the source ends sooner.
   */
  need(offset: number, length: number): number {
    const at = offset - this.#start;
    if (at >= 0 && at + length <= this.bytes.length) return at;
    if (offset + length > this.#source.size) return -1;
    // After a jump over AUX data a few records come, and then the next jump: reading far ahead would read the AUX data.
    const ahead = at >= 0 && at <= this.bytes.length ? WINDOW_BYTES : JUMP_BYTES;
    const read = this.#source.read(offset, Math.max(length, ahead));
    this.#buffer.set(read);
    this.bytes = this.#buffer.subarray(0, read.length);
    this.#start = offset;
    return read.length >= length ? 0 : -1;
  }
}
