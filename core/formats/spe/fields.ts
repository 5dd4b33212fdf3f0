/**
 * What packets say, into columns: one kind of packet at a time, for all rows of a run that have it at the same place of their
 * record. Such loops know no branches, which is most of what decoding packet by packet costs.
 */
import type { TickConverter } from '../perf-data/time-conv.ts';
import { halves, Has } from './columns.ts';
import type { SpeColumns, WideColumn } from './columns.ts';
import { wideColumns } from './columns.ts';
import { Address, Counter, extendedIndex, Kind, payloadBytes } from './packets.ts';

/** Packets that fill a column, by what they take to read. */
export const Field = {
  /** Nothing that is kept. */
  NONE: 0,
  TIMESTAMP: 1,
  EVENTS_8: 2,
  EVENTS_16: 3,
  EVENTS_32: 4,
  EVENTS_64: 5,
  SOURCE_8: 6,
  SOURCE_16: 7,
  CONTEXT: 8,
  OP: 9,
  TOTAL: 10,
  ISSUE: 11,
  XLAT: 12,
  PC: 13,
  TARGET: 14,
  VA: 15,
  PA: 16,
  PREVIOUS_TARGET: 17,
} as const;

const eventFields = [Field.EVENTS_8, Field.EVENTS_16, Field.EVENTS_32, Field.EVENTS_64];
const addressFields: Readonly<Record<number, number>> = {
  [Address.PC]: Field.PC,
  [Address.TARGET]: Field.TARGET,
  [Address.VA]: Field.VA,
  [Address.PA]: Field.PA,
  [Address.PREVIOUS_TARGET]: Field.PREVIOUS_TARGET,
};
const counterFields: Readonly<Record<number, number>> = {
  [Counter.TOTAL]: Field.TOTAL,
  [Counter.ISSUE]: Field.ISSUE,
  [Counter.XLAT]: Field.XLAT,
};

/** The field of a packet; `first` is its first header byte, `last` its last one: the same unless it is extended. */
export function fieldOf(kind: number, first: number, last: number): number {
  const index = first === last ? first & 7 : extendedIndex(first, last);
  switch (kind) {
    case Kind.TIMESTAMP:
      return Field.TIMESTAMP;
    case Kind.EVENTS:
      return eventFields[(last >> 4) & 3];
    case Kind.SOURCE:
      return payloadBytes(last) === 1 ? Field.SOURCE_8 : Field.SOURCE_16;
    case Kind.CONTEXT:
      return Field.CONTEXT;
    case Kind.OP:
      return Field.OP;
    case Kind.COUNTER:
      return counterFields[index] ?? Field.NONE;
    case Kind.ADDRESS:
      return addressFields[index] ?? Field.NONE;
    default:
      return Field.NONE;
  }
}

/** Bits of `present` that a field sets, but for TIME. */
export const fieldPresence = new Uint16Array(32);
const presence: readonly (readonly [number, number])[] = [
  [Field.TIMESTAMP, Has.COUNTER],
  ...eventFields.map((field) => [field, Has.EVENTS] as const),
  [Field.SOURCE_8, Has.SOURCE],
  [Field.SOURCE_16, Has.SOURCE],
  [Field.CONTEXT, Has.CONTEXT],
  [Field.OP, Has.OP],
  [Field.TOTAL, Has.TOTAL],
  [Field.ISSUE, Has.ISSUE],
  [Field.XLAT, Has.XLAT],
  [Field.PC, Has.PC],
  [Field.TARGET, Has.TO],
  [Field.VA, Has.VA],
  [Field.PA, Has.PA],
  [Field.PREVIOUS_TARGET, Has.PBT],
];
for (const [field, bits] of presence) fieldPresence[field] = bits;

/** Rows `rows[from, to)` of the columns; row `i`'s record starts at byte `start[i]` of the data. */
export interface Run {
  readonly rows: Int32Array;
  readonly from: number;
  readonly to: number;
  readonly start: Int32Array;
}

export class FieldReader {
  readonly #columns: SpeColumns;
  readonly #wide: Record<WideColumn, Uint32Array>;
  readonly #clock: TickConverter | undefined;

  /** @param clock makes times of timestamps; without it they stay ticks */
  constructor(columns: SpeColumns, clock: TickConverter | undefined) {
    const wide = wideColumns.map((name) => [name, halves(columns[name])] as const);
    this.#wide = Object.fromEntries(wide) as Record<WideColumn, Uint32Array>;
    this.#columns = columns;
    this.#clock = clock;
  }

