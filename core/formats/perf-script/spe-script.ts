/** SPE samples as `perf script` prints them. */
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import type { Line } from '../ftrace-text/lines.ts';
import { halves, Has } from '../spe/columns.ts';
import type { SpeColumns } from '../spe/columns.ts';
import { ASSUMED_RECORD_BYTES, hexHigh, hexLow } from '../spe/text-samples.ts';
import type { OnSamples, TextBinary, TextSamples, TextSymbol } from '../spe/text-samples.ts';
import { parseFields } from './fields.ts';
import type { SampleFields } from './fields.ts';
import { parseScriptLine } from './script-line.ts';
import type { ScriptLine } from './script-line.ts';

/**
 * perf makes several samples of one SPE record, one for each kind that was asked for: the first of these that the text has is
 * the one that counts. `instructions` (--itrace=i1i) is there for each record.
 */
const WHOLE = ['instructions', 'memory'];

/** Names that are kept: of binaries, functions, threads. More is no profile. */
const MAX_NAMES = 1 << 20;

/** Lines of the head that say which events there are. */
const HEAD_LINES = 4096;

/** Operation classes 1 (load/store, registers not told) and 2 (branch). */
const OP_LOAD = 0x110;
const OP_STORE = 0x111;
/** Bits of perf's data_src (include/uapi/linux/perf_event.h, PERF_MEM_OP_LOAD and _STORE). */
const MEM_LOAD = 2;
const MEM_STORE = 4;

const MAX_LATENCY = 0xffff;

/** Opens a text that holds SPE samples. Never throws: what is no sample is counted in `warnings` while it is read. */
export function openSpeScript(source: ByteSource, warnings: Warnings): TextSamples {
  const event = countedEvent(source);
  const binaries: TextBinary[] = [];
  const symbols: TextSymbol[] = [];
  const comms = new Map<number, string>();
  return {
    facts: { format: 'perf script', ...(event && { event }) },
    binaries,
    symbols,
    comms,
    read(columns, onBatch) {
      const reader = new SpeScript(event, { binaries, symbols, comms }, columns, onBatch, warnings);
      forEachLine(source, warnings, (line) => {
        reader.take(line);
        return true;
      });
      reader.finish();
    },
  };
}

/** Undefined if all samples count. */
function countedEvent(source: ByteSource): string | undefined {
  const seen = new Set<string>();
  let lines = 0;
  forEachLine(source, new Warnings(), ({ text }) => {
    const name = baseName(parseScriptLine(text)?.event ?? '');
    if (name && seen.size < 64) seen.add(name);
    return ++lines < HEAD_LINES;
  });
  return WHOLE.find((name) => seen.has(name));
}

/** `instructions:u` → `instructions`. */
function baseName(event: string): string {
  const colon = event.indexOf(':');
  return colon < 0 ? event : event.slice(0, colon);
}

interface Names {
  readonly binaries: TextBinary[];
  readonly symbols: TextSymbol[];
  readonly comms: Map<number, string>;
}

class SpeScript {
  readonly #event: string | undefined;
  readonly #names: Names;
  readonly #columns: SpeColumns;
  readonly #onBatch: OnSamples;
  readonly #warnings: Warnings;
  readonly #map: Int32Array;
  readonly #pc: Uint32Array;
  readonly #va: Uint32Array;
  readonly #pa: Uint32Array;
  readonly #binaryOf = new Map<string, number>();
  readonly #symbolOf = new Map<string, number>();
  #samples = 0;
  #others = 0;
  /** The sample before had no address: the first frame of its call chain has. */
  #awaitsFrame = false;

  constructor(event: string | undefined, names: Names, columns: SpeColumns, onBatch: OnSamples, warnings: Warnings) {
    this.#event = event;
    this.#names = names;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#warnings = warnings;
    this.#map = new Int32Array(columns.capacity);
    this.#pc = halves(columns.pc);
    this.#va = halves(columns.va);
    this.#pa = halves(columns.pa);
    columns.n = 0;
  }

  take(line: Line): void {
    const { text } = line;
    const sample = parseScriptLine(text);
    if (!sample) return this.#frame(line);
    this.#awaitsFrame = false;
    if (this.#event !== undefined && sample.event !== '' && baseName(sample.event) !== this.#event) {
      this.#others++;
      return;
    }
    const fields = parseFields(text.slice(sample.restAt));
    if (!fields) return this.#unread(line);
    this.#add(sample, fields);
  }

