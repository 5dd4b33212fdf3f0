/** SPE samples as `perf script` prints them. */
import { utf8Text } from '../event-format/text-bytes.ts';
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import type { Line } from '../ftrace-text/line.ts';
import { forEachSortedLine } from '../ftrace-text/sorted-lines.ts';
import { OutOfOrder } from '../ftrace-text/text-columns.ts';
import type { TextOrder } from '../ftrace-text/text-columns.ts';
import { wholeLines } from '../ftrace-text/unwrap.ts';
import { halves, Has } from '../spe/columns.ts';
import type { SpeColumns } from '../spe/columns.ts';
import { LeapWatch, warnOfLeap, warnOfRelativeTimes } from '../time-leaps.ts';
import { ASSUMED_RECORD_BYTES } from '../spe/text-samples.ts';
import type { OnSamples, TextBinary, TextSamples, TextSymbol } from '../spe/text-samples.ts';
import { parseFields } from './fields.ts';
import type { SampleText } from './fields.ts';
import { Wide } from './layout.ts';
import type { SampleNumbers } from './layout.ts';
import { PlainLines } from './plain-line.ts';
import { eventKind, MEM_STORE, RecordWide, TextRecord } from './records.ts';
import type { EventKind } from './records.ts';
import { baseName, readScriptHead } from './script-head.ts';
import type { ScriptHead } from './script-head.ts';
import { gathered } from './scattered.ts';
import type { ScatteredSample } from './scattered.ts';
import { parseScriptLine } from './script-line.ts';
import type { ScriptLine } from './script-line.ts';
import { reportScript } from './script-report.ts';
import type { ScriptCounts } from './script-report.ts';
import { isSideBand, SideBandText } from './side-band.ts';
import { MAX_NAMES, TextCode } from './text-code.ts';
import type { KnownPlace } from './text-code.ts';

/** Operation classes 1 (load/store, registers not given) and 2 (branch, kind not given). */
const OP_LOAD = 0x110;
const OP_STORE = 0x111;
const OP_BRANCH = 0x200;

const MAX_LATENCY = 0xffff;
/** Samples of one time: more aren't waited for. */
const MAX_HELD = 1 << 16;

const NEWLINE = 10;
const ESCAPE = 27;
const BACKSPACE = 8;

/** Source lines (-F +srcline, +srccode) below a sample; `binary[address]` for those that debug info doesn't tell. */
const SOURCE_LINE = /^\s+(?:\S.*:\d+|\|\d+\s.*|\S.*\[[0-9a-f]+\]|\[unknown\])\s*$/;
const FRAME = /^\s+[0-9a-f]{1,16}(?:\s|$)/;
/** What frames follow: a sample's event, or a frame. */
const ABOVE_FRAME = /:\s*$|^\s+[0-9a-f]{1,16}(?:\s|$)/;

function isBelow(text: string, above: string): boolean {
  return SOURCE_LINE.test(text) || (FRAME.test(text) && ABOVE_FRAME.test(above));
}

/**
 * Opens a text that holds SPE samples; lines that aren't samples are counted in `warnings` while it is read.
 * @throws InputError if its columns can't make records: see readScriptHead; reading throws as `order` says: see TextOrder
 */
export function openSpeScript(source: ByteSource, warnings: Warnings, order: TextOrder = 'file'): TextSamples {
  const isWhole = (text: string) => isSideBand(text) || parseScriptLine(text) !== undefined;
  const eachLine = wholeLines(source, isWhole, isBelow);
  const head = readScriptHead(source, eachLine);
  const binaries: TextBinary[] = [];
  const symbols: TextSymbol[] = [];
  const comms = new Map<number, string>();
  const { has } = head.layout;
  return {
    facts: {
      format: 'perf script',
      textEvents: [...head.events],
      /** What a comparison with another capture may rest on. */
      told: { latency: has.weight, thread: head.hasTid, binary: has.binary },
    },
    binaries,
    symbols,
    comms,
    read(columns, onBatch) {
      const names = { binaries, symbols, comms };
      const reader = new SpeScript(head, names, columns, onBatch, warnings, order, unendedAt(source));
      if (order === 'sorted') {
        const eventOf = (text: string) => (isSideBand(text) ? undefined : parseScriptLine(text));
        forEachSortedLine(source, warnings, eachLine, eventOf, (line) => reader.take(line));
        return reader.finish();
      }
      eachLine(
        source,
        warnings,
        (line) => {
          reader.take(line);
          return true;
        },
        (bytes, start, end, offset, clean) =>
          (clean || isAsItWas(bytes, start, end)) && reader.takePlain(bytes, start, end, offset),
      );
      reader.finish();
    },
  };
}

