/** What becomes of the contents of guest pages: sets it for each unmap, and adds the row that says when there is something to map again. */
import type { UnmapEffect } from '../timeline.ts';
import type { Rows } from './rows.ts';
import type { Slot, Slots } from './slots.ts';
import { Vacancies } from './vacancies.ts';

export class Contents {
  readonly #rows: Rows;
  readonly #slots: Slots;
  readonly #vacancies = new Vacancies();

  constructor(rows: Rows, slots: Slots) {
    this.#rows = rows;
    this.#slots = slots;
  }

  /** `row` unmaps guest pages [start, end) with that effect. */
  unmapped(row: number, start: number, end: number, effect: UnmapEffect): void {
    this.#rows.tell(row, effect);
    if (effect.contents === 'gone') this.#vacancies.addHole(start, end);
    // Only mapped memory is announced: something is there again.
    else this.#vacancies.mapped(start, end);
  }

  /** `row` unmaps [start, end) because their slot goes. */
  slotTaken(row: number, slot: Slot, origin: UnmapEffect['origin'], start = slot.page, end = slot.end): void {
    this.#rows.tell(row, { notify: 'memslot', contents: 'gone', origin });
    this.#vacancies.addSlot(start, end, slot.hva - slot.page);
  }

  /** The memory of a slot that is away was unmapped by the VMM. */
  lost(start: number, end: number, effect: UnmapEffect): void {
    if (effect.contents !== 'kept') this.#vacancies.lose(start, end, effect.contents === 'gone');
  }

  /** A slot covers guest pages [start, end) again. `offset`: HVA page minus guest page of its memory; undefined if no call showed it. */
  slotBack(start: number, end: number, offset: number | undefined, t: number): void {
    for (const piece of this.#vacancies.covered(start, end, offset)) {
      const evidence = offset === undefined ? 'memslot-ioctl' : 'memslot-call';
      const row = this.#rows.add('unmap', t, piece.start, piece.end - piece.start, evidence, 'userspace');
      const contents = piece.kept ? 'kept' : 'dropped';
      this.#rows.tell(row, { notify: 'memslot', contents, origin: offset === undefined ? 'assumed' : 'measured' });
    }
  }

  /** The VMM maps HVA pages [start, end). */
  remapped(start: number, end: number, t: number): void {
    for (const slot of this.#slots.all) {
      const offset = slot.hva - slot.page;
      const [from, to] = [Math.max(slot.page, start - offset), Math.min(slot.end, end - offset)];
      if (from >= to) continue;
      for (const piece of this.#vacancies.remapped(from, to)) {
        const row = this.#rows.add('unmap', t, piece.start, piece.end - piece.start, 'mapped-again', 'userspace');
        this.#rows.tell(row, { notify: 'unmap', contents: 'dropped', origin: 'measured' });
      }
    }
  }

  /** A fault mapped them. */
  mapped(start: number, end: number): void {
    this.#vacancies.mapped(start, end);
  }
}
