/**
 * What packets say, into columns: one kind of packet at a time, for all rows of a run that have it at the same place of their
 * record. Such loops (records.wat) know no branches, which is most of what decoding packet by packet costs.
 */
import type { TimeConv } from '../perf-data/time-conv.ts';
import { Has } from './columns.ts';
import type { DecodedColumns } from './record-memory.ts';
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

export class FieldReader {
  readonly #columns: DecodedColumns;
  readonly #timed: boolean;

  /** @param timeConv makes times of timestamps; without it they stay ticks */
  constructor(columns: DecodedColumns, timeConv: TimeConv | undefined) {
    this.#columns = columns;
    this.#timed = timeConv !== undefined;
    if (timeConv) columns.setClock(timeConv);
  }

  /** Reads the field whose payload lies `offset` bytes behind the start of each record, for `rows[from, to)`. */
  read(field: number, from: number, to: number, offset: number): void {
    const columns = this.#columns;
    const { wasm } = columns;
    const rows = columns.rows.byteOffset + 4 * from;
    const end = columns.rows.byteOffset + 4 * to;
    const starts = columns.starts.byteOffset;
    const wide = (column: BigUint64Array, bits: number) =>
      wasm.gather64(rows, end, starts, offset, 0, bits, column.byteOffset);
    const narrow = (column: Uint16Array, bits: number) =>
      wasm.gather16(rows, end, starts, offset, 0, bits, column.byteOffset);
    switch (field) {
      case Field.TIMESTAMP:
        wide(columns.counter, 64);
        if (this.#timed) wasm.convert(rows, end, columns.counter.byteOffset, columns.t.byteOffset);
        return;
      case Field.EVENTS_8:
        return wide(columns.events, 8);
      case Field.EVENTS_16:
        return wide(columns.events, 16);
      case Field.EVENTS_32:
        return wide(columns.events, 32);
      case Field.EVENTS_64:
        return wide(columns.events, 64);
      case Field.SOURCE_8:
        return narrow(columns.source, 8);
      case Field.SOURCE_16:
        return narrow(columns.source, 16);
      case Field.CONTEXT:
        return wasm.gather32(rows, end, starts, offset, 0, 32, columns.context.byteOffset);
      case Field.OP:
        return wasm.operations(rows, end, starts, offset, columns.op.byteOffset);
      case Field.TOTAL:
        return narrow(columns.totalLat, 16);
      case Field.ISSUE:
        return narrow(columns.issueLat, 16);
      case Field.XLAT:
        return narrow(columns.xlatLat, 16);
      case Field.PC:
        // The exception level is in bits 62:61.
        wasm.gather8(rows, end, starts, offset + 7, 5, 2, columns.el.byteOffset);
        return wasm.instructions(rows, end, starts, offset, columns.pc.byteOffset);
      case Field.TARGET:
        return wasm.instructions(rows, end, starts, offset, columns.to.byteOffset);
      case Field.VA:
        return wasm.virtual(rows, end, starts, offset, columns.va.byteOffset);
      case Field.PA:
        return wide(columns.pa, 56);
      case Field.PREVIOUS_TARGET:
        return wasm.instructions(rows, end, starts, offset, columns.pbt.byteOffset);
    }
  }
}