interface Names {
  readonly binaries: TextBinary[];
  readonly symbols: TextSymbol[];
  readonly comms: Map<number, string>;
}

class SpeScript {
  readonly #head: ScriptHead;
  readonly #names: Names;
  readonly #columns: SpeColumns;
  readonly #onBatch: OnSamples;
  readonly #warnings: Warnings;
  readonly #map: Int32Array;
  readonly #columns64: Columns64;
  readonly #band = new SideBandText();
  readonly #code: TextCode;
  readonly #plain: PlainLines | undefined;
  readonly #record = new TextRecord();
  /** The record isn't written yet. */
  #open = false;
  /** The record's first address comes with the first frame of its call chain. */
  #awaitsFrame = false;
  #inChain = false;
  readonly #counts: ScriptCounts = { records: 0, merged: 0, unclear: 0, withoutPc: 0, withoutTid: 0 };

  /** Samples of the same time that are yet to be gathered into records. */
  readonly #held: ScatteredSample[] = [];
  readonly #scattered: boolean;
  readonly #unendedAt: number;

  readonly #leaps = new LeapWatch();
  readonly #latest: Map<number, LaneTime> | undefined;
  #lane: LaneTime = { lane: NaN, high: 0, low: 0 };
  #tid = -1;
  #comm = '';
  readonly #kinds = new Map<string, EventKind>();

