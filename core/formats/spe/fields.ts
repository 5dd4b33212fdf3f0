/**
 * What packets say, into columns: one kind of packet at a time, for all rows of a run that have it at the same place in their record. Such
 * loops (records.wat) have no branches, which are most of the cost of decoding packet by packet.
 */
import type { TimeConv } from '../perf-data/time-conv.ts';
import { Extra, Has } from './columns.ts';
import type { WideColumn } from './columns.ts';
import type { DecodedColumns } from './record-memory.ts';
import { Address, Counter, extendedIndex, Kind, payloadBytes } from './packets.ts';
import { stateAddresses } from './states.ts';

/** Packets that fill a column, by how they are read. */
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
  /** CONTEXTIDR_EL1, where the record has no other. */
  CONTEXT_EL1: 8,
  OP: 9,
  TOTAL: 10,
  ISSUE: 11,
  XLAT: 12,
  PC: 13,
  TARGET: 14,
  VA: 15,
  PA: 16,
  PREVIOUS_TARGET: 17,
  ALT_ISSUE: 18,
  CONTEXT_EL2: 19,
  /** CONTEXTIDR_EL1 beside CONTEXTIDR_EL2. */
  CONTEXT_BESIDE: 20,
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
  [Counter.ALT_ISSUE]: Field.ALT_ISSUE,
};
const contextFields = [Field.CONTEXT_EL1, Field.CONTEXT_EL2];

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
      return contextFields[index & 3] ?? Field.NONE;
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

/** Bits of `present` that a field sets, except TIME. */
export const fieldPresence = new Uint16Array(32);
const presence: readonly (readonly [number, number])[] = [
  [Field.TIMESTAMP, Has.COUNTER],
  ...eventFields.map((field) => [field, Has.EVENTS] as const),
  [Field.SOURCE_8, Has.SOURCE],
  [Field.SOURCE_16, Has.SOURCE],
  [Field.CONTEXT_EL1, Has.CONTEXT],
  [Field.CONTEXT_EL2, Has.CONTEXT],
  [Field.CONTEXT_BESIDE, Has.CONTEXT],
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

/** Bits of `extra` that a field sets. */
export const fieldExtra = new Uint16Array(32);
const extras: readonly (readonly [number, number])[] = [
  [Field.ALT_ISSUE, Extra.ALT_ISSUE],
  [Field.CONTEXT_EL1, Extra.CONTEXT_EL1],
  [Field.CONTEXT_BESIDE, Extra.CONTEXT_EL1],
  [Field.CONTEXT_EL2, Extra.CONTEXT_EL2],
  ...[Field.PC, Field.TARGET, Field.PREVIOUS_TARGET, Field.PA].map((field) => [field, Extra.STATES] as const),
];
for (const [field, bits] of extras) fieldExtra[field] = bits;

/** Fields that are the lowest bits of the payload: the loop for the width of their column, the column, how many bits. */
const gathers: Readonly<Record<number, readonly ['gather64' | 'gather32' | 'gather16', Column, number]>> = {
  [Field.TIMESTAMP]: ['gather64', 'counter', 64],
  [Field.EVENTS_8]: ['gather64', 'events', 8],
  [Field.EVENTS_16]: ['gather64', 'events', 16],
  [Field.EVENTS_32]: ['gather64', 'events', 32],
  [Field.EVENTS_64]: ['gather64', 'events', 64],
  [Field.CONTEXT_EL1]: ['gather32', 'context', 32],
  [Field.CONTEXT_EL2]: ['gather32', 'context', 32],
  [Field.CONTEXT_BESIDE]: ['gather32', 'contextEl1', 32],
  [Field.SOURCE_8]: ['gather16', 'source', 8],
  [Field.SOURCE_16]: ['gather16', 'source', 16],
  [Field.TOTAL]: ['gather16', 'totalLat', 16],
  [Field.ISSUE]: ['gather16', 'issueLat', 16],
  [Field.XLAT]: ['gather16', 'xlatLat', 16],
  [Field.ALT_ISSUE]: ['gather16', 'altLat', 16],
};

/** The others have their own loops. */
const rules: Readonly<Record<number, readonly (readonly ['levels' | 'operations' | 'virtual', Column])[]>> = {
  [Field.OP]: [['operations', 'op']],
  [Field.PC]: [['levels', 'el']],
  [Field.VA]: [['virtual', 'va']],
};

/** Addresses with a security state. */
const stated: Readonly<Record<number, readonly ['instructions' | 'physical', keyof typeof stateAddresses]>> = {
  [Field.PC]: ['instructions', 'pc'],
  [Field.TARGET]: ['instructions', 'to'],
  [Field.PREVIOUS_TARGET]: ['instructions', 'pbt'],
  [Field.PA]: ['physical', 'pa'],
};

type ShortColumn = 'op' | 'totalLat' | 'issueLat' | 'xlatLat' | 'altLat' | 'source';
type Column = WideColumn | ShortColumn | 'context' | 'contextEl1' | 'el';

export class FieldReader {
  readonly #columns: DecodedColumns;
  readonly #timed: boolean;

  /** @param timeConv converts timestamps to times; without it they stay ticks */
  constructor(columns: DecodedColumns, timeConv: TimeConv | undefined) {
    this.#columns = columns;
    this.#timed = timeConv !== undefined;
    if (timeConv) columns.setClock(timeConv);
  }

  /** Reads the field whose payload lies `offset` bytes past the start of each record, for `rows[from, to)`. */
  read(field: number, from: number, to: number, offset: number): void {
    const columns = this.#columns;
    const { wasm } = columns;
    const rows = columns.rows.byteOffset + 4 * from;
    const end = columns.rows.byteOffset + 4 * to;
    const starts = columns.starts.byteOffset;
    const gather = gathers[field];
    if (gather) wasm[gather[0]](rows, end, starts, offset, gather[2], columns[gather[1]].byteOffset);
    for (const [loop, column] of rules[field] ?? []) wasm[loop](rows, end, starts, offset, columns[column].byteOffset);
    const address = stated[field];
    if (address) {
      const [loop, column] = address;
      const { shift } = stateAddresses[column];
      wasm[loop](rows, end, starts, offset, columns[column].byteOffset, columns.states.byteOffset, shift);
    }
    if (field === Field.TIMESTAMP && this.#timed) {
      wasm.convert(rows, end, columns.counter.byteOffset, columns.t.byteOffset);
    }
  }
}
