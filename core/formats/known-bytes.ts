/** Parts of lines that keep recurring: their meaning is found once, and looked up by their bytes from then on. */

/** Most entries, and most bytes of one: text whose parts are all different gains nothing here. */
const MAX_ENTRIES = 1 << 15;
const MAX_BYTES = 512;
/** Latest entries, found by a few of their bytes. */
const RECENT = 4096;

interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly words: DataView;
  readonly value: T;
  readonly next: Entry<T> | undefined;
}

export class KnownBytes<T> {
  readonly #make: (text: string) => T;
  readonly #entries = new Map<number, Entry<T>>();
  readonly #recent = new Array<Entry<T> | undefined>(RECENT).fill(undefined);
  #n = 0;
  /** The last bytes searched, four at a time. */
  #bytes: Uint8Array = new Uint8Array(0);
  #words = wordsOf(this.#bytes);

  /** @param make what bytes mean, read as latin1 */
  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** What `bytes[start, end)` mean. Undefined for non-ASCII bytes, and if the meaning isn't kept: too long, or too many already. */
  get(bytes: Uint8Array, start: number, end: number): T | undefined {
    const middle = (start + end) >>> 1;
    const few = (end - start) * 5 + bytes[start] + bytes[start + 1] * 3 + bytes[middle] * 17 + bytes[middle + 2] * 29;
    const slot = (few + bytes[end - 1] * 43 + bytes[end - 3] * 101 + bytes[end - 5] * 331) & (RECENT - 1);
    const recent = this.#recent[slot];
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = wordsOf(bytes);
    }
    if (recent !== undefined && isSame(recent, bytes, this.#words, start, end)) return recent.value;
    const entry = this.#find(bytes, start, end);
    if (!entry) return undefined;
    this.#recent[slot] = entry;
    return entry.value;
  }

  #find(bytes: Uint8Array, start: number, end: number): Entry<T> | undefined {
    let hash = end - start;
    let high = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      high |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (high > 127) return undefined;
    const first = this.#entries.get(hash);
    for (let entry = first; entry; entry = entry.next) if (isSame(entry, bytes, this.#words, start, end)) return entry;
    if (end - start > MAX_BYTES || this.#n >= MAX_ENTRIES) return undefined;
    const own = bytes.slice(start, end);
    const entry = { bytes: own, words: wordsOf(own), value: this.#make(String.fromCharCode(...own)), next: first };
    this.#entries.set(hash, entry);
    this.#n++;
    return entry;
  }
}

/** Bytes to be read four at a time, wherever they start. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function isSame(own: Entry<unknown>, bytes: Uint8Array, words: DataView, start: number, end: number): boolean {
  const n = end - start;
  if (own.bytes.length !== n) return false;
  let k = 0;
  for (; k + 4 <= n; k += 4) if (own.words.getInt32(k) !== words.getInt32(start + k)) return false;
  for (; k < n; k++) if (own.bytes[k] !== bytes[start + k]) return false;
  return true;
}
