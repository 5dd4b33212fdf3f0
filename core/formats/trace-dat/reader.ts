/** Reads little-endian numbers and strings one after the other. Past the end: an InputError that names the place. */
import { latin1Text } from '../event-format/text-bytes.ts';
import { InputError } from '../problems.ts';
import type { ByteSource } from '../source.ts';

export class Reader {
  readonly source: ByteSource;
  offset: number;
  readonly #end: number;
  /** In a decompressed section, where that section starts in the file, for messages. */
  readonly #sectionAt: number | undefined;

  constructor(source: ByteSource, offset: number, options: { end?: number; sectionAt?: number } = {}) {
    this.source = source;
    this.offset = offset;
    this.#end = Math.min(options.end ?? source.size, source.size);
    this.#sectionAt = options.sectionAt;
  }

  get left(): number {
    return this.#end - this.offset;
  }

  /** The next `length` bytes; valid until the next read. `what` names them in the message. */
  bytes(length: number, what: string): Uint8Array {
    if (length > this.left) {
      throw this.error(
        `${what} (${length} bytes) is cut off: the file is damaged or incomplete; copy or record it again`,
      );
    }
    const bytes = this.source.read(this.offset, length);
    if (bytes.length < length) throw this.error(`${what} can't be read in full`);
    this.offset += length;
    return bytes;
  }

  u8(what: string): number {
    return this.bytes(1, what)[0];
  }

  u16(what: string): number {
    const b = this.bytes(2, what);
    return b[0] | (b[1] << 8);
  }

  u32(what: string): number {
    const b = this.bytes(4, what);
    return (b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24)) >>> 0;
  }

  u64(what: string): bigint {
    const lo = this.u32(what);
    return (BigInt(this.u32(what)) << 32n) | BigInt(lo);
  }

  /** A 64-bit size or offset as a number; too large to be one of this file's: an InputError. */
  size(what: string, limit: number): number {
    const at = this.offset;
    const value = this.u64(what);
    if (value > BigInt(limit)) throw this.error(`${what} is ${value}, more than there can be; the file is damaged`, at);
    return Number(value);
  }

  /** Up to a NUL, which is consumed but not returned. */
  cString(what: string): string {
    let text = '';
    for (;;) {
      const step = this.source.read(this.offset, Math.min(256, this.left));
      if (step.length === 0) throw this.error(`${what} has no end; the file is damaged`);
      const nul = step.indexOf(0);
      text += latin1Text(step, 0, nul < 0 ? step.length : nul);
      this.offset += nul < 0 ? step.length : nul + 1;
      if (nul >= 0) return text;
      if (text.length > 65536) throw this.error(`${what} has no end; the file is damaged`);
    }
  }

  /** `length` bytes as text, one character per byte. */
  text(length: number, what: string): string {
    return latin1Text(this.bytes(length, what));
  }

  error(message: string, at = this.offset): InputError {
    return new InputError(this.source.name, message, this.#sectionAt ?? at);
  }
}
