/**
 * CSV of Arm's spe-parser (github.com/ARM-software/telemetry-solution, tools/spe_parser; columns: its schema.py). One file holds
 * one class of records: loads and stores (-ldst), branches (-br), others (-other).
 */
import { latin1Text } from '../event-format/text-bytes.ts';
import { ticksToNs } from '../perf-data/time-conv.ts';
import type { TimeConv } from '../perf-data/time-conv.ts';
import { InputError } from '../problems.ts';
import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import { halves, Has } from '../spe/columns.ts';
import type { SpeColumns } from '../spe/columns.ts';
import { ASSUMED_RECORD_BYTES, hexHigh, hexLow } from '../spe/text-samples.ts';
import type { OnSamples, TextSamples } from '../spe/text-samples.ts';
import { eventBits, operation, sourceNumber } from './words.ts';

/** Columns that all of its files have. */
const NEEDED = ['cpu', 'op', 'pc', 'el', 'event', 'ts'];

const MAX_LATENCY = 0xffff;

/** True when the head of a file is spe-parser's header line. */
export function isSpeCsv(head: Uint8Array): boolean {
  const line = latin1Text(head.subarray(0, 1024)).split('\n')[0];
  const names = cells(line.trimEnd());
  return NEEDED.every((name) => names.includes(name));
}

/**
 * Opens such a file. Lines that don't fit its header are counted in `warnings` while it is read.
 *
 * @param timeConv converts its `ts`, which are counter ticks, to ns; without it times are unknown
 */
export function openSpeCsv(source: ByteSource, timeConv: TimeConv | undefined, warnings: Warnings): TextSamples {
  return {
    facts: { format: 'spe-parser CSV' },
    binaries: [],
    symbols: [],
    comms: new Map(),
    read(columns, onBatch) {
      let rows: CsvRows | undefined;
      forEachLine(source, warnings, ({ text, offset }) => {
        if (rows) {
          if (text !== '' && !rows.take(text)) {
            const message = 'lines that do not fit the header: skipped';
            warnings.add('undecoded', 'csv-line', message, { offset, bytes: text.length });
          }
        } else {
          rows = new CsvRows(columnIndex(source.name, cells(text)), timeConv, columns, onBatch);
        }
        return true;
      });
      rows?.finish(warnings);
    },
  };
}

/** The cells of a line; quotes enclose names, and cells that hold a comma. */
function cells(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const list: string[] = [];
  for (let at = 0; at <= line.length;) {
    const quoted = line[at] === '"';
    const close = quoted ? line.indexOf('"', at + 1) : -1;
    const comma = line.indexOf(',', Math.max(at, close));
    const end = comma < 0 ? line.length : comma;
    list.push(close > 0 ? line.slice(at + 1, close) : line.slice(at, end));
    at = end + 1;
  }
  return list;
}

type Index = ReturnType<typeof columnIndex>;

function columnIndex(file: string, names: readonly string[]) {
  for (const name of NEEDED) {
    if (!names.includes(name)) throw new InputError(file, `no column '${name}': is this a CSV of spe-parser?`, 0);
  }
  const of = (name: string) => names.indexOf(name);
  return {
    width: names.length,
    ...{ cpu: of('cpu'), op: of('op'), pc: of('pc'), el: of('el'), event: of('event'), ts: of('ts') },
    ...{ atomic: of('atomic'), excl: of('excl'), ar: of('ar'), subclass: of('subclass') },
    ...{ condition: of('condition'), indirect: of('indirect') },
    ...{ evl: of('sve_evl'), pred: of('sve_pred'), fp: of('sve_fp') },
    ...{ issue: of('issue_lat'), total: of('total_lat'), xlat: of('xlat_lat') },
    ...{
      va: of('vaddr'),
      pa: of('paddr'),
      to: of('br_tgt'),
      toEl: of('br_tgt_lvl'),
      pbt: of('pbt'),
      pbtEl: of('pbt_lvl'),
    },
    ...{ source: of('data_source'), context: of('context') },
  };
}

class CsvRows {
  readonly #at: Index;
  readonly #columns: SpeColumns;
  readonly #onBatch: OnSamples;
  readonly #map: Int32Array;
  readonly #timeConv: TimeConv | undefined;
  readonly #wide: Record<'pc' | 'va' | 'pa' | 'to' | 'pbt' | 'events', Uint32Array>;
  /** Distinct texts are few. */
  readonly #events = new Map<string, number>();
  #samples = 0;
  readonly #classes = new Set<number>();
  #unknownEvents = 0;

