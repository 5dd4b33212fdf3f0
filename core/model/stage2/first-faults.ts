/**
 * The first-evidence rule: a page whose first event is a translation fault was unmapped until then. Whether an unmap came
 * first is settled at the end, for all pages at once: unmaps may cover far more pages than ever fault.
 */
import { grown } from '../grown.ts';
import { timeOrder } from '../time-order.ts';
import type { Rows } from './rows.ts';
import { firstIndex } from '../terms/search.ts';

export class FirstFaults {
  readonly #page: number[] = [];
  readonly #pages: number[] = [];
  readonly #at: number[] = [];
  /** ns since which events are known without a gap. */
  readonly #from: number[] = [];
  readonly #covers = new Covers();

  /** Pages found unmapped at a moment. */
  add(page: number, pages: number, at: number, from: number): void {
    this.#page.push(page);
    this.#pages.push(pages);
    this.#at.push(at);
    this.#from.push(from);
  }

  /** An unmap of pages [start, end). */
  cover(start: number, end: number, t: number): void {
    this.#covers.add(start, end, t);
  }

  /** Adds `initial-unmapped` rows (after a loss of events: `unmap` rows where events are known again), joined where pages touch. */
  finish(rows: Rows): void {
    const order = this.#page
      .map((_, i) => i)
      .sort((a, b) => this.#from[a] - this.#from[b] || this.#page[a] - this.#page[b]);
    const covers = timeOrder(this.#covers.t, this.#covers.n);
    for (let k = 0; k < order.length;) {
      const from = this.#from[order[k]];
      let end = k;
      while (end < order.length && this.#from[order[end]] === from) end++;
      this.#finishEpoch(rows, order.slice(k, end), from, covers);
      k = end;
    }
  }

  #finishEpoch(rows: Rows, order: number[], from: number, covers: Uint32Array): void {
    const covered = new Uint8Array(order.length);
    // Union-find over the sorted pages: each is visited once, by the first unmap of the epoch that covers it.
    const next = Int32Array.from({ length: order.length + 1 }, (_, i) => i);
    const find = (i: number): number => {
      while (next[i] !== i) i = next[i] = next[next[i]];
      return i;
    };
    for (const c of covers) {
      const t = this.#covers.t[c];
      if (t < from) continue;
      const start = this.#covers.start[c];
      const end = this.#covers.end[c];
      for (
        let k = find(firstIndex(0, order.length, (i) => this.#page[order[i]] >= start));
        k < order.length;
        k = find(k)
      ) {
        if (this.#page[order[k]] >= end) break;
        covered[k] = t < this.#at[order[k]] ? 1 : 0;
        next[k] = k + 1;
      }
    }
    for (let k = 0; k < order.length;) {
      if (covered[k]) {
        k++;
        continue;
      }
      const first = this.#page[order[k]];
      let end = first + this.#pages[order[k]];
      for (k++; k < order.length && !covered[k] && this.#page[order[k]] <= end; k++) {
        end = Math.max(end, this.#page[order[k]] + this.#pages[order[k]]);
      }
      if (from === 0) rows.add('initial-unmapped', 0, first, end - first, 'first-fault', 'first-touch');
      else rows.add('unmap', from, first, end - first, 'first-fault', 'host-mm');
    }
  }
}

/** Unmaps as columns: a long trace has as many as faults. */
class Covers {
  n = 0;
  /** Pages [start, end); ns. */
  start = new Float64Array(256);
  end = new Float64Array(256);
  t = new Float64Array(256);

  add(start: number, end: number, t: number): void {
    if (this.n === this.t.length) {
      this.start = grown(this.start);
      this.end = grown(this.end);
      this.t = grown(this.t);
    }
    const i = this.n++;
    this.start[i] = start;
    this.end[i] = end;
    this.t[i] = t;
  }
}
