import { STRING_CHARS } from './limits.ts';

/**
 * Reads little-endian fields one after the other from a few bytes (a feature section, a record's tail). Past the end it returns zeros and
 * empty strings and sets `short`: a damaged section yields what came before the damage.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;
  readonly end: number;
  short = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  #take(length: number): number {
    if (this.at + length > this.end) {
      this.short = true;
      this.at = this.end;
      return -1;
    }
    const at = this.at;
    this.at += length;
    return at;
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  u64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : this.#view.getBigUint64(at, true);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** perf's string in feature sections: u32 length, then that many bytes, zero padded. Its first STRING_CHARS: nobody reads more. */
  string(): string {
    const length = this.u32();
    const at = this.#take(length);
    if (at < 0) return '';
    const own = text(this.bytes, at, at + Math.min(length, STRING_CHARS + 1));
    return own.length > STRING_CHARS ? `${own.slice(0, STRING_CHARS)}…` : own;
  }
}

const decoder = new TextDecoder();

/** The zero-terminated UTF-8 string in `[from, to)`. */
export function text(bytes: Uint8Array, from: number, to: number): string {
  const zero = bytes.subarray(0, to).indexOf(0, from);
  return decoder.decode(bytes.subarray(from, zero < 0 ? to : zero));
}

/** A u64 that ought to be a size or an offset in a file: exact up to 2^53; larger ones stay larger than any file. */
export function size64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
