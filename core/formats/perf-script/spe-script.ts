/** SPE samples as `perf script` prints them. */
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import type { Line } from '../ftrace-text/line.ts';
import { forEachSortedLine } from '../ftrace-text/sorted-lines.ts';
import { OutOfOrder } from '../ftrace-text/text-columns.ts';
import type { TextOrder } from '../ftrace-text/text-columns.ts';
import { halves, Has } from '../spe/columns.ts';
import type { SpeColumns } from '../spe/columns.ts';
import { LeapWatch, warnOfLeap, warnOfRelativeTimes } from '../time-leaps.ts';
import { ASSUMED_RECORD_BYTES } from '../spe/text-samples.ts';
import type { OnSamples, TextBinary, TextSamples, TextSymbol } from '../spe/text-samples.ts';
import { parseFields } from './fields.ts';
import type { SampleText } from './fields.ts';
import { address } from './layout.ts';
import type { SampleNumbers } from './layout.ts';
import { PlainLines } from './plain-line.ts';
import { addSample, isSameRecord, MEM_STORE, startRecord } from './records.ts';
import type { TextRecord } from './records.ts';
import { baseName, readScriptHead } from './script-head.ts';
import type { ScriptHead } from './script-head.ts';
import { parseScriptLine } from './script-line.ts';
import type { ScriptLine } from './script-line.ts';
import { isSideBand, SideBandText } from './side-band.ts';
import { MAX_NAMES, TextCode } from './text-code.ts';

/** Operation classes 1 (load/store, registers not given) and 2 (branch, kind not given). */
const OP_LOAD = 0x110;
const OP_STORE = 0x111;
const OP_BRANCH = 0x200;

const MAX_LATENCY = 0xffff;

/** Source lines (-F +srcline, +srccode) below a sample. */
const SOURCE_LINE = /^\s+(?:\S.*:\d+|\|\d+\s.*|\[unknown\])\s*$/;
const FRAME = /^\s+[0-9a-f]{1,16}(?:\s|$)/;

/**
 * Opens a text that holds SPE samples; lines that aren't samples are counted in `warnings` while it is read.
 * @throws InputError if its columns can't make records: see readScriptHead; reading throws as `order` says: see TextOrder
 */
