/** Numbers for aligned blocks of 2^level pages: an open-addressing table, since a placement looks up thousands of them. */
export class BlockTable {
  /** 0: free. */
  #keys = new Float64Array(1024);
  #ids = new Uint32Array(1024);
  #count = 0;
  readonly #blocksAt = new Uint32Array(64);

  get count(): number {
    return this.#count;
  }

  /** Levels that have any block, ascending. */
  levels(): number[] {
    return Array.from(this.#blocksAt.keys()).filter((level) => this.#blocksAt[level] > 0);
  }

  /** The number of the block with that index among those of its level; -1 if it has none. @param index below 2^46 */
  find(index: number, level: number): number {
    const at = this.#slot(index * 64 + level + 1);
    return this.#keys[at] === 0 ? -1 : this.#ids[at];
  }

  /** The same, given out in order of first use. */
  findOrAdd(index: number, level: number): number {
    const key = index * 64 + level + 1;
    const at = this.#slot(key);
    if (this.#keys[at] !== 0) return this.#ids[at];
    this.#keys[at] = key;
    this.#ids[at] = this.#count++;
    this.#blocksAt[level]++;
    if (this.#count * 2 > this.#keys.length) this.#grow();
    return this.#count - 1;
  }

  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    let h = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul(Math.floor(key / 2 ** 32), 0x85ebca6b);
    h ^= h >>> 15;
    let at = h & mask;
    while (this.#keys[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const keys = this.#keys;
    const ids = this.#ids;
    this.#keys = new Float64Array(keys.length * 2);
    this.#ids = new Uint32Array(keys.length * 2);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === 0) continue;
      const at = this.#slot(keys[i]);
      this.#keys[at] = keys[i];
      this.#ids[at] = ids[i];
    }
  }
}
