/** Rows of a stage 2 timeline while it is reconstructed: some are found late, some taken back, some widened. */
import { NONE } from '../outcome.ts';
import { causeClasses, code, contentsFates, contentsOrigins, notifies, stage2Kinds } from '../terms.ts';
import type { CauseClass, Stage2Kind } from '../terms.ts';
import type { Stage2Timeline, UnmapEffect } from '../timeline.ts';
import { evidences, evidenceCode } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { grown } from '../grown.ts';

const DROPPED = 255;

export class Rows {
  n = 0;
  t = new Float64Array(256);
  page = new Float64Array(256);
  pages = new Float64Array(256);
  /** Times in which no finding can be relied on: start, end pairs. */
  readonly #gaps: number[] = [];
  #kind = new Uint8Array(256);
  #cause = new Uint8Array(256);
  #evidence = new Uint8Array(256);
  #writable = new Uint8Array(256);
  #notify = new Uint8Array(256);
  #contents = new Uint8Array(256);
  #contentsOrigin = new Uint8Array(256);

  /** Returns the row's index, by which it can be changed until `finish`. */
  add(
    kind: Stage2Kind,
    t: number,
    page: number,
    pages: number,
    evidence: Evidence,
    cause?: CauseClass,
    writable = false,
  ): number {
    if (this.n === this.t.length) this.#grow();
    const i = this.n++;
    this.t[i] = t;
    this.page[i] = page;
    this.pages[i] = pages;
    this.#kind[i] = code(stage2Kinds, kind);
    this.#evidence[i] = evidenceCode(evidence);
    this.#cause[i] = cause === undefined ? NONE : code(causeClasses, cause);
    this.#writable[i] = writable ? 1 : 0;
    this.#notify[i] = this.#contents[i] = this.#contentsOrigin[i] = 0;
    return i;
  }

  /** Events were lost in (from, to): other rows in between don't give the state. */
  addGap(from: number, to: number): void {
    this.#gaps.push(from, to);
  }

  /** Takes a row back: what it says turned out not to have happened. */
  drop(i: number): void {
    this.#kind[i] = DROPPED;
  }

  /** A map that turned out to be read-only; `cause` is the class of the write fault to come. */
  makeReadOnly(i: number, cause: CauseClass): void {
    this.#writable[i] = 0;
    this.#cause[i] = code(causeClasses, cause);
  }

  /** The row turned out to cover more pages. */
  widen(i: number, page: number, pages: number, evidence: Evidence): void {
    this.page[i] = page;
    this.pages[i] = pages;
    this.#evidence[i] = evidenceCode(evidence);
  }

  /** Who announced an unmap, and what became of the contents (model.md section 3.2). Returns the row. */
  tell(i: number, { notify, contents, origin }: UnmapEffect): number {
    this.#notify[i] = code(notifies, notify);
    this.#contents[i] = code(contentsFates, contents);
    this.#contentsOrigin[i] = code(contentsOrigins, origin);
    return i;
  }

  isBy(i: number, evidence: Evidence): boolean {
    return this.#evidence[i] === evidenceCode(evidence);
  }

  isWritable(i: number): boolean {
    return this.#writable[i] === 1;
  }

  /** The rows in time order (those of one moment in the order of adding), `initial-unmapped` first. Call once. */
  finish(origin: bigint, span: number, exact: boolean): Stage2Timeline {
    const order = this.#cutGaps(this.#order());
    const n = order.length;
    const front = frontOf(order);
    const pick = <A extends Float64Array | Uint8Array>(column: A): A => arranged(column, order, front);
    return {
      n,
      t: pick(this.t),
      kind: pick(this.#kind),
      page: pick(this.page),
      pages: pick(this.pages),
      cause: pick(this.#cause),
      evidence: pick(this.#evidence),
      writable: pick(this.#writable),
      notify: pick(this.#notify),
      contents: pick(this.#contents),
      contentsOrigin: pick(this.#contentsOrigin),
      origin,
      span,
      exact,
      evidences,
    };
  }

  #order(): Uint32Array {
    const { t, n } = this;
    const order = new Uint32Array(n);
    const initial = code(stage2Kinds, 'initial-unmapped');
    let first = 0;
    for (let i = 0; i < n; i++) if (this.#kind[i] === initial) order[first++] = i;
    let end = first;
    let sorted = true;
    for (let i = 0; i < n; i++) {
      if (this.#kind[i] === DROPPED || this.#kind[i] === initial) continue;
      if (end > first && t[i] < t[order[end - 1]]) sorted = false;
      order[end++] = i;
    }
    if (!sorted) order.subarray(first, end).sort((a, b) => t[a] - t[b] || a - b);
    return order.subarray(0, end);
  }

  /** Leaves rows within gaps out. */
  #cutGaps(order: Uint32Array): Uint32Array {
    if (this.#gaps.length === 0) return order;
    const unknown = code(stage2Kinds, 'unknown');
    const starts: number[] = [];
    const ends: number[] = [];
    for (let k = 0; k < this.#gaps.length; k += 2) {
      const [from, to] = [this.#gaps[k], this.#gaps[k + 1]];
      // Gaps come in the order of their ends; one may reach back over those before it.
      while (starts.length && starts[starts.length - 1] >= from) {
        starts.pop();
        ends.pop();
      }
      starts.push(from);
      ends.push(to);
    }
    let kept = 0;
    let g = 0;
    for (const i of order) {
      while (g < ends.length && ends[g] <= this.t[i]) g++;
      const inside = g < ends.length && this.t[i] > starts[g];
      if (!inside || this.#kind[i] === unknown) order[kept++] = i;
    }
    return order.subarray(0, kept);
  }

  #grow(): void {
    this.t = grown(this.t);
    this.page = grown(this.page);
    this.pages = grown(this.pages);
    this.#kind = grown(this.#kind);
    this.#cause = grown(this.#cause);
    this.#evidence = grown(this.#evidence);
    this.#writable = grown(this.#writable);
    this.#notify = grown(this.#notify);
    this.#contents = grown(this.#contents);
    this.#contentsOrigin = grown(this.#contentsOrigin);
  }
}

/** How many elements of an order precede the rest, which ascends. */
function frontOf(order: Uint32Array): number {
  let first = order.length - 1;
  while (first > 0 && order[first - 1] < order[first]) first--;
  return Math.max(0, first);
}

/** Puts a column in order in its own memory; only the order's first `front` elements go through a copy: there are millions. */
function arranged<A extends Float64Array | Uint8Array>(column: A, order: Uint32Array, front: number): A {
  const n = order.length;
  const Column = column.constructor as new (from: number | ArrayBuffer) => A;
  const moved = new Column(front);
  for (let k = 0; k < front; k++) moved[k] = column[order[k]];
  for (let k = front; k < n; k++) column[k - front] = column[order[k]];
  column.copyWithin(front, 0, n - front);
  column.set(moved);
  return new Column((column.buffer as ArrayBuffer).transfer(n * column.BYTES_PER_ELEMENT));
}
