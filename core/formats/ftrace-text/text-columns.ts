/** Lines of trace text into columns: events, the lines that belong to them, and marks of lost events. */
import { utf8Text } from '../event-format/text-bytes.ts';
import type { TraceColumns, TraceDictionary } from '../event-format/columns.ts';
import { halves } from '../spe/columns.ts';
import type { TraceBuffer } from '../event-format/trace-file.ts';
import { BLOCK_BYTES } from '../memory-map.ts';
import { quotedLine } from '../foreign.ts';
import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { CutEvents } from './cut-events.ts';
import type { EventLine } from './event-line.ts';
import { LeapWatch, warnOfLeap, warnOfRelativeTimes } from '../time-leaps.ts';
import type { Line } from './line.ts';
import type { TakeRuns } from './lines.ts';
import type { PlainEvents } from './plain-event.ts';
import type { PlainLines } from './plain-lines.ts';
import { forEachSortedLine } from './sorted-lines.ts';
import { taskName } from './task-name.ts';
import type { EachLine } from './unwrap.ts';

/** `CPU:1 [LOST 12 EVENTS]` (ftrace), `CPU:1 [12 EVENTS DROPPED]` (trace-cmd); both may leave the count out. */
const LOST = /^.{0,80}?CPU:(\d{1,5}) \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]/;
/** Lines that say nothing about events. */
const REMARK = /^(?:#|\s*$|CPU \d+ is empty|\s*cpus=\d+$|version = )/;
/** A stack's frames, and the rest of a text with newlines. */
const FRAME = /^\s*=> ?/;

const LOST_UNKNOWN = 0xffffffff;
/** Distinct names per file: more is not a trace. */
const MAX_NAMES = 65535;
const MAX_BATCH_PAYLOAD = 32 << 20;
/** Bytes of one event's text, lines that belong to it included. */
const MAX_TEXT = 1 << 20;
/** Buffers per file (`buffer` is a byte). */
const MAX_BUFFERS = 255;

export interface TextKind {
  /** Undefined for lines that hold no event. */
  readonly parse: (line: string) => EventLine | undefined;
  /** Reads most lines by their bytes. */
  readonly plain?: PlainEvents;
  /** Reads most of those many at a time. */
  readonly lines?: PlainLines;
  readonly nanoseconds: boolean;
  readonly order: TextOrder;
}

/** `file`: events as they come; `checked`: one earlier than the one above ends the reading with OutOfOrder; `sorted`: by time. */
export type TextOrder = 'file' | 'checked' | 'sorted';

/** A text's events aren't in time order. */
export class OutOfOrder extends Error {
  override readonly name = 'OutOfOrder';
}

export class TextColumns {
  readonly #dictionary: TraceDictionary;
  readonly #buffers: TraceBuffer[];
  readonly #parse: TextKind['parse'];
  readonly #plain: PlainEvents | undefined;
  readonly #lines: PlainLines | undefined;
  readonly #isTime: boolean;
  readonly #checked: boolean;
  // The latest event's time, in halves.
  #high = 0;
  #low = 0;
  #any = false;
  readonly #leaps = new LeapWatch();
  readonly #cut = new CutEvents();
  readonly #columns: TraceColumns;
  /** Halves of the columns' times. */
  #times: Uint32Array;
  readonly #onBatch: (columns: TraceColumns) => void;
  readonly #warnings: Warnings;
  readonly #events = new Map<string, number>();
  readonly #comms = new Map<string, number>();
  /** Losses by CPU, noted before the event they precede. */
  readonly #lost = new Map<number, number>();
  #used = 0;
  /** The first line that was neither an event nor a remark. */
  #strange: Pick<Line, 'number' | 'text'> | undefined;
  /** The last event may still get lines. */
  #open = false;

  constructor(
    dictionary: TraceDictionary,
    kind: TextKind,
    buffers: TraceBuffer[],
    columns: TraceColumns,
    onBatch: (columns: TraceColumns) => void,
    warnings: Warnings,
  ) {
    this.#dictionary = dictionary;
    this.#buffers = buffers;
    this.#parse = kind.parse;
    this.#plain = kind.plain;
    this.#lines = kind.lines;
    this.#times = halves(columns.t);
    this.#isTime = kind.nanoseconds;
    this.#checked = kind.order === 'checked';
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#warnings = warnings;
    dictionary.formats.forEach((format, i) => this.#events.set(format.name, i));
    dictionary.comms.forEach((comm, i) => this.#comms.set(comm, i));
    columns.n = 0;
    columns.start[0] = 0;
  }

  /** Reads a whole text. @throws OutOfOrder, InputError as `order` says */
  read(source: ByteSource, order: TextOrder, eachLine: EachLine, onLine = (line: Line) => this.take(line)): void {
    if (order === 'sorted') {
      forEachSortedLine(source, this.#warnings, eachLine, this.#parse, onLine);
    } else {
      eachLine(
        source,
        this.#warnings,
        (line) => {
          onLine(line);
          return true;
        },
        this.#plain && ((...at) => this.#takePlain(...at)),
        this.#lines && this.#runs(this.#lines),
      );
    }
    this.finish();
  }

  /** Why nothing was read, if lines were there; undefined for a text of remarks alone. */
  get reason(): string | undefined {
    if (this.#any || !this.#strange) return undefined;
    const { number, text } = this.#strange;
    return `no line of it is an event (\`comm-pid [cpu] … time: event: …\`): line ${number} is ${quotedLine(text)}`;
  }

  take(line: Line): void {
    const { text } = line;
    const event = this.#parse(text);
    if (event) this.#add(event, line);
    else if (this.#open && FRAME.test(text)) this.#append(line);
    else if (!REMARK.test(text)) this.#other(line);
  }

  /** Whether a line held an event as nearly all do; if not, it is left to `take`, as the first of its name and thread always is. */
  #takePlain(bytes: Uint8Array, start: number, end: number, offset: number, clean: boolean): boolean {
    const found = this.#plain!.take(bytes, start, end, clean);
    if (!found || !this.#any || this.#lost.size) return false;
    const { event, comm, high, low } = found;
    if (event.index < 0) event.index = this.#events.get(event.name) ?? -1;
    if (comm.index < 0) comm.index = this.#comms.get(comm.name) ?? -1;
    if (event.index < 0 || comm.index < 0) return false;
    const columns = this.#columns;
    if (columns.n === columns.capacity || this.#used > MAX_BATCH_PAYLOAD) this.#flush();
    this.#cut.whole(event.index, offset);
    this.#lines?.learn(start, found);
    this.#follow(high, low, offset);
    const i = columns.n;
    this.#times[2 * i] = low;
    this.#times[2 * i + 1] = high;
    columns.cpu[i] = found.cpu;
    columns.tid[i] = found.pid;
    columns.comm[i] = comm.index;
    columns.event[i] = event.index;
    columns.buffer[i] = 0;
    columns.lostBefore[i] = 0;
    this.#write(bytes, found.textAt, end);
    columns.n = i + 1;
    columns.start[i + 1] = this.#used;
    this.#open = true;
    return true;
  }

  #runs(lines: PlainLines): TakeRuns {
    return {
      open: (block) => lines.open(block),
      take: (start, offset) => {
        // Whatever is the first of its kind is left to others, and so is a batch's end: the last event may get more lines.
        const isPlain = this.#any && !this.#lost.size && this.#used < MAX_BATCH_PAYLOAD - BLOCK_BYTES;
        const count = isPlain ? lines.take(start, this.#columns.capacity - this.#columns.n) : 0;
        if (count) this.#addRun(lines, count, offset);
        return count;
      },
      get next() {
        return lines.next;
      },
    };
  }

  /** Adds lines just taken. `offset`: of their block. */
  #addRun(lines: PlainLines, count: number, offset: number): void {
    const { times, starts, events, ends } = lines;
    for (let i = 0; i < count; i++) {
      const at = offset + starts[i];
      this.#cut.whole(events[i], at);
      this.#follow(times[2 * i + 1], times[2 * i], at);
    }
    const columns = this.#columns;
    const { n } = columns;
    this.#times.set(times.subarray(0, 2 * count), 2 * n);
    columns.cpu.set(lines.cpus.subarray(0, count), n);
    columns.tid.set(lines.tids.subarray(0, count), n);
    columns.comm.set(lines.comms.subarray(0, count), n);
    columns.event.set(events.subarray(0, count), n);
    columns.buffer.fill(0, n, n + count);
    columns.lostBefore.fill(0, n, n + count);
    const used = this.#used;
    this.#reserve(ends[count - 1]);
    columns.payload.set(lines.texts.subarray(0, ends[count - 1]), used);
    for (let i = 0; i < count; i++) columns.start[n + i + 1] = used + ends[i];
    this.#used = columns.start[n + count];
    columns.n = n + count;
    this.#open = true;
  }

  /** Checks a plain event's time, which comes in halves. */
  #follow(high: number, low: number, offset: number): void {
    this.#inOrder(high, low);
    if (this.#isTime && this.#leaps.isFarNumber(high * 2 ** 32 + low)) {
      warnOfLeap(this.#warnings, { offset, t0: (BigInt(high) << 32n) | BigInt(low) });
    }
  }

  #inOrder(high: number, low: number): void {
    if (this.#checked && (high < this.#high || (high === this.#high && low < this.#low)))
      throw new OutOfOrder('the time goes back');
    this.#high = high;
    this.#low = low;
  }

  /** After the last line. */
  finish(): void {
    this.#cut.report(this.#dictionary.formats, this.#warnings);
    if (this.#columns.n) this.#onBatch(this.#columns);
    this.#columns.n = 0;
  }

  #other(line: Line): void {
    const m = LOST.exec(line.text);
    if (!m) {
      this.#strange ??= { number: line.number, text: line.text };
      this.#warnings.add('undecoded', 'text-unread-line', 'lines that are neither events nor remarks: skipped', {
        offset: line.offset,
        bytes: line.end - line.start,
      });
      return;
    }
    const cpu = Number(m[1]);
    const digits = m[2] ?? m[3];
    const count = digits === undefined ? LOST_UNKNOWN : Math.min(Number(digits), LOST_UNKNOWN - 1);
    const before = this.#lost.get(cpu) ?? 0;
    const both = before === LOST_UNKNOWN || count === LOST_UNKNOWN ? LOST_UNKNOWN : before + count;
    this.#lost.set(cpu, Math.min(both, LOST_UNKNOWN));
  }

  #add(event: EventLine, line: Line): void {
    const columns = this.#columns;
    if (columns.n === columns.capacity || this.#used > MAX_BATCH_PAYLOAD) this.#flush();
    const index = this.#eventIndex(event, line);
    if (index === undefined || this.#cut.isCut(index, event, line)) return this.#close();
    this.#inOrder(Number(event.time >> 32n), Number(event.time & 0xffffffffn));
    if (!this.#any && event.isRelative) warnOfRelativeTimes(this.#warnings, 'cleared buffer');
    else if (!this.#any && this.#isTime && event.time === 0n) warnOfRelativeTimes(this.#warnings, 'first sample');
    this.#any = true;
    if (this.#isTime && this.#leaps.isFar(event.time))
      warnOfLeap(this.#warnings, { offset: line.offset, t0: event.time });
    const i = columns.n;
    columns.t[i] = event.time;
    columns.cpu[i] = event.cpu;
    columns.tid[i] = event.pid;
    columns.comm[i] = this.#commIndex(taskName(event.comm, event.width));
    columns.event[i] = index;
    columns.buffer[i] = event.buffer === '' ? 0 : this.#bufferIndex(event.buffer);
    columns.lostBefore[i] = this.#takeLoss(event, line);
    this.#write(line.bytes, line.start + event.textAt, line.end);
    columns.n = i + 1;
    columns.start[i + 1] = this.#used;
    this.#open = true;
  }

  /** What follows belongs to an event that isn't kept. */
  #close(): void {
    this.#open = false;
  }

  #append(line: Line): void {
    const last = this.#columns.start[this.#columns.n - 1];
    if (this.#used - last > MAX_TEXT) return this.#other(line);
    this.#write(Uint8Array.of(10), 0, 1);
    this.#write(line.bytes, line.start, line.end);
    this.#columns.start[this.#columns.n] = this.#used;
  }

  #flush(): void {
    this.#onBatch(this.#columns);
    this.#times = halves(this.#columns.t);
    this.#columns.n = 0;
    this.#used = 0;
    this.#open = false;
  }

  #takeLoss(event: EventLine, line: Line): number {
    if (this.#lost.size === 0) return 0;
    const lost = this.#lost.get(event.cpu);
    if (!lost) return 0;
    this.#lost.delete(event.cpu);
    const place = { offset: line.offset, ...(this.#isTime && { t0: event.time, t1: event.time }) };
    if (lost === LOST_UNKNOWN) {
      const message = 'gaps in which the tracer lost events, it is not known how many';
      this.#warnings.add('data-loss', 'trace-lost-uncounted', message, place);
    } else {
      this.#warnings.add('data-loss', 'trace-lost-events', 'events that the tracer lost', { ...place, count: lost });
    }
    return lost;
  }

  #write(bytes: Uint8Array, start: number, end: number): void {
    const length = Math.max(0, end - start);
    this.#reserve(length);
    const { payload } = this.#columns;
    for (let i = start, to = this.#used; i < end; i++) payload[to++] = bytes[i];
    this.#used += length;
  }

  #reserve(bytes: number): void {
    const columns = this.#columns;
    if (this.#used + bytes <= columns.payload.length) return;
    const grown = new Uint8Array(Math.max(this.#used + bytes, columns.payload.length * 2));
    grown.set(columns.payload.subarray(0, this.#used));
    columns.payload = grown;
  }

  #eventIndex({ event: name, system }: EventLine, line: Line): number | undefined {
    const key = system === undefined ? name : `${system}:${name}`;
    const known = this.#events.get(key);
    if (known !== undefined) return known;
    const { formats } = this.#dictionary;
    if (formats.length >= MAX_NAMES) {
      this.#warnings.add(
        'undecoded',
        'text-too-many-names',
        `more than ${MAX_NAMES} kinds of events: the rest is skipped`,
        {
          offset: line.offset,
        },
      );
      return undefined;
    }
    const id = formats.length;
    formats.push({ id, system: system ?? systemOf(name), name, fields: [], printFormat: '', text: '' });
    this.#events.set(key, id);
    return id;
  }

  #bufferIndex(name: string): number {
    const known = this.#buffers.findIndex((b) => b.name === name);
    if (known >= 0 || this.#buffers.length > MAX_BUFFERS) return Math.max(known, 0);
    return this.#buffers.push({ name, clock: '', cpus: [] }) - 1;
  }

  #commIndex(latin: string): number {
    const known = this.#comms.get(latin);
    if (known !== undefined) return known;
    const index = this.#dictionary.comms.push(utf8Text(latin)) - 1;
    this.#comms.set(latin, index);
    return index;
  }
}

/** Most text doesn't name systems; the model asks for these. */
function systemOf(name: string): string {
  if (name.startsWith('kvm_') || name === 'vgic_update_irq_pending' || name === 'trap_reg') return 'kvm';
  if (/^sys_(?:enter|exit)_/.test(name)) return 'syscalls';
  if (name === 'sys_enter' || name === 'sys_exit') return 'raw_syscalls';
  if (/^(?:print|function|kernel_stack|user_stack|bprint|bputs)$/.test(name)) return 'ftrace';
  return 'text';
}
