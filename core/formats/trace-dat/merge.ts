/** The CPUs' events as one stream of columns, in the order of trace-cmd report. */
import type { TraceColumns, TraceDictionary } from '../event-format/columns.ts';
import type { EventFormat } from '../event-format/format.ts';
import type { Warnings } from '../problems.ts';
import { halves } from '../spe/columns.ts';
import type { CpuEvents } from './cpu-events.ts';
import { LOST_UNKNOWN } from './cpu-events.ts';
import { MAX_BATCH_PAYLOAD } from './limits.ts';

export interface MergeContext {
  readonly dictionary: TraceDictionary;
  /** Thread names by pid, as saved in the file. */
  readonly comms: ReadonlyMap<number, string>;
  /** Time stamps are ns: losses can be placed in time. */
  readonly isTime: boolean;
  readonly warnings: Warnings;
}

/** Reads all events. `cpus` in the order in which trace-cmd looks at them: that breaks ties. */
export function mergeCpus(
  cpus: CpuEvents[],
  context: MergeContext,
  columns: TraceColumns,
  onBatch: (columns: TraceColumns) => void,
): void {
  const live = cpus.filter((cpu) => cpu.advance());
  const writer = new ColumnWriter(context, columns, onBatch);
  while (live.length) {
    let first = 0;
    let second = -1;
    for (let i = 1; i < live.length; i++) {
      if (isBefore(live[i], live[first])) {
        second = first;
        first = i;
      } else if (second < 0 || isBefore(live[i], live[second])) {
        second = i;
      }
    }
    const cpu = live[first];
    const rival = second < 0 ? undefined : live[second];
    // The rival wins ties if it comes first.
    const yields = second < first ? 1 : 0;
    let more: boolean;
    do {
      writer.write(cpu);
      more = cpu.advance();
    } while (more && (!rival || leads(cpu, rival, yields)));
    if (!more) live.splice(first, 1);
  }
  writer.flush();
}

function isBefore(a: CpuEvents, b: CpuEvents): boolean {
  return a.timeHi < b.timeHi || (a.timeHi === b.timeHi && a.timeLo < b.timeLo);
}

function leads(a: CpuEvents, b: CpuEvents, yields: number): boolean {
  if (a.timeHi !== b.timeHi) return a.timeHi < b.timeHi;
  return a.timeLo + yields <= b.timeLo;
}

class ColumnWriter {
  readonly #context: MergeContext;
  readonly #columns: TraceColumns;
  readonly #onBatch: (columns: TraceColumns) => void;
  /** Of the columns, in halves and in words. */
  #time: Uint32Array;
  #words: Uint32Array;
  #used = 0;
  /** Index of an event's description by its id; -1 unknown so far. */
  readonly #eventOf = new Int32Array(65536).fill(-1);
  readonly #commOf = new Map<number, number>();
  /** Of the latest event. */
  #pid = NaN;
  #comm = 0;
  readonly #commIndex = new Map<string, number>();
  readonly #pidAt: number;

