/**
 * The records of one lane that lie unread in the guest's buffer, where an unmap can lose them (replay-rules.md, rules 15 and 23),
 * and those that KVM has yet to copy there (rule 14). Kept records only; in stretches of neighbours, since a lane has millions.
 */
import type { ByteSums } from './byte-sums.ts';
import { firstIndex } from './terms/search.ts';

/** Kept records [from, to) of one session; `pos`: where the first begins in the endless byte stream that the lane writes. */
interface Stretch {
  from: number;
  to: number;
  pos: number;
  readonly session: number;
}

/** Bytes [start, end) in the endless stream. */
export type Span = readonly [start: number, end: number];

/** Records [from, to) taken together: of one session, with none in between that stays kept. */
export interface Run {
  readonly from: number;
  to: number;
  /** Where the first one's bytes lie in the endless stream. */
  readonly pos: number;
}

export class Unread {
  readonly #bytesBefore: ByteSums;
  readonly #size: Uint32Array;
  readonly #hasEmpty: boolean;
  #stretches: Stretch[] = [];
  /** Pending wake-ups of perf: what it reads, and when it is done. */
  #reads: { at: number; upTo: number }[] = [];

  constructor(bytesBefore: ByteSums, size: Uint32Array, hasEmpty: boolean) {
    this.#bytesBefore = bytesBefore;
    this.#size = size;
    this.#hasEmpty = hasEmpty;
  }

  /** Records [from, to) were written and kept. */
  written(from: number, to: number, pos: number, session: number): void {
    const last = this.#stretches.at(-1);
    if (last && last.to === from && last.session === session) last.to = to;
    else if (to > from) this.#stretches.push({ from, to, pos, session });
  }

  /** At `at`, ns, perf has read the records before `upTo`. */
  readAt(at: number, upTo: number): void {
    this.#reads.push({ at, upTo });
  }

  /** The guest has discarded all records from `from` on. */
  discarded(from: number): void {
    for (let last = this.#stretches.at(-1); last && last.to > from; last = this.#stretches.at(-1)) {
      if (last.from < from) last.to = from;
      else this.#stretches.pop();
    }
  }

  /** Forgets what perf has read by `now`, and the records before `landed` that begin before `pos`: they were overwritten. */
  forget(now: number, pos: number, landed: number): void {
    let upTo = 0;
    let done = 0;
    for (; done < this.#reads.length && this.#reads[done].at <= now; done++) upTo = this.#reads[done].upTo;
    if (done) this.#reads.splice(0, done);
    let gone = 0;
    for (; gone < this.#stretches.length; gone++) {
      const s = this.#stretches[gone];
      const from = Math.max(upTo, Math.min(landed, this.#firstFrom(s, pos)));
      if (from < s.to) {
        if (from > s.from) this.#cut(s, from);
        break;
      }
    }
    if (gone) this.#stretches.splice(0, gone);
  }

  /**
   * Takes the records in [from, to) that have a byte in one of the spans.
   * @param spans ascending, disjoint
   */
  take(spans: readonly Span[], from: number, to: number): Run[] {
    const runs: Run[] = [];
    if (!spans.length || !this.#stretches.length) return runs;
    const first = this.#firstReaching(spans[0][0]);
    const lastEnd = spans[spans.length - 1][1];
    const left: Stretch[] = [];
    let open: Run | undefined;
    let session = -1;
    let k = first;
    let span = 0;
    for (; k < this.#stretches.length; k++) {
      const s = this.#stretches[k];
      if (s.pos >= lastEnd || s.from >= to) break;
      let kept = s.from;
      const keep = (upTo: number): void => {
        if (upTo <= kept) return;
        left.push({ from: kept, to: upTo, pos: this.#posOf(s, kept), session: s.session });
        open = undefined;
      };
      const endPos = this.#posOf(s, s.to);
      while (span > 0 && spans[span - 1][1] > s.pos) span--;
      for (; span < spans.length && spans[span][0] < endPos; span++) {
        const low = Math.max(from, kept, this.#firstWithByteAfter(s, spans[span][0]));
        const high = Math.min(to, this.#firstFrom(s, spans[span][1]));
        for (let i = low; i < high;) {
          const end = this.#withoutEmpty(i, high);
          if (end === i) {
            i++;
            continue;
          }
          keep(i);
          if (open && session === s.session) open.to = end;
          else runs.push((open = { from: i, to: end, pos: this.#posOf(s, i) }));
          session = s.session;
          kept = i = end;
        }
      }
      keep(s.to);
    }
    if (runs.length) this.#stretches.splice(first, k - first, ...left);
    return runs;
  }

  #posOf(s: Stretch, i: number): number {
    return s.pos + this.#bytesBefore.at(i) - this.#bytesBefore.at(s.from);
  }

  #cut(s: Stretch, from: number): void {
    s.pos = this.#posOf(s, from);
    s.from = from;
  }

  /** The first record of a stretch that begins at `pos` or later; its end if none does. */
  #firstFrom(s: Stretch, pos: number): number {
    return this.#bytesBefore.firstAtLeast(this.#bytesBefore.at(s.from) + pos - s.pos, s.from, s.to);
  }

  /** The first record of a stretch that has a byte at `pos` or after it. */
  #firstWithByteAfter(s: Stretch, pos: number): number {
    const bytes = this.#bytesBefore.at(s.from) + pos - s.pos + 1;
    return this.#bytesBefore.firstAtLeast(bytes, s.from + 1, s.to + 1) - 1;
  }

  /** The end of the run of records from `i` on that have bytes. */
  #withoutEmpty(i: number, end: number): number {
    if (!this.#hasEmpty) return end;
    while (i < end && this.#size[i] > 0) i++;
    return i;
  }

  /** The first stretch that ends after `pos`. */
  #firstReaching(pos: number): number {
    return firstIndex(0, this.#stretches.length, (i) => {
      const s = this.#stretches[i];
      return this.#posOf(s, s.to) > pos;
    });
  }
}
