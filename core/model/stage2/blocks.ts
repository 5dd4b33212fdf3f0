/** Guest page ranges mapped by one stage 2 leaf each: blocks of 2 MiB or 1 GiB (more with larger pages). */
export class Blocks {
  /** First page → pages. */
  readonly #pages = new Map<number, number>();
  /** The sizes seen: a block is aligned to its size, so a page's block is found by rounding down. */
  readonly #sizes = new Set<number>();

  add(page: number, pages: number): void {
    this.#pages.set(page, pages);
    this.#sizes.add(pages);
  }

  /** Forgets the blocks that start in a range. */
  remove(page: number, pages: number): void {
    if (pages > this.#pages.size) {
      for (const start of this.#pages.keys()) if (start >= page && start < page + pages) this.#pages.delete(start);
      return;
    }
    for (let p = page; p < page + pages; p++) this.#pages.delete(p);
  }

  /** A range widened to the blocks that it touches: first page and number of pages. */
  around(page: number, pages: number): [number, number] {
    let start = page;
    let end = page + pages;
    for (const size of this.#sizes) {
      const first = Math.floor(page / size) * size;
      if (this.#pages.get(first) === size) start = Math.min(start, first);
      const last = Math.floor((page + pages - 1) / size) * size;
      if (this.#pages.get(last) === size) end = Math.max(end, last + size);
    }
    return [start, end - start];
  }
}
