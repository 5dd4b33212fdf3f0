/** A lane's replay position among its samples, and the blackouts that it passes through: rules 16 and 26 of replay-rules.md. */
import type { Ascending } from './ascending.ts';
import type { LaneRecord, Reason } from './lane-record.ts';
import { NONE } from './outcome.ts';
import { code, windowKinds } from './terms.ts';

/** A blackout that reaches into later sessions. */
interface Carry {
  readonly until: number;
  readonly shownUntil: number;
  readonly why: Reason;
}

const COPY_OUT: Reason = { kind: code(windowKinds, 'copy-out'), cause: NONE, page: -1, action: NONE };
const BUFFER_FULL: Reason = { kind: code(windowKinds, 'buffer-full'), cause: NONE, page: -1, action: NONE };

export class LaneBlackouts {
  /** Next sample. */
  next = 0;
  /** The session, as long as the VM lives: end of its samples, and the moment that no window may pass. */
  end = 0;
  limit = 0;
  /** Time of a sample after which copy-out and buffer-full blackouts begin; -Infinity if none. */
  after = -Infinity;
  /** Their ends, exclusive. */
  #copyUntil = 0;
  #fullUntil = 0;
  /** End of the last blackout opened: exclusive, and as its window shows it. */
  #until = -Infinity;
  #shownUntil = -Infinity;
  /** Where the last blackout opened ends, as its window shows it. */
  get shownUntil(): number {
    return this.#shownUntil;
  }
  #carries: Carry[] = [];
  readonly #times: Ascending;
  readonly #record: LaneRecord;

  constructor(times: Ascending, record: LaneRecord) {
    this.#times = times;
    this.#record = record;
  }

  /**
   * The samples from the next one on with a time before `until` are lost.
   * @param shownFrom, shownUntil the window, to be cut at the session's end
   * @param atLeast index up to which samples are lost in any case
   */
  open(shownFrom: number, until: number, shownUntil: number, why: Reason, atLeast = 0): void {
    const to = Math.max(atLeast, this.#times.firstAtLeast(until, this.next, this.end));
    if (shownFrom <= this.limit) {
      this.#record.window(shownFrom, Math.min(shownUntil, this.limit), why, this.next, to);
    }
    this.next = to;
    this.#until = until;
    this.#shownUntil = shownUntil;
    if (until > this.limit) this.#carries.push({ until, shownUntil, why });
  }

  /** Blackouts of earlier sessions that last into the one that starts now. */
  carryInto(start: number): void {
    const carries = this.#carries;
    this.#carries = [];
    let shownFrom = start;
    for (const { until, shownUntil, why } of carries) {
      if (until <= start) continue;
      this.open(shownFrom, until, shownUntil, why);
      shownFrom = Math.max(shownFrom, shownUntil);
    }
  }

  /** A sample at `at` was followed by a copy: the lane will be black over (at, at + ns]. */
  copyAfter(at: number, ns: number): void {
    this.#startAfter(at);
    this.#copyUntil = Math.max(this.#copyUntil, at + 1 + ns);
  }

  /** The same for a service point. */
  fullAfter(at: number, ns: number): void {
    this.#startAfter(at);
    this.#fullUntil = Math.max(this.#fullUntil, at + 1 + ns);
  }

  #startAfter(at: number): void {
    if (this.after > -Infinity) return;
    this.after = at;
    this.#copyUntil = this.#fullUntil = at + 1;
  }

  /** Time has passed `after`: opens the pending blackouts, each where the ones before it end. */
  openAfter(): void {
    const { after } = this;
    if (after === -Infinity) return;
    this.after = -Infinity;
    for (const [until, why] of [
      [this.#copyUntil, COPY_OUT],
      [this.#fullUntil, BUFFER_FULL],
    ] as const) {
      if (until <= Math.max(after + 1, this.#until)) continue;
      this.open(Math.max(after, this.#shownUntil), until, until - 1, why);
    }
  }
}
