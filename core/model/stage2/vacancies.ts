/**
 * Guest pages with nothing to map (contents `gone`): the VMM unmapped what lay behind them, or took their memslot away. Each
 * range ends when something is mapped there again or a slot covers it again, which the timeline says by a second `unmap` row.
 */
interface Vacancy {
  /** Guest pages [start, end). */
  readonly start: number;
  readonly end: number;
  /** HVA page minus guest page of the memory that was there; undefined once those bytes are lost. */
  readonly offset: number | undefined;
  /** The memslot is away; else its host mapping is. */
  readonly slot: boolean;
}

export interface Refilled {
  readonly start: number;
  readonly end: number;
  /** Whether the same bytes are back. */
  readonly kept: boolean;
}

export class Vacancies {
  /** Ascending, disjoint. */
  #ranges: Vacancy[] = [];

  /** Guest pages [start, end) went. `offset`: see `Vacancy`. */
  add(start: number, end: number, offset: number | undefined, slot: boolean): void {
    this.#cut(start, end);
    this.#ranges.splice(this.#from(start), 0, { start, end, offset, slot });
  }

  /** The bytes behind a vacant slot's HVA pages [start, end) are lost, too. */
  lose(start: number, end: number): void {
    this.#ranges = this.#ranges.flatMap((v) => {
      if (v.offset === undefined) return [v];
      const [from, to] = [Math.max(v.start, start - v.offset), Math.min(v.end, end - v.offset)];
      if (from >= to) return [v];
      return [
        { ...v, end: from },
        { ...v, start: from, end: to, offset: undefined },
        { ...v, start: to },
      ].filter((piece) => piece.start < piece.end);
    });
  }

  /** Something is mapped behind guest pages [start, end) again, which a slot holds. */
  remapped(start: number, end: number): Refilled[] {
    return this.#end(start, end, false, () => false);
  }

  /** A memslot covers guest pages [start, end) again, by memory at that offset (undefined: unknown, and taken for the same). */
  covered(start: number, end: number, offset: number | undefined): Refilled[] {
    return this.#end(start, end, true, (v) => v.offset !== undefined && (offset === undefined || v.offset === offset));
  }

  /** A fault mapped [start, end): there was something after all. */
  mapped(start: number, end: number): void {
    if (this.#ranges.length) this.#cut(start, end);
  }

  #end(start: number, end: number, slot: boolean, kept: (v: Vacancy) => boolean): Refilled[] {
    const found: Refilled[] = [];
    const rest: Vacancy[] = [];
    for (let k = this.#from(start); k < this.#ranges.length && this.#ranges[k].start < end; k++) {
      const v = this.#ranges[k];
      if (v.slot !== slot) rest.push(clip(v, start, end));
      else found.push({ start: Math.max(v.start, start), end: Math.min(v.end, end), kept: kept(v) });
    }
    if (!found.length) return found;
    this.#cut(start, end);
    this.#ranges.splice(this.#from(start), 0, ...rest);
    return found;
  }

  /** Index of the first range that ends after a page. */
  #from(page: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle].end <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Leaves [start, end) out of the ranges. */
  #cut(start: number, end: number): void {
    const first = this.#from(start);
    let last = first;
    const rest: Vacancy[] = [];
    for (; last < this.#ranges.length && this.#ranges[last].start < end; last++) {
      const v = this.#ranges[last];
      if (v.start < start) rest.push({ ...v, end: start });
      if (v.end > end) rest.push({ ...v, start: end });
    }
    if (last > first) this.#ranges.splice(first, last - first, ...rest);
  }
}

function clip(v: Vacancy, start: number, end: number): Vacancy {
  return { ...v, start: Math.max(v.start, start), end: Math.min(v.end, end) };
}
