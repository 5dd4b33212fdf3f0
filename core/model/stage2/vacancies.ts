/**
 * Guest pages with nothing to map (contents `gone`): the VMM unmapped their backing, or removed their memslot. Each range ends when
 * something is mapped there or a slot covers it again, which the timeline shows as a second `unmap` row.
 */
import { firstIndex } from '../terms/search.ts';
interface Vacancy {
  /** Guest pages [start, end). */
  readonly start: number;
  readonly end: number;
  /** HVA page minus guest page of the memory that was there; undefined where no slot went. */
  readonly offset: number | undefined;
  /** The memslot is away. */
  readonly slot: boolean;
  /** The host mapping is away: if the slot is, too, its return alone brings nothing back. */
  readonly hole: boolean;
  /** The bytes that were there are lost. */
  readonly lost: boolean;
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

  /** The host mapping of guest pages [start, end), which a slot holds, went away. */
  addHole(start: number, end: number): void {
    this.#change(start, end, () => []);
    this.#insert([{ start, end, offset: undefined, slot: false, hole: true, lost: true }]);
  }

  /** The memslot that held guest pages [start, end) went away. @param offset HVA page minus guest page of its memory */
  addSlot(start: number, end: number, offset: number): void {
    const holes: Vacancy[] = [];
    this.#change(start, end, (v) => {
      if (v.hole) holes.push({ ...v, offset, slot: true });
      return [];
    });
    let from = start;
    const pieces: Vacancy[] = [];
    for (const hole of [...holes, undefined]) {
      const to = hole?.start ?? end;
      if (from < to) pieces.push({ start: from, end: to, offset, slot: true, hole: false, lost: false });
      if (hole) pieces.push(hole);
      from = hole?.end ?? end;
    }
    this.#insert(pieces);
  }

  /** The bytes behind a vacant slot's HVA pages [start, end) are lost, too. @param hole nothing is mapped there now */
  lose(start: number, end: number, hole: boolean): void {
    this.#ranges = this.#ranges.flatMap((v) => {
      if (v.offset === undefined) return [v];
      const [from, to] = [Math.max(v.start, start - v.offset), Math.min(v.end, end - v.offset)];
      if (from >= to) return [v];
      return [
        { ...v, end: from },
        { ...v, start: from, end: to, hole: v.hole || hole, lost: true },
        { ...v, start: to },
      ].filter((piece) => piece.start < piece.end);
    });
  }

  /** Something is mapped behind guest pages [start, end) again, which a slot holds, or held before it went. */
  remapped(start: number, end: number): Refilled[] {
    const found: Refilled[] = [];
    this.#change(start, end, (v) => {
      if (v.slot) return [{ ...v, hole: false, lost: v.lost || v.hole }];
      found.push({ start: v.start, end: v.end, kept: false });
      return [];
    });
    return found;
  }

  /** A memslot covers guest pages [start, end) again, by memory at that offset (undefined: unknown, and taken for the same). */
  covered(start: number, end: number, offset: number | undefined): Refilled[] {
    const found: Refilled[] = [];
    this.#change(start, end, (v) => {
      if (!v.slot) return [v];
      const same = offset === undefined || v.offset === offset;
      if (same && v.hole) return [{ ...v, offset: undefined, slot: false }];
      found.push({ start: v.start, end: v.end, kept: same && !v.lost });
      return [];
    });
    return found;
  }

  /** A fault mapped [start, end): there was something after all. */
  mapped(start: number, end: number): void {
    if (this.#ranges.length) this.#change(start, end, () => []);
  }

  /** Index of the first range that ends after a page. */
  #from(page: number): number {
    return firstIndex(0, this.#ranges.length, (i) => this.#ranges[i].end > page);
  }

  /** Inserts ascending ranges where there are none. */
  #insert(ranges: readonly Vacancy[]): void {
    if (ranges.length) this.#ranges.splice(this.#from(ranges[0].start), 0, ...ranges);
  }

  /** Replaces what lies within [start, end), piece by piece, by the result of `to`. */
  #change(start: number, end: number, to: (v: Vacancy) => readonly Vacancy[]): void {
    const first = this.#from(start);
    let last = first;
    const rest: Vacancy[] = [];
    for (; last < this.#ranges.length && this.#ranges[last].start < end; last++) {
      const v = this.#ranges[last];
      if (v.start < start) rest.push({ ...v, end: start });
      rest.push(...to({ ...v, start: Math.max(v.start, start), end: Math.min(v.end, end) }));
      if (v.end > end) rest.push({ ...v, start: end });
    }
    if (last > first) this.#ranges.splice(first, last - first, ...rest);
  }
}
