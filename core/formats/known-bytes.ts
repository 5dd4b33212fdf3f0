/** Parts of lines that keep recurring: their meaning is found once, and looked up by their bytes from then on. */

/** Most entries, and most bytes of one: text whose parts are all different gains nothing here. */
const MAX_ENTRIES = 1 << 15;
const MAX_BYTES = 512;
/** Latest entries, found by a few of their bytes: 12 bits of a hash. */
const RECENT = 1 << 12;

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
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = wordsOf(bytes);
    }
    const slot = slotOf(bytes, this.#words, start, end);
    const recent = this.#recent[slot];
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

/** Where to look first: by bytes of the beginning, the middle and the end, where numbers are that differ from thread to thread. */
function slotOf(bytes: Uint8Array, words: DataView, start: number, end: number): number {
  let few = end - start;
  if (few < 12) {
    for (let i = start; i < end; i++) few = Math.imul(few, 31) + bytes[i];
  } else {
    few = Math.imul(few + words.getInt32(start), 0x9e3779b1) + words.getInt32((start + end) >>> 1);
    few = Math.imul(few, 0x85ebca6b) + words.getInt32(end - 12);
    few = Math.imul(few, 0xc2b2ae35) + words.getInt32(end - 8);
    few = Math.imul(few, 0x27d4eb2f) + words.getInt32(end - 4);
  }
  return Math.imul(few, 0x9e3779b1) >>> 20;
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
