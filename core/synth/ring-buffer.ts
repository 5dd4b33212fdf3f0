/** One CPU's ring buffer as pages (kernel/trace/ring_buffer.c): events with time deltas, time extends, marks of lost events. */

export const PAGE_BYTES = 4096;
const HEAD = 16;
/** The count of lost events needs room after the data. */
const USABLE = PAGE_BYTES - HEAD - 8;
const MAX_DELTA = 2 ** 27;
const TIME_EXTEND = 30;
const MISSED_EVENTS = 2 ** 31;
const MISSED_STORED = 2 ** 30;

/** Pages kept in one piece. */
const CHUNK_PAGES = 64;

/** Events that the tracer lost. */
export interface Loss {
  readonly cpu: number;
  /** ns of the first and the last event lost. */
  readonly from: number;
  readonly to: number;
  readonly events: number;
}

export class RingBuffer {
  readonly cpu: number;
  /** ns: the next page to begin after the first of these is lost. */
  readonly #losses: number[];
  readonly lost: Loss[] = [];
  readonly #chunks: Uint8Array[] = [];
  #pages = 0;
  #page = new Uint8Array(PAGE_BYTES);
  #view = new DataView(this.#page.buffer);
  #used = 0;
  #first = 0;
  #last = 0;
  #inPage = 0;
  #missed = 0;
  events = 0;

  constructor(cpu: number, losses: readonly number[] = []) {
    this.cpu = cpu;
    this.#losses = [...losses].sort((a, b) => a - b);
  }

  /** Appends an event at `t`, not before the last one; its payload's length is a multiple of 4, at most 112. */
  add(t: number, payload: Uint8Array): void {
    const needed = 4 + payload.length + (t - this.#last >= MAX_DELTA ? 8 : 0);
    if (this.#inPage > 0 && this.#used + needed > USABLE) this.#close();
    if (this.#inPage === 0) {
      this.#first = t;
      this.#last = t;
      this.#setTime(t);
    }
    let delta = t - this.#last;
    if (delta >= MAX_DELTA) {
      this.#u32((delta % MAX_DELTA) * 32 + TIME_EXTEND);
      this.#u32(Math.floor(delta / MAX_DELTA));
      delta = 0;
    }
    this.#u32(delta * 32 + payload.length / 4);
    this.#page.set(payload, HEAD + this.#used);
    this.#used += payload.length;
    this.#last = t;
    this.#inPage++;
    this.events++;
  }

  #u32(value: number): void {
    this.#view.setUint32(HEAD + this.#used, value, true);
    this.#used += 4;
  }

  #setTime(t: number): void {
    this.#view.setUint32(0, t, true);
    this.#view.setUint32(4, Math.floor(t / 2 ** 32), true);
  }

  #close(): void {
    // The first page is never lost: nothing before it would show the loss.
    if (this.#pages > 0 && this.#losses.length && this.#losses[0] <= this.#first) {
      this.#losses.shift();
      this.lost.push({ cpu: this.cpu, from: this.#first, to: this.#last, events: this.#inPage });
      this.#missed += this.#inPage;
    } else {
      const flags = this.#missed ? MISSED_EVENTS + MISSED_STORED : 0;
      this.#view.setUint32(8, this.#used + flags, true);
      if (this.#missed) this.#view.setUint32(HEAD + this.#used, this.#missed, true);
      this.#missed = 0;
      const slot = this.#pages % CHUNK_PAGES;
      if (slot === 0) this.#chunks.push(new Uint8Array(CHUNK_PAGES * PAGE_BYTES));
      this.#chunks[this.#chunks.length - 1].set(this.#page, slot * PAGE_BYTES);
      this.#pages++;
    }
    this.#page.fill(0);
    this.#used = 0;
    this.#inPage = 0;
  }

  /** All pages, in pieces of some 256 KiB. Call once, when everything has been added. */
  finish(): Uint8Array[] {
    // The last page stays: a loss at the very end leaves no mark.
    this.#losses.length = 0;
    if (this.#inPage > 0) this.#close();
    const rest = this.#pages % CHUNK_PAGES;
    return this.#chunks.map((c, i) => (rest && i === this.#chunks.length - 1 ? c.subarray(0, rest * PAGE_BYTES) : c));
  }
}
