/** Time-ordered samples into trace columns: thread names as of that moment, losses before the event. */
import type { TraceColumns, TraceDictionary } from '../event-format/columns.ts';
import type { Warnings } from '../problems.ts';
import { halves } from '../spe/columns.ts';
import { text } from './cursor.ts';
import { COMMS, MAX_BATCH_PAYLOAD } from './limits.ts';
import type { Held } from './time-order.ts';

/** What an entry held by the sort is. Its bytes: raw data; the name; the parent's tid; the count of lost records. */
export const EntryKind = { SAMPLE: 0, COMM: 1, FORK: 2, LOST: 3 } as const;

/** Tid of a sample that doesn't give one: its raw data does. */
export const NO_TID = -0x80000000;

/** lostBefore of a gap whose events were not counted; here: more than fit. */
const LOST_MANY = 0xfffffffe;

export class TraceWriter {
  readonly #dictionary: TraceDictionary;
  readonly #columns: TraceColumns;
  readonly #onBatch: (columns: TraceColumns) => void;
  readonly #warnings: Warnings;
  /** Halves of the columns' times. */
  #time: Uint32Array;
  /** Index of an event's description by its id; -1 unknown so far. */
  readonly #eventOf = new Int32Array(65536).fill(-1);
  readonly #commOf = new Map<number, number>();
  readonly #commIndex = new Map<string, number>();
  readonly #pidAt: number;
  /** Records lost on a CPU since its last event. */
  readonly #lost = new Map<number, number>();
  #used = 0;

  /** `comms`: names of threads as saved in the tracing data, for those that no COMM record names. */
  constructor(
    dictionary: TraceDictionary,
    comms: ReadonlyMap<number, string>,
    columns: TraceColumns,
    onBatch: (columns: TraceColumns) => void,
    warnings: Warnings,
  ) {
    this.#dictionary = dictionary;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#warnings = warnings;
    this.#time = halves(columns.t);
    dictionary.formats.forEach((format, i) => {
      if (this.#eventOf[format.id] < 0) this.#eventOf[format.id] = i;
    });
    dictionary.comms.forEach((comm, i) => this.#commIndex.set(comm, i));
    this.#pidAt = dictionary.formats[0]?.fields.find((f) => f.name === 'common_pid')?.offset ?? 4;
    for (const [tid, comm] of comms) this.#rename(tid, comm);
    columns.n = 0;
    columns.start[0] = 0;
  }

  /** Takes one entry. `late`: it came too late to be sorted in, and gets the time of the one before it. */
  write(held: Held, i: number, late: boolean): void {
    const at = held.start[i];
    const end = at + held.length[i];
    switch (held.kind[i]) {
      case EntryKind.COMM:
        return this.#rename(held.tid[i], text(held.bytes, at, end));
      case EntryKind.FORK: {
        const parent = this.#commOf.get(int32(held.bytes, at));
        if (parent !== undefined && this.#commOf.size < COMMS) this.#commOf.set(held.tid[i], parent);
        return;
      }
      case EntryKind.LOST: {
        const count = (int32(held.bytes, at) >>> 0) + int32(held.bytes, at + 4) * 2 ** 32;
        this.#lost.set(held.cpu[i], Math.min((this.#lost.get(held.cpu[i]) ?? 0) + count, LOST_MANY));
        return;
      }
    }
    if (late) {
      const message = 'samples too late to be sorted in (no rounds in the file): put where they came';
      this.#warnings.add('undecoded', 'perf-late-sample', message);
    }
    this.#event(held, i);
  }

  flush(): void {
    const columns = this.#columns;
    if (columns.n) this.#onBatch(columns);
    this.#time = halves(columns.t);
    columns.n = 0;
    this.#used = 0;
  }

  #event(held: Held, h: number): void {
    const columns = this.#columns;
    const at = held.start[h];
    const size = held.length[h];
    const { bytes } = held;
    if (columns.n === columns.capacity || (columns.n && this.#used + size > MAX_BATCH_PAYLOAD)) this.flush();
    const i = columns.n;
    this.#time[2 * i] = held.lo[h];
    this.#time[2 * i + 1] = held.hi[h];
    const cpu = held.cpu[h];
    columns.cpu[i] = cpu;
    columns.buffer[i] = 0;
    const id = bytes[at] | (bytes[at + 1] << 8);
    const event = this.#eventOf[id];
    columns.event[i] = event < 0 ? this.#unknown(id) : event;
    let tid = held.tid[h];
    if (tid === NO_TID) tid = this.#pidAt + 4 <= size ? int32(bytes, at + this.#pidAt) : 0;
    columns.tid[i] = tid;
    columns.comm[i] = this.#commAt(tid);
    columns.lostBefore[i] = this.#lost.size ? this.#takeLost(cpu) : 0;
    if (this.#used + size > columns.payload.length) this.#grow(this.#used + size);
    const { payload } = columns;
    let to = this.#used;
    for (let b = at; b < at + size; b++) payload[to++] = bytes[b];
    this.#used = to;
    columns.start[i + 1] = to;
    columns.n = i + 1;
  }

  #takeLost(cpu: number): number {
    const lost = this.#lost.get(cpu) ?? 0;
    this.#lost.delete(cpu);
    return lost;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#columns.payload.length * 2));
    larger.set(this.#columns.payload.subarray(0, this.#used));
    this.#columns.payload = larger;
  }

  /** As trace-cmd names threads it has no name for. */
  #commAt(tid: number): number {
    if (tid === 0) return this.#indexOf('<idle>');
    return this.#commOf.get(tid) ?? this.#indexOf('<...>');
  }

  #rename(tid: number, comm: string): void {
    if (this.#commOf.has(tid) || this.#commOf.size < COMMS) this.#commOf.set(tid, this.#indexOf(comm));
  }

  #indexOf(comm: string): number {
    const known = this.#commIndex.get(comm);
    if (known !== undefined) return known;
    const { comms } = this.#dictionary;
    const index = comms.push(comm) - 1;
    this.#commIndex.set(comm, index);
    return index;
  }

  #unknown(id: number): number {
    const format = { id, system: '', name: `unknown-${id}`, fields: [], printFormat: '', text: '' };
    const index = this.#dictionary.formats.push(format) - 1;
    this.#eventOf[id] = index;
    const message = 'kinds of events that the file has no description of';
    this.#warnings.add('undecoded', 'trace-unknown-event', message);
    return index;
  }
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
