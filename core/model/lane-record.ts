/** What a replay records of one lane: blackout windows and with them the fates of samples, stalls, faults. */
import { LOST, OUTSIDE } from './outcome.ts';
import { Rows } from './rows.ts';
import { causeClasses } from './terms.ts';

/** What caused a window: indices of terms.ts, and the page; NONE and -1 where there is none. */
export interface Reason {
  readonly kind: number;
  readonly cause: number;
  readonly page: number;
  readonly action: number;
}

/** Columns of a window's row. The samples lost in it are those from index FROM to before index TO. */
export const W = { START: 0, END: 1, KIND: 2, CAUSE: 3, PAGE: 4, ACTION: 5, FROM: 6, TO: 7, WIDTH: 8 } as const;
/** Columns of a stall's row. */
export const S = { T: 0, NS: 1, KIND: 2, WIDTH: 3 } as const;

export class LaneRecord {
  /** Samples outside every session. */
  samplesOutside = 0;
  readonly windows = new Rows(W.WIDTH, 128);
  readonly stalls = new Rows(S.WIDTH);
  readonly faults = new Uint32Array(causeClasses.length);
  /** Enables that the memlock limit refused. */
  refused = 0;
  /** Pages held: since when, ns, and how many. */
  readonly held = new Rows(2);

  readonly #samples: number;
  readonly #outside = new Rows(2);
  /** Scratch for what `take` moves: allocating each time would cost more than the move. */
  #later = new Float64Array(0);

  constructor(samples: number) {
    this.#samples = samples;
  }

  /** The samples [from, to) lie outside every session. */
  outside(from: number, to: number): void {
    if (to <= from) return;
    const at = this.#outside.add();
    this.#outside.data.set([from, to], at);
    this.samplesOutside += to - from;
  }

  /** What became of each sample: a lost one lies in one window. */
  fates(): Uint8Array {
    const fates = new Uint8Array(this.#samples);
    const { data } = this.#outside;
    for (let row = 0; row < this.#outside.n * 2; row += 2) fates.fill(OUTSIDE, data[row], data[row + 1]);
    const w = this.windows.data;
    for (let row = 0; row < this.windows.n * W.WIDTH; row += W.WIDTH) {
      fates.fill(LOST + w[row + W.KIND], w[row + W.FROM], w[row + W.TO]);
    }
    return fates;
  }

  /** Samples in sessions, as [from, to) pairs with gaps between. */
  inside(): Uint32Array {
    const ends: number[] = [];
    let from = 0;
    const { data } = this.#outside;
    const upTo = (to: number): void => {
      if (to > from) ends.push(from, to);
    };
    for (let row = 0; row < this.#outside.n * 2; row += 2) {
      upTo(data[row]);
      from = data[row + 1];
    }
    upTo(this.#samples);
    return Uint32Array.from(ends);
  }

  /** Lost samples, as [from, to) pairs with gaps between: windows are in sample order. */
  lost(): Uint32Array {
    const { data, n } = this.windows;
    const ends = new Uint32Array(2 * n);
    let at = 0;
    for (let row = 0; row < n * W.WIDTH; row += W.WIDTH) {
      const [from, to] = [data[row + W.FROM], data[row + W.TO]];
      if (to <= from) continue;
      if (at > 0 && ends[at - 1] === from) ends[at - 1] = to;
      else {
        ends[at++] = from;
        ends[at++] = to;
      }
    }
    return ends.slice(0, at);
  }

  /** A blackout from `start` to `end` that loses the samples [from, to). Left out if it has neither length nor samples. */
  window(start: number, end: number, why: Reason, from: number, to: number): void {
    if (end > start || to > from) this.#addWindow(start, end, why, from, to);
  }

  /**
   * Takes back all samples of [from, to) that are still kept: windows from the first of them to `end`, around the existing windows (rule
   * 25). All lie in one session.
   * @param end ns; undefined: at the last of them
   */
  take(from: number, to: number, t: Float64Array, why: Reason, end?: number): void {
    const { data } = this.windows;
    let first = this.windows.n;
    while (first > 0 && data[(first - 1) * W.WIDTH + W.FROM] >= from) first--;
    const laterEnd = (this.windows.n - first) * W.WIDTH;
    if (this.#later.length < laterEnd) this.#later = new Float64Array(2 * laterEnd);
    const later = this.#later;
    for (let i = 0; i < laterEnd; i++) later[i] = data[first * W.WIDTH + i];
    this.windows.n = first;

    let next = from;
    let open = -1;
    const piece = (upTo: number, until: number): void => {
      if (open < 0 && upTo > next) open = t[next];
      if (open >= 0) this.window(open, until, why, next, upTo);
    };
    let row = 0;
    for (; row < laterEnd; row += W.WIDTH) {
      if (end === undefined && later[row + W.FROM] >= to) break;
      piece(later[row + W.FROM], later[row + W.START]);
      if (open >= 0) open = later[row + W.END];
      next = later[row + W.TO];
      this.#copyWindow(later, row);
    }
    piece(to, end ?? t[to - 1]);
    for (; row < laterEnd; row += W.WIDTH) this.#copyWindow(later, row);
  }

  #copyWindow(from: Float64Array, row: number): void {
    const at = this.windows.add();
    const { data } = this.windows;
    for (let column = 0; column < W.WIDTH; column++) data[at + column] = from[row + column];
  }

  /**
   * Sample `i`, written at `at`, is torn: it joins the window of the torn sample before it, if nothing lies between.
   * @param firstOfSession windows of an earlier session are left alone
   */
  torn(i: number, at: number, why: Reason, firstOfSession: number): void {
    const last = (this.windows.n - 1) * W.WIDTH;
    const { data } = this.windows;
    const goesOn =
      last >= 0 && data[last + W.KIND] === why.kind && data[last + W.TO] === i && data[last + W.FROM] >= firstOfSession;
    if (goesOn) {
      data[last + W.END] = at;
      data[last + W.TO] = i + 1;
    } else {
      this.window(at, at, why, i, i + 1);
    }
  }

  /** From `t` on this many pages are held. */
  holds(t: number, pages: number): void {
    const at = this.held.add();
    this.held.data.set([t, pages], at);
  }

  /** Rows stay in time order: a stall that is found late moves before the later ones. */
  stall(t: number, ns: number, kind: number): void {
    const whole = Math.round(ns);
    if (whole === 0) return;
    let at = this.stalls.add();
    const { data } = this.stalls;
    for (; at > 0 && data[at - S.WIDTH + S.T] > t; at -= S.WIDTH) data.copyWithin(at, at - S.WIDTH, at);
    data[at + S.T] = t;
    data[at + S.NS] = whole;
    data[at + S.KIND] = kind;
  }

  #addWindow(start: number, end: number, why: Reason, from: number, to: number): void {
    const at = this.windows.add();
    const { data } = this.windows;
    data[at + W.START] = start;
    data[at + W.END] = end;
    data[at + W.KIND] = why.kind;
    data[at + W.CAUSE] = why.cause;
    data[at + W.PAGE] = why.page;
    data[at + W.ACTION] = why.action;
    data[at + W.FROM] = from;
    data[at + W.TO] = to;
  }
}
