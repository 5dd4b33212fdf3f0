/**
 * Whether times that stand in a text's lines are times at all. A recording's times rise on each CPU; pieces that were put one behind
 * the other go back once a piece; distances (`perf script --deltatime`) go back all along.
 */

/** Fewer lines show no order. */
const SOME = 4;
/** Share of the lines that go back from which on times are distances. */
const RELATIVE = 0.1;
/** From here on it is a recording from its end to its beginning. */
const REVERSED = 0.9;

export class SteppingBack {
  readonly #last = new Map<number, bigint>();
  #lines = 0;
  /** Lines that lie before the one above, of the same CPU. */
  #back = 0;
  /** The first of them; 0 without one. */
  line = 0;

  take(cpu: number, time: bigint, line: number): void {
    const last = this.#last.get(cpu);
    this.#lines++;
    if (last !== undefined && time < last) {
      this.#back++;
      this.line ||= line;
    }
    this.#last.set(cpu, time);
  }

  get isRelative(): boolean {
    return this.#back > RELATIVE * this.#lines && !this.isReversed;
  }

  get isReversed(): boolean {
    return this.#lines > SOME && this.#back > REVERSED * (this.#lines - this.#last.size);
  }
}