  /** @param order `checked`: a record earlier than the one above, of the same CPU (thread, if no CPU is given), ends the reading with OutOfOrder */
  constructor(
    head: ScriptHead,
    names: Names,
    columns: SpeColumns,
    onBatch: OnSamples,
    warnings: Warnings,
    order: TextOrder,
    unendedAt: number,
  ) {
    this.#latest = order === 'checked' ? new Map() : undefined;
    this.#scattered = head.scattered || (order === 'sorted' && !head.chains);
    this.#unendedAt = unendedAt;
    this.#head = head;
    this.#names = names;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#warnings = warnings;
    this.#code = new TextCode(names.binaries, names.symbols, this.#band);
    // A sample with a call chain has more lines below.
    this.#plain = head.chains || this.#scattered ? undefined : new PlainLines(head.layout);
    this.#map = new Int32Array(columns.capacity);
    this.#columns64 = {
      t: halves(columns.t),
      va: halves(columns.va),
      to: halves(columns.to),
      pa: halves(columns.pa),
      pc: halves(columns.pc),
    };
    columns.n = 0;
  }

  /** Whether a line was a sample as nearly all are; if not, it is left to `take`. */
  takePlain(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    if (offset + end - start >= this.#unendedAt) return false;
    const plain = this.#plain?.take(bytes, start, end);
    if (!plain) return false;
    if (plain.event.isOfSpe) this.#sample(plain.sample, plain.event, plain.fields, plain.numbers, offset, plain.known);
    else this.#other(plain.sample.event);
    return true;
  }

  take(line: Line): void {
    const { text } = line;
    const sample = parseScriptLine(text);
    if (isSideBand(text)) return this.#band.take(text, sample?.time ?? 0n);
    if (!sample) return this.#belowSample(line);
    const kind = this.#kindOf(baseName(sample.event));
    if (sample.event !== '' && !kind.isOfSpe) return this.#other(sample.event);
    const fields = sample.event === '' ? undefined : parseFields(text.slice(sample.restAt));
    const numbers = fields && this.#head.layout.assign(fields);
    if (!numbers || this.#isCut(line, fields, numbers)) return this.#unread(line);
    numbers.wide[Wide.TIME] = sample.time;
    if (!this.#scattered) return this.#sample(sample, kind, fields, numbers, line.offset, undefined);
    if (this.#held.length >= MAX_HELD || this.#held[0]?.sample.time !== sample.time) this.#gather();
    this.#held.push({ sample, event: kind, fields, numbers, offset: line.offset });
  }

  #gather(): void {
    for (const { sample, event, fields, numbers, offset } of gathered(this.#held))
      this.#sample(sample, event, fields, numbers, offset, undefined);
    this.#held.length = 0;
  }

  /** Whether the text was cut off within a line that looks like a sample all the same: in its PC, or behind it. */
  #isCut({ offset, start, end }: Line, { binary, symbol }: SampleText, { wide }: SampleNumbers): boolean {
    if (offset + end - start < this.#unendedAt) return false;
    const { layout, pcDigits } = this.#head;
    if (layout.has.binary) return binary === undefined;
    return symbol === '' && !pcDigits.has(wide[Wide.PC].toString(16).length);
  }

  #kindOf(name: string): EventKind {
    let kind = this.#kinds.get(name);
    if (!kind) {
      kind = eventKind(name);
      if (this.#kinds.size < MAX_NAMES) this.#kinds.set(name, kind);
    }
    return kind;
  }

  /** A sample of an event that isn't SPE's; a call chain may follow. */
  #other(event: string): void {
    const message = `samples of other events (${event} the first) than SPE's: left out`;
    this.#warnings.add('info', 'script-other-events', message);
    this.#inChain = true;
    this.#awaitsFrame = false;
  }

  #sample(
    sample: ScriptLine,
    event: EventKind,
    fields: SampleText,
    numbers: SampleNumbers,
    offset: number,
    known: KnownPlace | undefined,
  ): void {
    this.#inChain = this.#head.chains;
    this.#awaitsFrame = this.#inChain;
    const record = this.#record;
    if (this.#open && record.isSame(sample, event, numbers, this.#inChain)) {
      this.#counts.merged++;
      this.#awaitsFrame = false;
      return record.add(event, fields, numbers);
    }
    this.#write();
    this.#open = true;
    record.start(sample, event, fields, numbers, known);
    const [low, high] = [numbers.words[2 * Wide.TIME], numbers.words[2 * Wide.TIME + 1]];
    if (this.#leaps.isFarNumber(high * 2 ** 32 + low))
      warnOfLeap(this.#warnings, { offset, t0: numbers.wide[Wide.TIME] });
  }

  finish(): void {
    this.#gather();
    this.#write();
    if (this.#columns.n) this.#onBatch(this.#columns, this.#map);
    this.#columns.n = 0;
    if (this.#counts.records) reportScript(this.#head, this.#counts, this.#warnings);
  }

  #belowSample(line: Line): void {
    const { text } = line;
    if (text.trim() === '') {
      this.#inChain = false;
      return;
    }
    if (text.startsWith('#') || (this.#open && SOURCE_LINE.test(text))) return;
    if (!this.#inChain || !FRAME.test(text)) return this.#unread(line);
    if (!this.#awaitsFrame || !this.#open) return;
    this.#awaitsFrame = false;
    const fields = parseFields(text);
    const pc = BigInt(`0x${fields?.numbers[0] ?? 0}`);
    if (!fields || !pc) return;
    const { symbol, binary } = fields;
    this.#record.wide[RecordWide.PC] = pc;
    this.#record.symbol = symbol;
    this.#record.binary = binary;
    this.#record.known = undefined;
  }

  #unread(line: Line): void {
    const message = 'lines that are no sample of perf script: skipped';
    const place = { offset: line.offset, bytes: line.end - line.start };
    this.#warnings.add('undecoded', 'text-unread-line', message, place);
  }

  /** Writes the record that the previous samples made. */
  #write(): void {
    if (!this.#open) return;
    this.#open = false;
    const record = this.#record;
    const c = this.#columns;
    if (c.n === c.capacity) {
      this.#onBatch(c, this.#map);
      c.n = 0;
    }
    const i = c.n++;
    const { words, operation, tid, cpu } = record;
    const to = this.#columns64;
    const low = words[2 * RecordWide.TIME];
    const high = words[2 * RecordWide.TIME + 1];
    if (this.#latest) this.#inOrder(cpu >= 0 ? cpu : -2 - tid, high, low);
    if (!this.#counts.records++ && !low && !high) warnOfRelativeTimes(this.#warnings, 'first sample');
    let present: number = Has.TIME;
    to.t[2 * i] = low;
    to.t[2 * i + 1] = high;
    c.cpu[i] = cpu;
    c.size[i] = ASSUMED_RECORD_BYTES;
    if (tid >= 0) {
      present |= Has.TID;
      c.tid[i] = tid;
      if (tid !== this.#tid || record.comm !== this.#comm) this.#named(tid, record.comm);
    } else this.#counts.withoutTid++;
    if (record.pid >= 0) {
      present |= Has.PID;
      c.pid[i] = record.pid;
    }
    const hasVa = put(to.va, i, words, RecordWide.VA);
    if (hasVa) present |= Has.VA;
    // perf 6.1 knows no targets: what it prints for a load's `instructions` is the data's address.
    if (record.hasTarget && !operation) {
      present |= Has.TO;
      put(to.to, i, words, RecordWide.TARGET);
    }
    if (put(to.pa, i, words, RecordWide.PA)) present |= Has.PA;
    if (record.unclear && !hasVa && !record.hasTarget) this.#counts.unclear++;
    if (record.weight > 0) {
      present |= Has.TOTAL;
      c.totalLat[i] = Math.min(record.weight, MAX_LATENCY);
    }
    if (operation || record.branch) {
      present |= Has.OP;
      c.op[i] = operation ? (operation & MEM_STORE ? OP_STORE : OP_LOAD) : OP_BRANCH;
    }
    this.#map[i] = -1;
    if (put(to.pc, i, words, RecordWide.PC)) {
      present |= Has.PC;
      c.el[i] = words[2 * RecordWide.PC + 1] >>> 31;
      this.#map[i] = this.#placeOf(record);
    } else this.#counts.withoutPc++;
    c.present[i] = present;
  }

  /** The code that the record's PC lies in. */
  #placeOf(record: TextRecord): number {
    const { binary, symbol, known, wide, words } = record;
    if (known) return this.#code.placeKnown(known, record, RecordWide.PC, record, binary, symbol);
    return this.#code.place(wide[RecordWide.PC], words[2 * RecordWide.PC + 1], record, binary, symbol);
  }

  /** Throws OutOfOrder if a time is before the latest one of its CPU, or thread. */
  #inOrder(lane: number, high: number, low: number): void {
    let latest = this.#lane;
    if (latest.lane !== lane) {
      latest = this.#latest!.get(lane) ?? { lane, high: 0, low: 0 };
      this.#latest!.set(lane, latest);
      this.#lane = latest;
    }
    if (high < latest.high || (high === latest.high && low < latest.low)) throw new OutOfOrder('the time goes back');
    latest.high = high;
    latest.low = low;
  }

  #named(tid: number, comm: string): void {
    this.#tid = tid;
    this.#comm = comm;
    const { comms } = this.#names;
    if (comm !== '' && comms.size < MAX_NAMES) comms.set(tid, utf8Text(comm));
  }
}

/** Where a text's last line ends if nothing ends it. */
function unendedAt(source: ByteSource): number {
  return source.read(source.size - 1, 1)[0] === NEWLINE ? Infinity : source.size;
}

/** Whether nothing in a line was meant for a terminal: that is for cleanLine. */
function isAsItWas(bytes: Uint8Array, start: number, end: number): boolean {
  const line = bytes.subarray(start, end);
  return !line.includes(ESCAPE) && !line.includes(BACKSPACE);
}

/** Halves of the columns that a text fills. */
type Columns64 = Readonly<Record<'t' | 'va' | 'to' | 'pa' | 'pc', Uint32Array>>;

interface LaneTime {
  readonly lane: number;
  high: number;
  low: number;
}

/** Row `i` of a column from a value of the record; whether that isn't 0. */
function put(column: Uint32Array, i: number, words: Uint32Array, value: number): boolean {
  const low = words[2 * value];
  const high = words[2 * value + 1];
  column[2 * i] = low;
  column[2 * i + 1] = high;
  return low !== 0 || high !== 0;
}