  finish(): void {
    if (this.#columns.n) this.#onBatch(this.#columns, this.#map);
    this.#columns.n = 0;
    if (this.#others) {
      const message = `samples of other events than ${this.#event}: perf makes several of one record, so they are left out`;
      this.#warnings.add('info', 'script-other-events', message, { count: this.#others });
    }
    if (!this.#samples) return;
    if (this.#event !== 'instructions') {
      const message =
        'without `instructions` samples some records may be missing and others be there twice: use perf script --itrace=i1i';
      this.#warnings.add('info', 'script-not-whole', message);
    }
    const message = `text doesn't tell the size of records: ${ASSUMED_RECORD_BYTES} bytes each are assumed; kernel addresses count as EL1`;
    this.#warnings.add('info', 'spe-assumed-size', message);
  }

  #frame(line: Line): void {
    const { text } = line;
    if (!/^\s/.test(text) && text !== '') return text.startsWith('#') ? undefined : this.#unread(line);
    if (!this.#awaitsFrame) return;
    const fields = parseFields(text);
    this.#awaitsFrame = false;
    if (!fields?.pc) return;
    this.#place(this.#columns.n - 1, fields);
  }

  #unread(line: Line): void {
    const message = 'lines that are no sample of perf script: skipped';
    const place = { offset: line.offset, bytes: line.end - line.start };
    this.#warnings.add('undecoded', 'text-unread-line', message, place);
  }

  #add(sample: ScriptLine, fields: SampleFields): void {
    const c = this.#columns;
    if (c.n === c.capacity) {
      this.#onBatch(c, this.#map);
      c.n = 0;
    }
    const i = c.n++;
    this.#samples++;
    let present: number = Has.TIME;
    c.t[i] = sample.time;
    c.cpu[i] = Math.min(sample.cpu, 0x7fff);
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
    // perf prints 0 for what a record doesn't have.
    if (fields.va && fields.va !== '0') present |= put(this.#va, i, fields.va, Has.VA);
    if (fields.pa && fields.pa !== '0') present |= put(this.#pa, i, fields.pa, Has.PA);
    if (fields.weight !== undefined && fields.weight > 0) {
      present |= Has.TOTAL;
      c.totalLat[i] = Math.min(fields.weight, MAX_LATENCY);
    }
    const operation = fields.dataSource === undefined ? 0 : hexLow(fields.dataSource) & (MEM_LOAD | MEM_STORE);
    if (operation) {
      present |= Has.OP;
      c.op[i] = operation & MEM_STORE ? OP_STORE : OP_LOAD;
    }
    c.present[i] = present;
    this.#map[i] = -1;
    this.#awaitsFrame = fields.pc === undefined;
    if (fields.pc !== undefined) this.#place(i, fields);
  }

  /** The PC of row `i`, and what the text says of it. */
  #place(i: number, fields: SampleFields): void {
    const c = this.#columns;
    c.present[i] |= put(this.#pc, i, fields.pc!, Has.PC);
    const kernel = this.#pc[2 * i + 1] >>> 31 === 1;
    c.el[i] = kernel ? 1 : 0;
    if (!fields.binary || fields.binary === '[unknown]') return;
    const binary = this.#binary(fields.binary, kernel);
    this.#map[i] = binary;
    if (binary >= 0 && fields.symbol && fields.symbol !== '[unknown]') this.#symbol(binary, fields, c.pc[i]);
  }

  #binary(file: string, kernel: boolean): number {
    const key = `${kernel ? 'k' : 'u'}${file}`;
    let index = this.#binaryOf.get(key);
    if (index === undefined && this.#binaryOf.size < MAX_NAMES) {
      index = this.#names.binaries.push({ file, kernel }) - 1;
      this.#binaryOf.set(key, index);
    }
    return index ?? -1;
  }

  #symbol(binary: number, { symbol, offset }: SampleFields, pc: bigint): void {
    const start = offset === undefined || offset > pc ? pc : pc - offset;
    // With offsets functions of one name are told apart; without, they are one.
    const key = offset === undefined ? `${binary} ${symbol}` : `${binary} ${symbol} ${start}`;
    const index = this.#symbolOf.get(key);
    if (index === undefined) {
      if (this.#symbolOf.size >= MAX_NAMES) return;
      this.#symbolOf.set(key, this.#names.symbols.push({ binary, name: symbol!, start, end: pc + 4n }) - 1);
      return;
    }
    const own = this.#names.symbols[index];
    if (start < own.start) own.start = start;
    if (pc + 4n > own.end) own.end = pc + 4n;
  }

  #comm({ tid, comm }: ScriptLine): void {
    const { comms } = this.#names;
    if (comm !== '' && comms.size < MAX_NAMES) comms.set(tid, comm);
  }
}

function put(words: Uint32Array, i: number, hex: string, has: number): number {
  words[2 * i] = hexLow(hex);
  words[2 * i + 1] = hexHigh(hex);
  return has;
}
