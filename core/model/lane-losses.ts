/**
 * Records that are lost after they were written: wiped by an unmap, or not copied because their page is gone (replay-rules.md, rules 14,
 * 15, 23).
 */
import type { BufferPages } from './buffer-pages.ts';
import type { LaneRecord } from './lane-record.ts';
import { NONE } from './outcome.ts';
import type { PreparedLane } from './prepare.ts';
import { code, PAGE_SHIFT, windowKinds } from './terms.ts';
import { Unread } from './unread.ts';
import type { Run, Span } from './unread.ts';

const PAGE = 2 ** PAGE_SHIFT;
const WIPED = code(windowKinds, 'wiped');
const COPY_FAILED = code(windowKinds, 'copy-failed');

export class LaneLosses {
  readonly #lane: PreparedLane;
  readonly #record: LaneRecord;
  readonly #unread: Unread;
  readonly #bufferBytes: number;
  /** Records before this one lie in the guest's buffer; those after it in KVM's own. */
  #landed = 0;

  constructor(lane: PreparedLane, record: LaneRecord) {
    this.#lane = lane;
    this.#record = record;
    this.#unread = new Unread(lane.bytesBefore, lane.lane.size, lane.hasEmpty);
    this.#bufferBytes = lane.lane.pages.length * PAGE;
  }

  /** Records [from, to) were written, `pos` bytes after the lane's first. */
  written(from: number, to: number, pos: number, session: number): void {
    this.#unread.written(from, to, pos, session);
  }

  /** Perf has read at `at` what has landed so far. @param landed undefined: what copies brought */
  read(at: number, landed = this.#landed): void {
    this.#unread.readAt(at, landed);
  }

  discarded(from: number): void {
    this.#unread.discarded(from);
  }

  /** An unmap at `t` loses the unread records in these pages. @param written bytes ever @param landed as for `read` */
  wipe(t: number, slots: readonly number[], cause: number, written: number, landed = this.#landed): void {
    const low = written - this.#bufferBytes;
    this.#unread.forget(t, low, landed);
    const spans = this.#spans(slots, Math.max(0, low), written);
    for (const run of this.#unread.take(spans, 0, landed)) {
      this.#takeRun(
        run,
        WIPED,
        this.#firstPage(run, (slot) => slots.includes(slot)),
        cause,
      );
    }
  }

  /** The records written between two positions of the byte stream are copied to the guest; those for a gone page are lost. */
  copy(pages: BufferPages, start: number, end: number, next: number): void {
    if (pages.gone > 0) {
      const slots = Array.from({ length: pages.pages }, (_, slot) => slot).filter((slot) => pages.isGone(slot));
      for (const run of this.#unread.take(this.#spans(slots, start, end), this.#landed, next)) {
        const slot = this.#firstPage(run, (s) => pages.isGone(s));
        this.#takeRun(run, COPY_FAILED, slot, pages.causeOf(slot));
      }
    }
    this.#landed = next;
  }

  #takeRun({ from, to }: Run, kind: number, slot: number, cause: number): void {
    const { t, pages } = this.#lane.lane;
    this.#record.take(from, to, t, { kind, cause, page: pages[slot], action: NONE });
  }

  /** Where pages of the buffer lie in the part [low, high) of the endless byte stream, in order. */
  #spans(slots: readonly number[], low: number, high: number): Span[] {
    const spans: [number, number][] = [];
    const sorted = slots.length > 1 ? [...slots].sort((a, b) => a - b) : slots;
    for (let lap = Math.floor(low / this.#bufferBytes); lap * this.#bufferBytes < high; lap++) {
      for (const slot of sorted) {
        const start = lap * this.#bufferBytes + slot * PAGE;
        const end = Math.min(high, start + PAGE);
        if (end <= low || start >= high) continue;
        const last = spans.at(-1);
        if (last && last[1] === start) last[1] = end;
        else spans.push([Math.max(low, start), end]);
      }
    }
    return spans;
  }

  /** The first page, in byte order, that holds a byte of a run's first record. */
  #firstPage({ from, pos }: Run, isOne: (slot: number) => boolean): number {
    const size = this.#lane.bytesBefore.at(from + 1) - this.#lane.bytesBefore.at(from);
    const laps = this.#bufferBytes / PAGE;
    const first = Math.floor(pos / PAGE);
    const last = Math.floor((pos + size - 1) / PAGE);
    for (let page = first; page <= last; page++) if (isOne(page % laps)) return page % laps;
    return first % laps;
  }
}
