/** Splits columns and joins them again in WebAssembly (planes.wat): scalar loops took half of an import's time. */
import { MAX_WORDS, places } from '../../formats/memory-map.ts';
import { growTo, wasmInstance, wasmMemory } from '../../formats/wasm-memory.ts';
import type { WasmMemory } from '../../formats/wasm-memory.ts';
import { planesWasm } from './planes.wasm.ts';

/** Bytes an element has. */
export type Width = 1 | 2 | 4 | 8;

interface Exports {
  index(from: number, n: number, width: number, low: number, to: number): number;
  indexNarrow(from: number, n: number, width: number, table: number, to: number): number;
  narrow(at: number, groups: number, bits: number): void;
  widen(at: number, groups: number, bits: number): void;
  look(from: number, groups: number, table: number, to: number): void;
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
type Split = (from: number, groups: number, to: number) => void;
type Join = (from: number, stride: number, groups: number, to: number) => void;
type InPlace = (at: number, n: number) => void;

const GROUP = 16;
const WORD_BYTES = 8;
const { WORDS, PLANES_FREE: FREE } = places;
/** Bytes read or written past the last element, place or byte of a plane: less than two groups. */
const SLACK = 2 * GROUP;
/** Table size for `indexNarrow`: 2 bytes for each 2-byte value. */
const TABLE_BYTES = 2 << 16;
const NOTHING = new Uint8Array(0);

/** A split column: each element is one of few words, and below that its own `low` bytes. */
export interface Parts {
  /** Bytes of an element kept as planes: the lowest ones. */
  readonly low: number;
  /** Number of words for the bytes above: 1 to 256. */
  readonly words: number;
  /** For differences: the first element itself; its difference reads as the second's. */
  readonly first: Uint8Array;
  /** The words, each element's place among them, and the low planes: `partsBytes` in all. Valid until the next call. */
  readonly payload: Uint8Array;
}

/** Bytes of `Parts.payload`. */
export function partsBytes(low: number, words: number, width: number, n: number): number {
  return words * (width - low) + packedBytes(n, bitsFor(words)) + low * n;
}

/** Bits of an index among words. */
function bitsFor(words: number): number {
  if (words <= 1) return 0;
  if (words <= 2) return 1;
  if (words <= 4) return 2;
  return words <= 16 ? 4 : 8;
}

function packedBytes(n: number, bits: number): number {
  return Math.ceil((n * bits) / 8);
}

/** Maximum working memory for a column of `n` elements, bytes. */
export function workBytes(n: number): number {
  return 2 * 8 * (n + GROUP) + n + MAX_WORDS * WORD_BYTES + 3 * SLACK + TABLE_BYTES;
}

/** The working memory is reused from one column to the next. */
export class Planes {
  readonly #memory: WasmMemory;
  readonly #free: number;
  readonly #wasm: Exports;
  #bytes: Uint8Array<ArrayBuffer>;