  /** Reads the field whose payload lies `offset` bytes behind the start of each record. */
  read(field: number, view: DataView, run: Run, offset: number): void {
    const columns = this.#columns;
    const wide = this.#wide;
    switch (field) {
      case Field.TIMESTAMP:
        whole64(wide.counter, view, run, offset);
        return this.#clock?.convertRows(wide.counter, wide.t, run.rows, run.from, run.to);
      case Field.EVENTS_8:
        return events8(wide.events, view, run, offset);
      case Field.EVENTS_16:
        return events16(wide.events, view, run, offset);
      case Field.EVENTS_32:
        return events32(wide.events, view, run, offset);
      case Field.EVENTS_64:
        return whole64(wide.events, view, run, offset);
      case Field.SOURCE_8:
        return narrow8(columns.source, view, run, offset);
      case Field.SOURCE_16:
        return narrow16(columns.source, view, run, offset);
      case Field.CONTEXT:
        return contexts(columns.context, view, run, offset);
      case Field.OP:
        return operations(columns.op, view, run, offset);
      case Field.TOTAL:
        return narrow16(columns.totalLat, view, run, offset);
      case Field.ISSUE:
        return narrow16(columns.issueLat, view, run, offset);
      case Field.XLAT:
        return narrow16(columns.xlatLat, view, run, offset);
      case Field.PC:
        levels(columns.el, view, run, offset);
        return instructions(wide.pc, view, run, offset);
      case Field.TARGET:
        return instructions(wide.to, view, run, offset);
      case Field.VA:
        return virtual(wide.va, view, run, offset);
      case Field.PA:
        return physical(wide.pa, view, run, offset);
      case Field.PREVIOUS_TARGET:
        return instructions(wide.pbt, view, run, offset);
    }
  }
}

function events8(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    column[2 * i] = view.getUint8(start[i] + offset);
    column[2 * i + 1] = 0;
  }
}

function events16(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    column[2 * i] = view.getUint16(start[i] + offset, true);
    column[2 * i + 1] = 0;
  }
}

function events32(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    column[2 * i] = view.getUint32(start[i] + offset, true);
    column[2 * i + 1] = 0;
  }
}

function contexts(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) column[rows[k]] = view.getUint32(start[rows[k]] + offset, true);
}

function whole64(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    const at = start[i] + offset;
    column[2 * i] = view.getUint32(at, true);
    column[2 * i + 1] = view.getUint32(at + 4, true);
  }
}

function narrow8(column: Uint16Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) column[rows[k]] = view.getUint8(start[rows[k]] + offset);
}

function narrow16(column: Uint16Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) column[rows[k]] = view.getUint16(start[rows[k]] + offset, true);
}

/** The class is in the header, just before the payload. */
function operations(column: Uint16Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const at = start[rows[k]] + offset;
    column[rows[k]] = ((view.getUint8(at - 1) & 3) << 8) | view.getUint8(at);
  }
}

/** Exception levels of PC packets. */
function levels(column: Uint8Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) column[rows[k]] = (view.getUint8(start[rows[k]] + offset + 7) >> 5) & 3;
}

/**
 * PCs and branch targets as addresses: byte 7 holds NS and EL, and becomes ones for EL1 and EL2 (perf's arm-spe-decoder.c,
 * arm_spe_calc_ip).
 */
function instructions(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    const at = start[i] + offset;
    const hi = view.getUint32(at + 4, true);
    const level = (hi >>> 29) & 3;
    column[2 * i] = view.getUint32(at, true);
    column[2 * i + 1] = hi >>> 31 && (level === 1 || level === 2) ? hi | 0xff000000 : hi & 0xffffff;
  }
}

/** The top byte is a tag; addresses whose bits 55:52 are ones are the kernel's (Documentation/arch/arm64/memory.rst). */
function virtual(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    const at = start[i] + offset;
    const hi = view.getUint32(at + 4, true);
    column[2 * i] = view.getUint32(at, true);
    column[2 * i + 1] = (hi & 0xf00000) === 0xf00000 ? hi | 0xff000000 : hi & 0xffffff;
  }
}

function physical(column: Uint32Array, view: DataView, { rows, from, to, start }: Run, offset: number) {
  for (let k = from; k < to; k++) {
    const i = rows[k];
    const at = start[i] + offset;
    column[2 * i] = view.getUint32(at, true);
    column[2 * i + 1] = view.getUint32(at + 4, true) & 0xffffff;
  }
}