export function openSpeScript(source: ByteSource, warnings: Warnings, order: TextOrder = 'file'): TextSamples {
  const head = readScriptHead(source);
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
      const reader = new SpeScript(head, names, columns, onBatch, warnings, order === 'checked');
      if (order === 'sorted') {
        const eventOf = (text: string) => (isSideBand(text) ? undefined : parseScriptLine(text));
        forEachSortedLine(source, warnings, forEachLine, eventOf, (line) => reader.take(line));
        return reader.finish();
      }
      forEachLine(
        source,
        warnings,
        (line) => {
          reader.take(line);
          return true;
        },
        (bytes, start, end, offset) => reader.takePlain(bytes, start, end, offset),
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
  readonly #pc: Uint32Array;
  readonly #band = new SideBandText();
  readonly #code: TextCode;
  readonly #plain: PlainLines | undefined;
  #record: TextRecord | undefined;
  /** The record's first address comes with the first frame of its call chain. */
  #awaitsFrame = false;
  #inChain = false;
  #records = 0;
  #unclear = 0;
  #merged = 0;
  #withoutPc = 0;

  readonly #leaps = new LeapWatch();
  readonly #latest: Map<number, bigint> | undefined;

  /** @param checked a record earlier than the one above, of the same CPU (thread, if no CPU is given), ends the reading with OutOfOrder */
  constructor(
    head: ScriptHead,
    names: Names,
    columns: SpeColumns,
    onBatch: OnSamples,
    warnings: Warnings,
    checked: boolean,
  ) {
    this.#latest = checked ? new Map() : undefined;
    this.#head = head;
    this.#names = names;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#warnings = warnings;
    this.#code = new TextCode(names.binaries, names.symbols, this.#band);
    // A sample with a call chain has more lines below.
    this.#plain = head.chains ? undefined : new PlainLines(head.layout);
    this.#map = new Int32Array(columns.capacity);
    this.#pc = halves(columns.pc);
    columns.n = 0;
  }

  /** Whether a line was a sample as nearly all are; if not, it is left to `take`. */
  takePlain(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const plain = this.#plain?.take(bytes, start, end);
    if (!plain) return false;
    this.#sample(plain.sample, plain.event, plain.fields, plain.numbers, offset);
    return true;
  }

  take(line: Line): void {
    const { text } = line;
    const sample = parseScriptLine(text);
    if (isSideBand(text)) return this.#band.take(text, sample?.time ?? 0n);
    if (!sample) return this.#belowSample(line);
    const fields = sample.event === '' ? undefined : parseFields(text.slice(sample.restAt));
    const numbers = fields && this.#head.layout.assign(fields);
    if (!numbers) return this.#unread(line);
    this.#sample(sample, baseName(sample.event), fields, numbers, line.offset);
  }

  #sample(sample: ScriptLine, event: string, fields: SampleText, numbers: SampleNumbers, offset: number): void {
    this.#inChain = this.#head.chains;
    this.#awaitsFrame = this.#inChain;
    const record = this.#record;
    if (record && isSameRecord(record, sample, event, this.#inChain ? record.pc : numbers.pc)) {
      this.#merged++;
      this.#awaitsFrame = false;
      return addSample(record, event, fields, numbers);
    }
    this.#write();
    this.#record = startRecord(sample, event, fields, numbers);
    if (this.#leaps.isFar(sample.time)) warnOfLeap(this.#warnings, { offset, t0: sample.time });
  }

  finish(): void {
    this.#write();
    if (this.#columns.n) this.#onBatch(this.#columns, this.#map);
    this.#columns.n = 0;
    if (this.#records) this.#report();
  }

  #report(): void {
    const { events, hasTid } = this.#head;
    const info = (kind: string, message: string, count = 1) => this.#warnings.add('info', kind, message, { count });
    if (this.#merged)
      info(
        'script-merged-samples',
        'further samples of a record that perf printed already: taken together',
        this.#merged,
      );
    if (!events.has('instructions')) {
      const message =
        'without `instructions` samples, records that none of these events is for are missing: use perf script --itrace=i1i';
      info('script-not-whole', message);
    }
    if (!hasTid)
      info('script-no-tid', 'samples without a thread: `perf script -F +comm,+tid` prints it', this.#records);
    if (this.#unclear) {
      const message =
        'addresses that may be data or branch targets: left out; `perf script --itrace=i1iM -F +addr,+data_src` tells which';
      info('script-unclear-address', message, this.#unclear);
    }
    if (this.#withoutPc) info('script-no-pc', 'records without a PC, for which perf prints ip 0', this.#withoutPc);
    const message = `text has no record sizes: ${ASSUMED_RECORD_BYTES} bytes each are assumed; kernel addresses count as EL1`;
    info('spe-assumed-size', message);
  }

  #belowSample(line: Line): void {
    const { text } = line;
    if (text.trim() === '') {
      this.#inChain = false;
      return;
    }
    if (text.startsWith('#') || (this.#record && SOURCE_LINE.test(text))) return;
    if (!this.#inChain || !FRAME.test(text)) return this.#unread(line);
    if (!this.#awaitsFrame || !this.#record) return;
    this.#awaitsFrame = false;
    const fields = parseFields(text);
    const pc = address(fields?.numbers[0]);
    if (!fields || pc === undefined) return;
    const { symbol, binary } = fields;
    this.#record.pc = pc;
    this.#record.symbol = symbol;
    this.#record.binary = binary;
  }

  #unread(line: Line): void {
    const message = 'lines that are no sample of perf script: skipped';
    const place = { offset: line.offset, bytes: line.end - line.start };
    this.#warnings.add('undecoded', 'text-unread-line', message, place);
  }

  /** Writes the record that the previous samples made. */
  #write(): void {
    const record = this.#record;
    if (!record) return;
    this.#record = undefined;
    const c = this.#columns;
    if (c.n === c.capacity) {
      this.#onBatch(c, this.#map);
      c.n = 0;
    }
    const i = c.n++;
    const { sample, operation } = record;
    if (this.#latest) {
      const lane = sample.cpu >= 0 ? sample.cpu : -2 - sample.tid;
      const latest = this.#latest.get(lane);
      if (latest !== undefined && sample.time < latest) throw new OutOfOrder('the time goes back');
      if (sample.time !== latest) this.#latest.set(lane, sample.time);
    }
    if (!this.#records++ && sample.time === 0n) warnOfRelativeTimes(this.#warnings);
    let present: number = Has.TIME;
    c.t[i] = sample.time;
    c.cpu[i] = sample.cpu;
    c.size[i] = ASSUMED_RECORD_BYTES;
    if (sample.tid >= 0) {
      present |= Has.TID;
      c.tid[i] = sample.tid;
      this.#comm(sample);
    }
    if (sample.pid >= 0) {
      present |= Has.PID;
      c.pid[i] = sample.pid;
    }
    // perf 6.1 knows no targets: what it prints for a load's `instructions` is the data's address.
    if (record.va !== undefined) present |= put(c.va, i, record.va, Has.VA);
    if (record.target !== undefined && !operation) present |= put(c.to, i, record.target, Has.TO);
    if (record.pa !== undefined) present |= put(c.pa, i, record.pa, Has.PA);
    if (record.unclear !== undefined && record.va === undefined && record.target === undefined) this.#unclear++;
    if (record.weight > 0) {
      present |= Has.TOTAL;
      c.totalLat[i] = Math.min(record.weight, MAX_LATENCY);
    }
    if (operation || record.branch) {
      present |= Has.OP;
      c.op[i] = operation ? (operation & MEM_STORE ? OP_STORE : OP_LOAD) : OP_BRANCH;
    }
    c.present[i] = present;
    this.#map[i] = -1;
    if (record.pc !== undefined) this.#place(i, record.pc, record);
    else this.#withoutPc++;
  }

  /** The PC of row `i`, and the code it lies in. */
  #place(i: number, pc: bigint, { binary, symbol, sample }: TextRecord): void {
    const c = this.#columns;
    c.present[i] |= Has.PC;
    c.pc[i] = pc;
    c.el[i] = this.#pc[2 * i + 1] >>> 31 === 1 ? 1 : 0;
    this.#map[i] = this.#code.place(pc, this.#pc[2 * i + 1], sample, binary, symbol);
  }

  #comm({ tid, comm }: ScriptLine): void {
    const { comms } = this.#names;
    if (comm !== '' && comms.size < MAX_NAMES && comms.get(tid) !== comm) comms.set(tid, comm);
  }
}

function put(column: BigUint64Array, i: number, address: bigint, has: number): number {
  column[i] = address;
  return has;
}