  /**
   * @param memory, free memory that columns lie in, which then needn't be copied; working memory is everything below 32768 and `workBytes`
   *   from `free` on (a multiple of 16)
   */
  constructor(memory = wasmMemory(1), free = FREE) {
    this.#memory = memory;
    this.#free = free;
    this.#wasm = wasmInstance(planesWasm, memory);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /**
   * Splits `n` elements (1 or more) of `width` bytes, or their differences to the one before, modulo the width. The part of an element with
   * at most 256 values becomes an index among those: high halves of addresses, kinds of operation.
   */
  split(elements: Uint8Array, width: Width, n: number, delta: boolean): Parts {
    if (!delta && isConstant(elements, width)) {
      return { low: 0, words: 1, first: NOTHING, payload: elements.subarray(0, width) };
    }
    const groups = Math.ceil(n / GROUP);
    const stride = groups * GROUP;
    const free = this.#free;
    const places = free + stride * width + MAX_WORDS * WORD_BYTES + SLACK;
    const planes = places + n;
    const table = planes + stride * width + SLACK;
    const bytes = this.#room(table + TABLE_BYTES);
    const here = elements.buffer === bytes.buffer && !delta;
    const at = here ? elements.byteOffset : free;
    if (!here) bytes.set(elements, free);
    const first = bytes.slice(at, delta ? at + width : at);
    if (delta) {
      this.#wasm[`differences${width}`](free, n);
      if (n > 1) bytes.copyWithin(free, free + width, free + 2 * width);
    }
    let low = 0;
    let words = width <= 2 ? this.#wasm.indexNarrow(at, n, width, table, places) : 0;
    if (!words && width === 2) low = 1;
    // The highest byte alone always has few enough values.
    while (!words && !(words = this.#wasm.index(at, n, width, low, places))) low++;
    const bits = bitsFor(words);
    const packed = packedBytes(n, bits);
    if (bits < 8) {
      bytes.fill(0, planes, planes + SLACK);
      for (let has = bits, left = n; has < 8 && bits; has *= 2, left /= 2) {
        this.#wasm.narrow(places, Math.ceil(left / (2 * GROUP)), has);
      }
      bytes.copyWithin(planes - packed, places, places + packed);
    }
    if (low && width > 1) {
      this.#wasm[`split${width as 2 | 4 | 8}`](at, groups, planes);
      for (let plane = 1; plane < low && stride !== n; plane++) {
        const from = planes + plane * stride;
        bytes.copyWithin(planes + plane * n, from, from + n);
      }
    }
    const start = planes - packed - words * (width - low);
    for (let word = 0, to = start; word < words; word++, to += width - low) {
      const from = WORDS + WORD_BYTES * word;
      bytes.copyWithin(to, from, from + width - low);
    }
    return { low, words, first, payload: bytes.subarray(start, planes + low * n) };
  }

  /** The inverse of `split`: `n` elements into `out`. */
  join({ low, words, first, payload }: Parts, out: Uint8Array, width: Width, n: number, delta: boolean): void {
    const groups = Math.ceil(n / GROUP);
    const stride = groups * GROUP;
    const planes = this.#free + stride * width;
    const places = planes + n * width + SLACK;
    const bytes = this.#room(places + stride + SLACK);
    const bits = bitsFor(words);
    const placesAt = words * (width - low);
    const planesAt = placesAt + packedBytes(n, bits);
    bytes.set(payload.subarray(placesAt, planesAt), places);
    for (let has = 8, left = planesAt - placesAt; has > bits && bits; left *= 2) {
      has /= 2;
      this.#wasm.widen(places, Math.ceil(left / GROUP), has);
    }
    bytes.set(payload.subarray(planesAt), planes);
    const wordOf = (byte: number, word: number) => payload[word * (width - low) + byte - low];
    for (let byte = low; byte < width; byte++) {
      const plane = planes + byte * n;
      if (words === 1) {
        bytes.fill(wordOf(byte, 0), plane, plane + n);
      } else if (bits < 8) {
        for (let word = 0; word < words; word++) bytes[WORDS + word] = wordOf(byte, word);
        this.#wasm.look(places, groups, WORDS, plane);
      } else {
        bytes.fill(0, plane, plane + n);
      }
    }
    this.#interleave(planes, width, n, groups);
    if (bits === 8) {
      const table = new Uint8Array(words * WORD_BYTES);
      for (let word = 0; word < words; word++) {
        for (let byte = low; byte < width; byte++) table[word * WORD_BYTES + byte] = wordOf(byte, word);
      }
      addWords(bytes, this.#free, width, n, new Uint32Array(table.buffer), bytes.subarray(places));
    }
    if (delta) {
      bytes.set(first, this.#free);
      this.#wasm[`sums${width}`](this.#free, n);
    }
    out.set(bytes.subarray(this.#free, this.#free + n * width));
  }

  /** As in labs before format 5: the planes of `mask` as they are, and a byte for each other one, in order. */
  joinPlanes(
    planes: Uint8Array,
    mask: number,
    constants: Uint8Array,
    out: Uint8Array,
    width: Width,
    n: number,
    delta: boolean,
  ): void {
    const groups = Math.ceil(n / GROUP);
    const to = this.#free + groups * GROUP * width;
    const bytes = this.#room(to + n * width + SLACK);
    for (let plane = 0, next = 0, seen = 0; plane < width; plane++) {
      const at = to + plane * n;
      if (mask & (1 << plane)) bytes.set(planes.subarray(next, (next += n)), at);
      else bytes.fill(constants[seen++], at, at + n);
    }
    this.#interleave(to, width, n, groups);
    if (delta) this.#wasm[`sums${width}`](this.#free, n);
    out.set(bytes.subarray(this.#free, this.#free + n * width));
  }

  /** Planes of n bytes, one after another, to elements. */
  #interleave(planes: number, width: Width, n: number, groups: number): void {
    if (width === 1) this.#bytes.copyWithin(this.#free, planes, planes + n);
    else this.#wasm[`join${width}`](planes, n, groups, this.#free);
  }

  #room(end: number): Uint8Array<ArrayBuffer> {
    // Growing would detach the caller's columns; `workBytes` are enough.
    if (this.#free === FREE) growTo(this.#memory, end);
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }
}

/** Whether all elements are the same: each equals the one before. */
function isConstant(elements: Uint8Array, width: Width): boolean {
  const { buffer, byteOffset, length } = elements;
  const all = Buffer.from(buffer, byteOffset, length);
  return all.compare(all, width, length, 0, length - width) === 0;
}

/** Adds its word (lo at 2i) to each of `n` elements at `at` of `bytes`. */
function addWords(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  width: Width,
  n: number,
  words: Uint32Array,
  places: Uint8Array,
): void {
  if (width === 8) {
    const elements = new Uint32Array(bytes.buffer, at, 2 * n);
    for (let i = 0; i < n; i++) {
      const word = 2 * places[i];
      elements[2 * i] |= words[word];
      elements[2 * i + 1] |= words[word + 1];
    }
    return;
  }
  const Elements = width === 4 ? Uint32Array : width === 2 ? Uint16Array : Uint8Array;
  const elements = new Elements(bytes.buffer, at, n);
  for (let i = 0; i < n; i++) elements[i] |= words[2 * places[i]];
}
