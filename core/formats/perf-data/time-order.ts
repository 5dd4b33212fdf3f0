/**
 * Entries sorted by time in bounded memory. perf.data is in rounds: `perf record` empties one CPU's ring buffer after the other, then
 * writes FINISHED_ROUND; what comes later in the file is no older than the end of the previous round (tools/perf/util/ordered-events.c).
 */
import { HELD_BYTES, HELD_ENTRIES } from './limits.ts';

/** Entries as columns, and their bytes back to back. */
export class Held {
  n = 0;
  used = 0;
  /** ns, halves. */
  lo = new Uint32Array(1024);
  hi = new Uint32Array(1024);
  /** What the entry is, as its owner defines. */
  kind = new Int32Array(1024);
  cpu = new Int32Array(1024);
  tid = new Int32Array(1024);
  /** Of its bytes. */
  start = new Uint32Array(1024);
  length = new Uint32Array(1024);
  bytes = new Uint8Array(1 << 16);

  /** Copies `length` bytes from `from`. */
  add(
    lo: number,
    hi: number,
    kind: number,
    cpu: number,
    tid: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): void {
    const i = this.n++;
    if (i === this.lo.length) this.#grow();
    if (this.used + length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + length));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    this.lo[i] = lo;
    this.hi[i] = hi;
    this.kind[i] = kind;
    this.cpu[i] = cpu;
    this.tid[i] = tid;
    this.start[i] = this.used;
    this.length[i] = length;
    const { bytes, used } = this;
    for (let b = 0; b < length; b++) bytes[used + b] = from[at + b];
    this.used = used + length;
  }

  clear(): void {
    this.n = this.used = 0;
  }

  #grow(): void {
    const double = <T extends Uint32Array | Int32Array>(old: T): T => {
      const larger = new (old.constructor as new (length: number) => T)(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.lo = double(this.lo);
    this.hi = double(this.hi);
    this.kind = double(this.kind);
    this.cpu = double(this.cpu);
    this.tid = double(this.tid);
    this.start = double(this.start);
    this.length = double(this.length);
  }
}

/** Hands entries on in time order, those of equal time in order of arrival. */
export class TimeOrder {
  #held = new Held();
  #spare = new Held();
  readonly #emit: (held: Held, i: number, late: boolean) => void;
  // Newest time so far, and as it was at the end of the previous round.
  #newestLo = 0;
  #newestHi = 0;
  #roundLo = 0;
  #roundHi = 0;
  // Last time handed on.
  #doneLo = 0;
  #doneHi = 0;

  /** `emit`: entry `i` is next; `late`: older than one already handed on. */
  constructor(emit: (held: Held, i: number, late: boolean) => void) {
    this.#emit = emit;
  }

  add(
    lo: number,
    hi: number,
    kind: number,
    cpu: number,
    tid: number,
    from: Uint8Array,
    at: number,
    length: number,
  ): void {
    const held = this.#held;
    if (held.n >= HELD_ENTRIES || held.used + length > HELD_BYTES) this.#half();
    this.#held.add(lo, hi, kind, cpu, tid, from, at, length);
    if (hi > this.#newestHi || (hi === this.#newestHi && lo > this.#newestLo)) {
      this.#newestLo = lo;
      this.#newestHi = hi;
    }
  }

  /** FINISHED_ROUND. */
  round(): void {
    this.#flush(this.#roundLo, this.#roundHi);
    this.#roundLo = this.#newestLo;
    this.#roundHi = this.#newestHi;
  }

  finish(): void {
    this.#flush(0xffffffff, 0xffffffff);
  }

  /** No room, and no round in sight: the older half goes. */
  #half(): void {
    const order = sortByTime(this.#held);
    const middle = order[order.length >>> 1];
    this.#flush(this.#held.lo[middle], this.#held.hi[middle], order);
  }

  /** Hands on everything up to a time; keeps the rest. */
  #flush(lo: number, hi: number, order = sortByTime(this.#held)): void {
    const held = this.#held;
    const rest = this.#spare;
    for (const i of order) {
      if (held.hi[i] > hi || (held.hi[i] === hi && held.lo[i] > lo)) {
        rest.add(
          ...([held.lo[i], held.hi[i], held.kind[i], held.cpu[i], held.tid[i]] as const),
          held.bytes,
          held.start[i],
          held.length[i],
        );
        continue;
      }
      const late = held.hi[i] < this.#doneHi || (held.hi[i] === this.#doneHi && held.lo[i] < this.#doneLo);
      if (late) {
        held.lo[i] = this.#doneLo;
        held.hi[i] = this.#doneHi;
      }
      this.#doneLo = held.lo[i];
      this.#doneHi = held.hi[i];
      this.#emit(held, i, late);
    }
    held.clear();
    this.#held = rest;
    this.#spare = held;
  }
}

/** A natural merge sort: a round is a few ascending runs, one per CPU. */
function sortByTime({ n, lo, hi }: Held): Uint32Array {
  let from = Uint32Array.from({ length: n }, (_, i) => i);
  const after = (a: number, b: number): boolean => hi[a] > hi[b] || (hi[a] === hi[b] && lo[a] > lo[b]);
  let runs: number[] = [0];
  for (let i = 1; i < n; i++) if (after(i - 1, i)) runs.push(i);
  let to = new Uint32Array(n);
  while (runs.length > 1) {
    const merged: number[] = [];
    for (let r = 0; r < runs.length; r += 2) {
      const middle = runs[r + 1] ?? n;
      const end = runs[r + 2] ?? n;
      let a = runs[r];
      let b = middle;
      merged.push(a);
      for (let k = a; k < end; k++) to[k] = b < end && (a >= middle || after(from[a], from[b])) ? from[b++] : from[a++];
    }
    [from, to] = [to, from];
    runs = merged;
  }
  return from;
}
