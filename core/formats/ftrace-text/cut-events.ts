/** Events whose text was cut off: counted by event, and left out if nothing usable is left. */
import { cutOff } from '../event-format/text-fields.ts';
import type { EventFormat } from '../event-format/format.ts';
import type { Warnings } from '../problems.ts';
import type { EventLine } from './event-line.ts';
import type { Line } from './line.ts';

interface Tally {
  /** With text, and with nothing at all. */
  full: number;
  empty: number;
  cut: number;
  hollow: boolean;
  /** Byte offset of the first one cut. */
  offset: number;
}

export class CutEvents {
  readonly #tallies: (Tally | undefined)[] = [];

  /** Counts an event; true if it must not be used. `index`: of its name. */
  isCut(index: number, event: EventLine, line: Line): boolean {
    const tally = (this.#tallies[index] ??= { full: 0, empty: 0, cut: 0, hollow: false, offset: line.offset });
    if (event.textAt < line.text.length) tally.full++;
    else if (!tally.empty++ && !tally.cut) tally.offset = line.offset;
    const cut = cutOff(event.event, line.text.slice(event.textAt));
    if (!cut) return false;
    if (!tally.cut++) tally.offset = line.offset;
    tally.hollow = cut === 'hollow';
    return tally.hollow;
  }

  /** Counts an event that isn't cut off. */
  whole(index: number, offset: number): void {
    (this.#tallies[index] ??= { full: 0, empty: 0, cut: 0, hollow: false, offset }).full++;
  }

  report(formats: readonly EventFormat[], warnings: Warnings): void {
    this.#tallies.forEach((tally, index) => {
      if (!tally) return;
      const { name } = formats[index];
      // Events that the table doesn't know may print nothing, but not just sometimes.
      const count = tally.cut || (tally.full ? tally.empty : 0);
      if (!count) return;
      const message = `${name} cut off before its arguments end${tally.hollow ? ': left out' : ''}`;
      warnings.add('undecoded', `text-cut-off-${name}`, message, { count, offset: tally.offset });
    });
  }
}