  constructor(context: MergeContext, columns: TraceColumns, onBatch: (columns: TraceColumns) => void) {
    this.#context = context;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#time = halves(columns.t);
    this.#words = this.#payloadWords();
    const { formats, comms } = context.dictionary;
    formats.forEach((format, i) => {
      if (this.#eventOf[format.id] < 0) this.#eventOf[format.id] = i;
    });
    comms.forEach((comm, i) => this.#commIndex.set(comm, i));
    // As in libtraceevent, the common fields lie where the first description has them.
    this.#pidAt = formats[0]?.fields.find((f) => f.name === 'common_pid')?.offset ?? 4;
    columns.n = 0;
    columns.start[0] = 0;
  }

  write(cpu: CpuEvents): void {
    const columns = this.#columns;
    const { at, size } = cpu;
    if (columns.n === columns.capacity || (this.#used > 0 && this.#used + size > MAX_BATCH_PAYLOAD)) this.flush();
    const i = columns.n;
    const { bytes, words } = cpu.pages;
    this.#time[2 * i] = cpu.timeLo;
    this.#time[2 * i + 1] = cpu.timeHi;
    columns.cpu[i] = cpu.cpu;
    columns.buffer[i] = cpu.buffer;
    const id = bytes[at] | (bytes[at + 1] << 8);
    const event = this.#eventOf[id];
    columns.event[i] = event < 0 ? this.#unknownEvent(id, cpu) : event;
    const pidAt = this.#pidAt;
    const p = at + pidAt;
    const pid = pidAt + 4 <= size ? bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24) : 0;
    columns.tid[i] = pid;
    if (pid !== this.#pid) {
      this.#pid = pid;
      this.#comm = this.#commOf.get(pid) ?? this.#newComm(pid);
    }
    columns.comm[i] = this.#comm;
    columns.lostBefore[i] = cpu.lost;
    if (cpu.lost) this.#noteLoss(cpu);
    if (this.#used + size > columns.payload.length) this.#grow(this.#used + size);
    const target = this.#words;
    let to = this.#used >>> 2;
    const from = at >>> 2;
    const end = from + (size >>> 2);
    for (let w = from; w < end; w++) target[to++] = words[w];
    this.#used += size;
    columns.start[i + 1] = this.#used;
    columns.n = i + 1;
  }

  flush(): void {
    const columns = this.#columns;
    if (columns.n === 0) return;
    this.#onBatch(columns);
    this.#time = halves(columns.t);
    this.#words = this.#payloadWords();
    columns.n = 0;
    this.#used = 0;
  }

  #grow(needed: number): void {
    const old = this.#columns.payload;
    this.#columns.payload = new Uint8Array((Math.max(needed, old.length * 2) + 7) & ~7);
    this.#columns.payload.set(old.subarray(0, this.#used));
    this.#words = this.#payloadWords();
  }

  #payloadWords(): Uint32Array {
    const { payload } = this.#columns;
    if (payload.byteOffset % 4 !== 0) this.#columns.payload = new Uint8Array(payload.length);
    const { buffer, byteOffset, length } = this.#columns.payload;
    return new Uint32Array(buffer, byteOffset, length >>> 2);
  }

  /** tep_data_comm_from_pid. */
  #newComm(pid: number): number {
    const comm = pid === 0 ? '<idle>' : (this.#context.comms.get(pid) ?? '<...>');
    const { comms } = this.#context.dictionary;
    let index = this.#commIndex.get(comm);
    if (index === undefined) {
      index = comms.push(comm) - 1;
      this.#commIndex.set(comm, index);
    }
    // Damaged records hold any pid: don't remember them all.
    if (this.#commOf.size < 1 << 20) this.#commOf.set(pid, index);
    return index;
  }

  #unknownEvent(id: number, cpu: CpuEvents): number {
    const format: EventFormat = { id, system: '', name: `unknown-${id}`, fields: [], printFormat: '', text: '' };
    const index = this.#context.dictionary.formats.push(format) - 1;
    this.#eventOf[id] = index;
    this.#context.warnings.add(
      'undecoded',
      'trace-unknown-event',
      'kinds of events that the file has no description of',
      { offset: cpu.pages.fileOffset },
    );
    return index;
  }

  #noteLoss(cpu: CpuEvents): void {
    const { warnings, isTime } = this.#context;
    const t1 = (BigInt(cpu.timeHi) << 32n) | BigInt(cpu.timeLo);
    const place = { offset: cpu.pages.fileOffset, ...(isTime && { t0: cpu.lostSince || t1, t1 }) };
    if (cpu.lost === LOST_UNKNOWN) {
      const message = 'gaps in which the tracer lost events, it is not known how many';
      warnings.add('data-loss', 'trace-lost-uncounted', message, place);
    } else {
      warnings.add('data-loss', 'trace-lost-events', 'events that the tracer lost', { ...place, count: cpu.lost });
    }
  }
}
