/**
 * Whether the times in a text's lines are times at all. A recording's times rise on each CPU; concatenated pieces go back once per piece;
 * deltas (`perf script --deltatime`) go back all along.
 */

/** Fewer lines show no order. */
const SOME = 4;
/** Share of lines going back from which on times are deltas. */
const RELATIVE = 0.1;
/** From here on it is a recording in reverse. */
const REVERSED = 0.9;

export class SteppingBack {
  readonly #last = new Map<number, bigint>();
  #lines = 0;
  /** Lines of another time than the one above, of the same CPU. */
  #moved = 0;
  /** Lines earlier than the one above, of the same CPU. */
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
    if (last !== undefined && time !== last) this.#moved++;
    this.#last.set(cpu, time);
  }

  get isRelative(): boolean {
    return this.#back > RELATIVE * this.#lines && !this.isReversed;
  }

  get isReversed(): boolean {
    return this.#moved >= SOME && this.#back > REVERSED * this.#moved;
  }
}
