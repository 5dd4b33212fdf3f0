/** Rows of a stage 2 timeline while they are found: some only later, some taken back, some widened. */
import { NONE } from '../outcome.ts';
import { causeClasses, code, stage2Kinds } from '../terms.ts';
import type { CauseClass, Stage2Kind } from '../terms.ts';
import type { Stage2Timeline } from '../timeline.ts';
import { evidences, evidenceCode } from './evidence.ts';
import type { Evidence } from './evidence.ts';

const DROPPED = 255;

export class Rows {
  n = 0;
  t = new Float64Array(256);
  page = new Float64Array(256);
  pages = new Float64Array(256);
  /** Times in which nothing that was found can be relied on: start, end pairs. */
  readonly #gaps: number[] = [];
  #kind = new Uint8Array(256);
  #cause = new Uint8Array(256);
  #evidence = new Uint8Array(256);
  #writable = new Uint8Array(256);

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
    return i;
  }

  /** Events were lost in (from, to): other rows in between don't tell the state. */
  addGap(from: number, to: number): void {
    this.#gaps.push(from, to);
  }

  /** Takes a row back: what it said turned out not to have happened. */
  drop(i: number): void {
    this.#kind[i] = DROPPED;
  }

  /** A map that turned out to be read-only; `cause` is the class of the write fault to come. */
  makeReadOnly(i: number, cause: CauseClass): void {
    this.#writable[i] = 0;
    this.#cause[i] = code(causeClasses, cause);
  }

  /** The row turned out to be about more pages. */
  widen(i: number, page: number, pages: number, evidence: Evidence): void {
    this.page[i] = page;
    this.pages[i] = pages;
    this.#evidence[i] = evidenceCode(evidence);
  }

  isBy(i: number, evidence: Evidence): boolean {
    return this.#evidence[i] === evidenceCode(evidence);
  }

  isWritable(i: number): boolean {
    return this.#writable[i] === 1;
  }

  /** The rows in time order (those of one moment in the order of adding), `initial-unmapped` first. */
  finish(origin: bigint, span: number, exact: boolean): Stage2Timeline {
    const { t } = this;
    const order: number[] = [];
    for (let i = 0; i < this.n; i++) if (this.#kind[i] !== DROPPED) order.push(i);
    const initial = code(stage2Kinds, 'initial-unmapped');
    const rank = (i: number): number => (this.#kind[i] === initial ? -1 : t[i]);
    order.sort((a, b) => rank(a) - rank(b) || a - b);
    this.#cutGaps(order);
    const pick = <A extends Float64Array | Uint8Array>(from: A, to: A): A => {
      for (let k = 0; k < order.length; k++) to[k] = from[order[k]];
      return to;
    };
    const n = order.length;
    return {
      n,
      t: pick(t, new Float64Array(n)),
      kind: pick(this.#kind, new Uint8Array(n)),
      page: pick(this.page, new Float64Array(n)),
      pages: pick(this.pages, new Float64Array(n)),
      cause: pick(this.#cause, new Uint8Array(n)),
      evidence: pick(this.#evidence, new Uint8Array(n)),
      writable: pick(this.#writable, new Uint8Array(n)),
      origin,
      span,
      exact,
      evidences,
    };
  }

  #cutGaps(order: number[]): void {
    if (this.#gaps.length === 0) return;
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
    order.length = kept;
  }

  #grow(): void {
    const size = this.t.length * 2;
    const floats = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size);
      to.set(from);
      return to;
    };
    const bytes = (from: Uint8Array): Uint8Array<ArrayBuffer> => {
      const to = new Uint8Array(size);
      to.set(from);
      return to;
    };
    this.t = floats(this.t);
    this.page = floats(this.page);
    this.pages = floats(this.pages);
    this.#kind = bytes(this.#kind);
    this.#cause = bytes(this.#cause);
    this.#evidence = bytes(this.#evidence);
    this.#writable = bytes(this.#writable);
  }
}
