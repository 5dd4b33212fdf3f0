/** Events kept for another reading in a third of the memory: some 8 bytes each. */
import type { KvmEvents } from './kvm-events.ts';

export interface PackedEvents {
  readonly n: number;
  /** A bit for each kind present. */
  readonly kinds: number;
  /** ns since the event before (the first: since 0) from 0 to 65534; 65535 means the next one of `long`. */
  readonly step: Uint16Array;
  readonly long: Float64Array;
  readonly tid: Uint16Array | Int32Array;
  readonly cpu: Uint8Array | Uint16Array;
  readonly kind: Uint8Array;
  /** Words up to 254; 255 means the next one of `wide`. */
  readonly word: Uint8Array;
  readonly wide: Uint32Array;
  /** Events with a row, in order: event k has row k + 1. */
  readonly rowed: Uint32Array;
  readonly page: Float64Array;
  readonly end: Float64Array;
  readonly other: Float64Array;
  readonly flags: Uint8Array;
}

/** What it takes to know who ran when. */
export type PackedRuns = Pick<PackedEvents, 'n' | 'step' | 'long' | 'tid' | 'cpu' | 'kind'>;

const WIDE = 0xff;
const LONG = 0xffff;

/** Its size in bytes. */
export function packedBytes(packed: PackedEvents): number {
  return Object.values(packed).reduce(
    (sum: number, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0),
    0,
  );
}

/** @param shared whether another thread reads `PackedRuns`, too */
export function packEvents(events: KvmEvents, shared = false): PackedEvents {
  const { n, rows } = events;
  const memory = (bytes: number) => (shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const step = new Uint16Array(memory(2 * n));
  const word = new Uint8Array(n);
  const rowed = new Uint32Array(rows.n - 1);
  const [long, wide]: [number[], number[]] = [[], []];
  let [tids, cpus, kinds] = [0, 0, 0];
  {
    // One loop: each would have to warm up by itself, which takes as long as a million events.
    const { t, tid, cpu, kind, word: words, row } = events;
    let last = 0;
    for (let i = 0; i < n; i++) {
      const ns = t[i] - last;
      last = t[i];
      if (ns >= 0 && ns < LONG) step[i] = ns;
      else {
        step[i] = LONG;
        long.push(ns);
      }
      const w = words[i];
      if (w < WIDE) word[i] = w;
      else {
        word[i] = WIDE;
        wide.push(w);
      }
      if (row[i]) rowed[row[i] - 1] = i;
      tids |= tid[i];
      cpus |= cpu[i];
      kinds |= 1 << kind[i];
    }
  }
  const tid = tids >>> 0 <= 0xffff ? new Uint16Array(memory(2 * n)) : new Int32Array(memory(4 * n));
  const cpu = cpus <= 0xff ? new Uint8Array(memory(n)) : new Uint16Array(memory(2 * n));
  const kind = new Uint8Array(memory(n));
  for (const [to, from] of [
    [tid, events.tid],
    [cpu, events.cpu],
    [kind, events.kind],
  ] as const)
    to.set(from.subarray(0, n));
  return {
    ...{ n, kinds, step, long: Float64Array.from(long), word, wide: Uint32Array.from(wide), rowed, tid, cpu, kind },
    page: rows.page.slice(1, rows.n),
    end: rows.end.slice(1, rows.n),
    other: rows.other.slice(1, rows.n),
    flags: rows.flags.slice(1, rows.n),
  };
}

/** A bit for each kind present, from an event on. */
export function kindsOf({ n, kind }: Pick<KvmEvents, 'n' | 'kind'>, from = 0): number {
  let kinds = 0;
  for (let i = from; i < n; i++) kinds |= 1 << kind[i];
  return kinds;
}

/** Their times, into `t`: ns, as those of the events. */
export function unpackTimes({ n, step, long }: PackedRuns, t: Float64Array): void {
  for (let i = 0, last = 0, k = 0; i < n; i++) t[i] = last += step[i] < LONG ? step[i] : long[k++];
}

/** Unpacks into events that are refilled. */
export function unpackEvents(packed: PackedEvents, into: KvmEvents): void {
  const { n, wide, rowed } = packed;
  into.clear();
  into.reserve(n);
  into.n = n;
  const { word, row, rows } = into;
  unpackTimes(packed, into.t);
  into.tid.set(packed.tid);
  into.cpu.set(packed.cpu);
  into.kind.set(packed.kind);
  word.set(packed.word);
  for (let i = 0, k = 0; k < wide.length; i++) if (word[i] === WIDE) word[i] = wide[k++];
  row.fill(0, 0, n);
  for (let k = 0; k < rowed.length; k++) {
    const own = (row[rowed[k]] = rows.add());
    rows.page[own] = packed.page[k];
    rows.end[own] = packed.end[k];
    rows.other[own] = packed.other[k];
    rows.flags[own] = packed.flags[k];
  }
}
