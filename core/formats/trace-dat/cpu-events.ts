/**
 * One CPU's events from its ring buffer pages: kernel/trace/ring_buffer.c's records, read as libtraceevent's kbuffer-parse.c reads them.
 * Times are kept in two 32-bit halves: exact, and no object per event.
 */
import type { Warnings } from '../problems.ts';
import type { PageSupply } from './pages.ts';

const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;

/** Bits of the page's commit word. */
const MISSED_EVENTS = 1 << 31;
const MISSED_STORED = 1 << 30;
const COMMIT = (1 << 27) - 1;

/** `lostBefore`: count unknown. */
export const LOST_UNKNOWN = 0xffffffff;

export class CpuEvents {
  readonly cpu: number;
  readonly buffer: number;
  /** The current event: its time's halves, its payload's place in `bytes`, what was lost before it. */
  timeHi = 0;
  timeLo = 0;
  at = 0;
  size = 0;
  lost = 0;
  /** When events were lost: the time of this CPU's previous event; 0 at its start. */
  lostSince = 0n;
  readonly pages: PageSupply;
  readonly #headerSize: number;
  readonly #correct: ((time: bigint) => bigint) | undefined;
  readonly #warnings: Warnings;
  /** The ring buffer's own time, before corrections. */
  #hi = 0;
  #lo = 0;
  #position = 0;
  #end = 0;

  constructor(
    place: { cpu: number; buffer: number },
    pages: PageSupply,
    longSize: number,
    correct: ((time: bigint) => bigint) | undefined,
    warnings: Warnings,
  ) {
    this.cpu = place.cpu;
    this.buffer = place.buffer;
    this.pages = pages;
    this.#headerSize = 8 + longSize;
    this.#correct = correct;
    this.#warnings = warnings;
  }

  /** Goes to the next event; false at the end. */
  advance(): boolean {
    this.lost = 0;
    let { words } = this.pages;
    for (;;) {
      let position = this.#position;
      const end = this.#end;
      while (position < end) {
        const word = words[position >>> 2];
        const type = word & 31;
        const delta = word >>> 5;
        if (type === 0 || type > 28) {
          if (position + 8 > end && type !== PADDING) break;
          const second = words[(position >>> 2) + 1];
          if (type === TIME_EXTEND) {
            this.#add(second >>> 5, ((second << 27) >>> 0) + delta);
            position += 8;
            continue;
          }
          if (type === TIME_STAMP) {
            // The top 5 bits aren't stored: they keep their value.
            this.#hi = ((this.#hi & 0xf8000000) | (second >>> 5)) >>> 0;
            this.#lo = ((second << 27) >>> 0) + delta;
            position += 8;
            continue;
          }
          this.#add(0, delta);
          if (type === PADDING) {
            if (position + 8 > end) break;
            position += 4 + second;
            continue;
          }
          this.at = position + 8;
          this.size = (second - 1) & ~3; // its own 4 bytes off, then rounded up
          if (second < 4) this.size = end;
        } else {
          const lo = this.#lo + delta;
          if (lo > 0xffffffff) {
            this.#lo = lo - 0x100000000;
            this.#hi = (this.#hi + 1) >>> 0;
          } else {
            this.#lo = lo;
          }
          this.at = position + 4;
          this.size = type << 2;
        }
        position = this.at + this.size;
        if (this.size < 0 || position > end) {
          this.#damaged(end - this.at, 'events that reach past their page: the rest of the page is skipped');
          break;
        }
        this.#position = position;
        this.#stamp();
        return true;
      }
      if (!this.#nextPage()) return false;
      words = this.pages.words;
    }
  }

  #add(hi: number, lo: number): void {
    const sum = this.#lo + lo;
    this.#lo = sum >>> 0;
    this.#hi = (this.#hi + hi + (sum > 0xffffffff ? 1 : 0)) >>> 0;
  }

  #stamp(): void {
    if (!this.#correct) {
      this.timeHi = this.#hi;
      this.timeLo = this.#lo;
      return;
    }
    const time = this.#correct((BigInt(this.#hi) << 32n) | BigInt(this.#lo));
    this.timeHi = Number(time >> 32n);
    this.timeLo = Number(time & 0xffffffffn);
  }

  /** Opens the next page that is in order. Losses add up until an event can carry them. */
  #nextPage(): boolean {
    const { pages } = this;
    if (!this.lost) this.lostSince = (BigInt(this.timeHi) << 32n) | BigInt(this.timeLo);
    while (pages.next()) {
      if (pages.gap) {
        pages.gap = false;
        this.lost = LOST_UNKNOWN;
      }
      const first = pages.at >>> 2;
      const commit = pages.words[first + 2];
      const data = pages.at + this.#headerSize;
      const size = commit & COMMIT;
      if (this.#headerSize + size > pages.size) {
        this.#damaged(pages.size, 'ring buffer pages that claim more data than they have room for: skipped');
        continue;
      }
      this.#lo = pages.words[first];
      this.#hi = pages.words[first + 1];
      this.#position = data;
      this.#end = data + size;
      if (commit & MISSED_EVENTS) this.#lose(commit, this.#end);
      return true;
    }
    return false;
  }

  #lose(commit: number, countAt: number): void {
    const stored = (commit & MISSED_STORED) !== 0 && countAt + 4 <= this.pages.at + this.pages.size;
    const count = stored ? this.pages.words[countAt >>> 2] : LOST_UNKNOWN;
    if (this.lost === LOST_UNKNOWN || count === LOST_UNKNOWN) this.lost = LOST_UNKNOWN;
    else this.lost = Math.min(this.lost + count, LOST_UNKNOWN - 1);
  }

  #damaged(bytes: number, message: string): void {
    this.lost = LOST_UNKNOWN;
    this.#warnings.add('data-loss', 'trace-bad-page', message, {
      offset: this.pages.fileOffset,
      bytes: Math.max(0, bytes),
    });
  }
}
