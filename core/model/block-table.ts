/**
 * Aligned blocks of 2^level pages, and what a timeline's index keeps for each: an open-addressing table, since a placement looks up
 * thousands.
 */
/** A direct table over the page range is worth it up to this many pages per page that has blocks. */
const PAGES_PER_BLOCK = 4;

export class BlockTable {
  /** Key (0: free) and value in turn, so that a lookup touches one cache line. */
  #slots = new Float64Array(2048);
  #count = 0;
  readonly #blocksAt = new Uint32Array(64);
  /** Values of single pages from page `#firstPage` on, if they lie close together: lookups touch less memory. */
  #ofPage: Float64Array | undefined;
  #firstPage = 0;

  get count(): number {
    return this.#count;
  }

  /** Levels that have any block, ascending. */
  levels(): number[] {
    return Array.from(this.#blocksAt.keys()).filter((level) => this.#blocksAt[level] > 0);
  }

  /** The value of the block with that index among those of its level; -1 if there is none. @param index below 2^46 */
  find(index: number, level: number): number {
    if (level === 0 && this.#ofPage) return this.#ofPage[index - this.#firstPage] ?? -1;
    const at = this.#slot(index * 64 + level + 1);
    return this.#slots[at] === 0 ? -1 : this.#slots[at + 1];
  }

  /** The same; a new block's value is its number in order of first use. */
  findOrAdd(index: number, level: number): number {
    const key = index * 64 + level + 1;
    const at = this.#slot(key);
    if (this.#slots[at] !== 0) return this.#slots[at + 1];
    this.#slots[at] = key;
    this.#slots[at + 1] = this.#count++;
    this.#blocksAt[level]++;
    if (this.#count * 4 > this.#slots.length) this.#grow();
    return this.#count - 1;
  }

  /** Replaces every value, once all blocks are there. */
  revalue(valueOf: (value: number) => number): void {
    let low = Infinity;
    let high = -1;
    for (let at = 0; at < this.#slots.length; at += 2) {
      const key = this.#slots[at];
      if (key === 0) continue;
      this.#slots[at + 1] = valueOf(this.#slots[at + 1]);
      if ((key - 1) % 64) continue;
      low = Math.min(low, (key - 1) / 64);
      high = Math.max(high, (key - 1) / 64);
    }
    if (!this.#blocksAt[0] || high - low >= PAGES_PER_BLOCK * this.#blocksAt[0]) return;
    const ofPage = new Float64Array(high - low + 1).fill(-1);
    for (let at = 0; at < this.#slots.length; at += 2) {
      const key = this.#slots[at];
      if (key !== 0 && (key - 1) % 64 === 0) ofPage[(key - 1) / 64 - low] = this.#slots[at + 1];
    }
    this.#ofPage = ofPage;
    this.#firstPage = low;
  }

  #slot(key: number): number {
    const mask = this.#slots.length / 2 - 1;
    let h = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul(Math.floor(key / 2 ** 32), 0x85ebca6b);
    h ^= h >>> 15;
    let at = h & mask;
    while (this.#slots[2 * at] !== 0 && this.#slots[2 * at] !== key) at = (at + 1) & mask;
    return 2 * at;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      const at = this.#slot(old[i]);
      this.#slots[at] = old[i];
      this.#slots[at + 1] = old[i + 1];
    }
  }
}
