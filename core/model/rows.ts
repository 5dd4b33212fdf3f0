/** Size in doubles from which a table grows more slowly. */
const LARGE = 2 ** 16;

/** A table of numbers that grows: rows of `width` doubles in one array. For what a replay writes before its size is known. */
export class Rows {
  readonly width: number;
  data: Float64Array;
  n = 0;

  /** @param rows as many as are expected */
  constructor(width: number, rows = 64) {
    this.width = width;
    this.data = new Float64Array(width * rows);
  }

  /** Opens a row and returns its offset in `data`; the caller fills it. */
  add(): number {
    const at = this.n * this.width;
    if (at === this.data.length) {
      const bigger = new Float64Array(at * (at < LARGE ? 4 : 2));
      bigger.set(this.data);
      this.data = bigger;
    }
    this.n++;
    return at;
  }
}