  constructor(at: Index, timeConv: TimeConv | undefined, columns: SpeColumns, onBatch: OnSamples) {
    this.#at = at;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#map = new Int32Array(columns.capacity).fill(-1);
    this.#timeConv = timeConv;
    const { pc, va, pa, to, pbt, events } = columns;
    this.#wide = {
      ...{ pc: halves(pc), va: halves(va), pa: halves(pa) },
      ...{ to: halves(to), pbt: halves(pbt), events: halves(events) },
    };
    columns.n = 0;
  }

  /** False if the line isn't a record. */
  take(line: string): boolean {
    const row = cells(line);
    const at = this.#at;
    const cpu = Number(row[at.cpu]);
    if (row.length !== at.width || row[at.cpu] === '' || !Number.isInteger(cpu) || cpu < 0 || cpu > 0x7fff)
      return false;
    const c = this.#columns;
    if (c.n === c.capacity) {
      this.#onBatch(c, this.#map);
      c.n = 0;
    }
    const i = c.n;
    c.cpu[i] = cpu;
    c.size[i] = ASSUMED_RECORD_BYTES;
    const el = Number(row[at.el]) & 3;
    c.el[i] = el;
    c.present[i] =
      this.#time(row[at.ts], i) |
      this.#addresses(row, i, el) |
      number(row[at.total], c.totalLat, i, Has.TOTAL) |
      number(row[at.issue], c.issueLat, i, Has.ISSUE) |
      number(row[at.xlat], c.xlatLat, i, Has.XLAT) |
      this.#words(row, i);
    c.n++;
    this.#samples++;
    return true;
  }

  finish(warnings: Warnings): void {
    if (this.#columns.n) this.#onBatch(this.#columns, this.#map);
    this.#columns.n = 0;
    if (!this.#samples) return;
    const message = `CSV has no record sizes: ${ASSUMED_RECORD_BYTES} bytes each are assumed`;
    warnings.add('info', 'spe-assumed-size', message);
    if (this.#unknownEvents) {
      warnings.add('info', 'csv-unknown-event', 'names of events that spe-parser does not know: left out', {
        count: this.#unknownEvents,
      });
    }
    if (this.#classes.size === 1) {
      const files = ['-other.csv', '-ldst.csv', '-br.csv'].filter((_, k) => !this.#classes.has(k));
      const other = `this is one of the three files of spe-parser: the other records are in ${files.join(' and ')}`;
      warnings.add('info', 'csv-one-class', other);
    }
  }

  #time(text: string, i: number): number {
    if (!/^\d{1,20}$/.test(text) || text === '0') return 0;
    const ticks = BigInt.asUintN(64, BigInt(text));
    this.#columns.counter[i] = ticks;
    if (!this.#timeConv) return Has.COUNTER;
    this.#columns.t[i] = ticksToNs(this.#timeConv, ticks);
    return Has.COUNTER | Has.TIME;
  }

  #addresses(row: readonly string[], i: number, el: number): number {
    const at = this.#at;
    const { pc, va, pa, to, pbt } = this.#wide;
    // spe-parser puts `ff` before EL2 addresses, whatever they are.
    const data = el === 2 && /^0xff/.test(row[at.va] ?? '') ? `0x${row[at.va].slice(4)}` : row[at.va];
    let present =
      code(row[at.pc], pc, i, el, Has.PC) |
      code(row[at.to], to, i, Number(row[at.toEl]), Has.TO) |
      code(row[at.pbt], pbt, i, Number(row[at.pbtEl]), Has.PBT) |
      address(row[at.pa], pa, i, Has.PA);
    if (address(data, va, i, Has.VA)) {
      // As in the packet: the top byte is a tag.
      const high = va[2 * i + 1];
      va[2 * i + 1] = (high & 0xf00000) === 0xf00000 ? high | 0xff000000 : high & 0xffffff;
      present |= Has.VA;
    }
    return present;
  }

  #words(row: readonly string[], i: number): number {
    const at = this.#at;
    const c = this.#columns;
    let present = 0;
    if (row[at.event] !== '') {
      let bits = this.#events.get(row[at.event]);
      if (bits === undefined) {
        const known = eventBits(row[at.event]);
        bits = known.bits;
        this.#unknownEvents += known.unknown;
        if (this.#events.size < 65536) this.#events.set(row[at.event], bits);
      }
      this.#wide.events[2 * i] = bits;
      this.#wide.events[2 * i + 1] = 0;
      present |= Has.EVENTS;
    }
    const is = (column: number) => row[column] === 'true' || row[column] === 'True';
    const op = operation({
      ...{ op: row[at.op], subclass: row[at.subclass] ?? '', evl: Number(row[at.evl] ?? 0) },
      ...{ atomic: is(at.atomic), exclusive: is(at.excl), ordered: is(at.ar) },
      ...{ conditional: is(at.condition), indirect: is(at.indirect), predicated: is(at.pred), float: is(at.fp) },
    });
    c.op[i] = op;
    present |= Has.OP;
    this.#classes.add(op >> 8);
    const source = sourceNumber(row[at.source] ?? '');
    if (source !== undefined) {
      c.source[i] = source;
      present |= Has.SOURCE;
    }
    const context = /^0x([0-9a-f]{1,8})$/.exec(row[at.context] ?? '');
    if (context) {
      c.context[i] = c.tid[i] = parseInt(context[1], 16);
      present |= Has.CONTEXT | Has.TID;
    }
    return present;
  }
}

/** spe-parser writes 0 for what a record doesn't have. */
function number(text: string | undefined, column: Uint16Array, i: number, has: number): number {
  const value = Number(text ?? 0);
  if (!(value > 0)) return 0;
  column[i] = Math.min(value, MAX_LATENCY);
  return has;
}

function address(text: string | undefined, words: Uint32Array, i: number, has: number): number {
  const m = /^0x([0-9a-f]{1,16})$/.exec(text ?? '');
  if (!m) return 0;
  words[2 * i] = hexLow(m[1]);
  words[2 * i + 1] = hexHigh(m[1]);
  return has;
}

/** For code at EL1 spe-parser gives 56 bits: the top byte is all ones there. */
function code(text: string | undefined, words: Uint32Array, i: number, el: number, has: number): number {
  const present = address(text, words, i, has);
  if (present && (el === 1 || el === 2)) words[2 * i + 1] |= 0xff000000;
  return present;
}
