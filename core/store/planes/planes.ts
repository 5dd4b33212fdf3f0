/** Columns to byte planes and back, by WebAssembly (planes.wat): scalar loops took half of an import's time. */
import { planesWasm } from './planes.wasm.ts';

/** Bytes an element has. */
export type Width = 1 | 2 | 4 | 8;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly split8: Split;
  readonly split4: Split;
  readonly split2: Split;
  readonly join8: Join;
  readonly join4: Join;
  readonly join2: Join;
  readonly differences8: InPlace;
  readonly differences4: InPlace;
  readonly differences2: InPlace;
  readonly differences1: InPlace;
  readonly sums8: InPlace;
  readonly sums4: InPlace;
  readonly sums2: InPlace;
  readonly sums1: InPlace;
}
type Split = (from: number, groups: number, to: number) => number;
type Join = (from: number, stride: number, groups: number, to: number) => void;
type InPlace = (at: number, n: number) => void;

const GROUP = 16;
const WASM_PAGE = 65536;

/** Memory that is worked in is reused from one column to the next. */
export class Planes {
  readonly #wasm: Exports;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(planesWasm, 'base64'));
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
  }

  /**
   * Splits `n` elements (1 or more) of `width` bytes, or their differences to the one before modulo the width.
   * @returns the planes that vary, one behind the other, n bytes each, valid until the next call; a bit of `mask` for each of
   *   them; and the first element's bytes, which the constant planes hold throughout
   */
  split(elements: Uint8Array, width: Width, n: number, delta: boolean) {
    const groups = Math.ceil(n / GROUP);
    const stride = groups * GROUP;
    const bytes = this.#room(2 * stride * width);
    bytes.set(elements);
    if (delta) this.#wasm[`differences${width}`](0, n);
    for (let i = n; i < stride; i++) bytes.copyWithin(i * width, (n - 1) * width, n * width);
    if (width === 1) {
      let same = 1;
      while (same < n && bytes[same] === bytes[0]) same++;
      const mask = same < n ? 1 : 0;
      return { mask, first: bytes.slice(0, 1), planes: bytes.subarray(0, mask * n) };
    }
    const from = stride * width;
    const mask = this.#wasm[`split${width}`](0, groups, from);
    let used = from;
    for (let plane = 0; plane < width; plane++) {
      if (!(mask & (1 << plane))) continue;
      const at = from + plane * stride;
      if (at !== used) bytes.copyWithin(used, at, at + n);
      used += n;
    }
    return { mask, first: bytes.slice(0, width), planes: bytes.subarray(from, used) };
  }

  /** What `split` took apart: `n` elements into `out`. `constants`: a byte for each plane that isn't in the mask, in order. */
  join(
    planes: Uint8Array,
    mask: number,
    constants: Uint8Array,
    out: Uint8Array,
    width: Width,
    n: number,
    delta: boolean,
  ): void {
    const groups = Math.ceil(n / GROUP);
    const to = groups * GROUP * width;
    // The last group of a plane reaches up to 15 bytes past it.
    const bytes = this.#room(2 * to + GROUP);
    for (let plane = 0, next = 0, seen = 0; plane < width; plane++) {
      const at = to + plane * n;
      if (mask & (1 << plane)) bytes.set(planes.subarray(next, (next += n)), at);
      else bytes.fill(constants[seen++], at, at + n);
    }
    if (width === 1) bytes.copyWithin(0, to, to + n);
    else this.#wasm[`join${width}`](to, n, groups, 0);
    if (delta) this.#wasm[`sums${width}`](0, n);
    out.set(bytes.subarray(0, n * width));
  }

  #room(needed: number): Uint8Array<ArrayBuffer> {
    const { memory } = this.#wasm;
    const missing = needed - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(Math.ceil(missing / WASM_PAGE));
      this.#bytes = new Uint8Array(memory.buffer);
    }
    return this.#bytes;
  }
}
