/** Parts of lines that keep recurring: their meaning is found once, and looked up by their bytes from then on. */

/** Most entries, and most bytes of one: text whose parts are all different gains nothing here. */
const MAX_ENTRIES = 1 << 15;
const MAX_BYTES = 512;

interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
  readonly next: Entry<T> | undefined;
}

export class KnownBytes<T> {
  readonly #make: (text: string) => T;
  readonly #entries = new Map<number, Entry<T>>();
  #n = 0;

  /** @param make what bytes mean, read as latin1 */
  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** What `bytes[start, end)` mean. Undefined for non-ASCII bytes, and if the meaning isn't kept: too long, or too many already. */
  get(bytes: Uint8Array, start: number, end: number): T | undefined {
    let hash = end - start;
    let high = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      high |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (high > 127) return undefined;
    const first = this.#entries.get(hash);
    for (let entry = first; entry; entry = entry.next) if (isSame(entry.bytes, bytes, start, end)) return entry.value;
    if (end - start > MAX_BYTES || this.#n >= MAX_ENTRIES) return undefined;
    const own = bytes.slice(start, end);
    const value = this.#make(String.fromCharCode(...own));
    this.#entries.set(hash, { bytes: own, value, next: first });
    this.#n++;
    return value;
  }
}

function isSame(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (own.length !== end - start) return false;
  for (let i = start, k = 0; i < end; i++, k++) if (own[k] !== bytes[i]) return false;
  return true;
}
