/** Little-endian bytes, one value after another: the small parts of a file. Bulk data has its own writers. */
export class Bytes {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #grow(by: number): number {
    const at = this.length;
    this.length += by;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(1);
      this.#view.setUint8(at, value);
    }
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(4);
      this.#view.setUint32(at, value, true);
    }
    return this;
  }

  u64(...values: (number | bigint)[]): this {
    for (const value of values) {
      const at = this.#grow(8);
      this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    }
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** ASCII. */
  text(text: string): this {
    return this.raw(new TextEncoder().encode(text));
  }

  cString(text: string): this {
    return this.text(text).u8(0);
  }

  /** Zeros up to a multiple of `unit`. */
  align(unit: number): this {
    return this.zeros((unit - (this.length % unit)) % unit);
  }

  zeros(n: number): this {
    const at = this.#grow(n);
    this.#bytes.fill(0, at, this.length);
    return this;
  }

  /** A view, valid until the next write. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
