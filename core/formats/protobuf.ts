/** Protocol buffers, the writing half (protobuf.dev/programming-guides/encoding): what Perfetto's and pprof's files are made of. */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** A message's fields in the order in which they are written. */
export class ProtoMessage {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** uint32, uint64, enum, bool. Below 2^64. */
  uint(field: number, value: number | bigint): this {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  /** int32, int64: negative ones take ten bytes. */
  int(field: number, value: number | bigint): this {
    return this.uint(field, value < 0 ? BigInt.asUintN(64, BigInt(value)) : value);
  }

  double(field: number, value: number): this {
    this.#varint(field * 8 + FIXED64);
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtoMessage): this {
    return this.bytes(field, value.finish());
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + BYTES);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Repeated integers in one field. */
  packed(field: number, values: readonly (number | bigint)[]): this {
    const inner = new ProtoMessage();
    for (const value of values) inner.#varint(value);
    return this.message(field, inner);
  }

  /** A view: the message must not be written to after this. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    let low: number;
    if (typeof value === 'number' && value < 2 ** 31) low = value;
    else {
      let rest = BigInt(value);
      for (; rest > 0x7fffffffn; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      low = Number(rest);
    }
    for (; low > 0x7f; low >>>= 7) this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
    this.#bytes[this.#length++] = low;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
