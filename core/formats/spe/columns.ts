/**
 * SPE records as columns: what the decoder fills, the store keeps, and the model reads. One batch is reused over a
 * whole import; a consumer copies what it keeps. 64-bit columns are BigUint64Array; hot loops go through the Uint32
 * views of the same memory (`lo` at 2i, `hi` at 2i + 1: every platform that Node and Electron run on is little-endian).
 */

/** Bits of `present`: which packets a record had. A column's value means nothing if its bit is 0. */
export const Has = {
  PC: 1 << 0,
  VA: 1 << 1,
  PA: 1 << 2,
  /** Branch target (address packet 1). */
  TO: 1 << 3,
  /** Previous branch target (address packet 4). */
  PBT: 1 << 4,
  EVENTS: 1 << 5,
  OP: 1 << 6,
  TOTAL: 1 << 7,
  ISSUE: 1 << 8,
  XLAT: 1 << 9,
  SOURCE: 1 << 10,
  CONTEXT: 1 << 11,
  /** The record ended in a TIMESTAMP: `counter` is valid. */
  COUNTER: 1 << 12,
  /** `t` is in perf time: there was a timestamp and a TIME_CONV to convert it. */
  TIME: 1 << 13,
  /** `tid` is known (CONTEXT, switch records, or the AUXTRACE record's own). */
  TID: 1 << 14,
  PID: 1 << 15,
} as const;

/**
 * Bits of `extra`: what few captures have, and what says more of a packet than that it was there. `present` has no room for them, and labs
 * before format 8 have none of this.
 */
export const Extra = {
  /** Alternate clock domain issue latency (counter packet 4). */
  ALT_ISSUE: 1 << 0,
  /** CONTEXT packets by index. With both, `context` is CONTEXTIDR_EL2 and `contextEl1` CONTEXTIDR_EL1. */
  CONTEXT_EL1: 1 << 1,
  CONTEXT_EL2: 1 << 2,
  /** `states` is valid for the addresses that the record has. */
  STATES: 1 << 3,
} as const;

/** The 64-bit columns, by name. */
export const wideColumns = ['t', 'counter', 'pc', 'va', 'pa', 'to', 'pbt', 'events'] as const;
export type WideColumn = (typeof wideColumns)[number];

/** Records a batch holds by default, and samples a chunk of the lab file holds. */
export const BATCH = 65536;

/** Of all columns of a record: eight of 8 bytes, nine of 2, five of 4, two of 1. */
const WIDTHS = [...wideColumns.map(() => 8), 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 1, 1];

/** Whole groups of 16 bytes: code that splits a column reads such groups. */
function room(bytes: number): number {
  return (bytes + 15) & ~15;
}

/** Bytes that the columns of `capacity` records take. */
export function columnBytes(capacity: number): number {
  return WIDTHS.reduce((sum, width) => sum + room(capacity * width), 0);
}

export class SpeColumns {
  readonly capacity: number;
  /** Records in the batch. */
  n = 0;
  /** Bits of `Has`. */
  readonly present: Uint16Array;
  /** Bits of `Extra`. */
  readonly extra: Uint16Array;
  /** ns, perf's clock. Without TIME_CONV 0: see `counter`. */
  readonly t: BigUint64Array;
  /** The timestamp packet's counter value, ticks. */
  readonly counter: BigUint64Array;
  /** Virtual address of the instruction, as an address (model: EL and NS have their own columns). */
  readonly pc: BigUint64Array;
  readonly va: BigUint64Array;
  readonly pa: BigUint64Array;
  readonly to: BigUint64Array;
  readonly pbt: BigUint64Array;
  /** Event bits, Arm ARM "Events packet". */
  readonly events: BigUint64Array;
  /** Operation type: class (header bits 1:0) << 8 | payload. */
  readonly op: Uint16Array;
  /** Latencies in cycles. */
  readonly totalLat: Uint16Array;
  readonly issueLat: Uint16Array;
  readonly xlatLat: Uint16Array;
  readonly altLat: Uint16Array;
  /** Data source payload, IMP DEF by core. */
  readonly source: Uint16Array;
  /** CONTEXTIDR value of the context packet, of EL2 if there are two: it identifies the thread. */
  readonly context: Uint32Array;
  /** CONTEXTIDR_EL1 of a record that has CONTEXTIDR_EL2 too; else 0. */
  readonly contextEl1: Uint32Array;
  readonly tid: Int32Array;
  readonly pid: Int32Array;
  /** -1 if the capture doesn't say (per-thread mode). */
  readonly cpu: Int16Array;
  /** Exception level of the PC packet, 0–3. */
  readonly el: Uint8Array;
  /** Security states of the addresses, 2 bits each: see states.ts. */
  readonly states: Uint8Array;
  /** Bytes in the SPE buffer, padding included: the distance to the next record's start. */
  readonly size: Uint32Array;

  /**
   * @param buffer, where they lie, if not in their own memory: `columnBytes(capacity)` bytes, from a multiple of 16 on
   */
  constructor(capacity = BATCH, buffer = new ArrayBuffer(columnBytes(capacity)), at = 0) {
    let end = at;
    const next = (width: number): number => {
      const start = end;
      end += room(capacity * width);
      return start;
    };
    this.capacity = capacity;
    this.present = new Uint16Array(buffer, next(2), capacity);
    this.t = new BigUint64Array(buffer, next(8), capacity);
    this.counter = new BigUint64Array(buffer, next(8), capacity);
    this.pc = new BigUint64Array(buffer, next(8), capacity);
    this.va = new BigUint64Array(buffer, next(8), capacity);
    this.pa = new BigUint64Array(buffer, next(8), capacity);
    this.to = new BigUint64Array(buffer, next(8), capacity);
    this.pbt = new BigUint64Array(buffer, next(8), capacity);
    this.events = new BigUint64Array(buffer, next(8), capacity);
    this.op = new Uint16Array(buffer, next(2), capacity);
    this.totalLat = new Uint16Array(buffer, next(2), capacity);
    this.issueLat = new Uint16Array(buffer, next(2), capacity);
    this.xlatLat = new Uint16Array(buffer, next(2), capacity);
    this.source = new Uint16Array(buffer, next(2), capacity);
    this.context = new Uint32Array(buffer, next(4), capacity);
    this.tid = new Int32Array(buffer, next(4), capacity);
    this.pid = new Int32Array(buffer, next(4), capacity);
    this.cpu = new Int16Array(buffer, next(2), capacity);
    this.el = new Uint8Array(buffer, next(1), capacity);
    this.size = new Uint32Array(buffer, next(4), capacity);
    this.extra = new Uint16Array(buffer, next(2), capacity);
    this.altLat = new Uint16Array(buffer, next(2), capacity);
    this.contextEl1 = new Uint32Array(buffer, next(4), capacity);
    this.states = new Uint8Array(buffer, next(1), capacity);
  }

  /** Bits of `Has` that any record of the batch has. */
  has(): number {
    let bits = 0;
    for (let i = 0; i < this.n; i++) bits |= this.present[i];
    return bits;
  }

  /** Bits of `Extra` that any record of the batch has. */
  hasExtra(): number {
    let bits = 0;
    for (let i = 0; i < this.n; i++) bits |= this.extra[i];
    return bits;
  }

  /**
   * Zeros what packets fill: what a record doesn't have is then 0, not what the row held before.
   * @param has only the columns that records with these bits fill
   */
  clear(has = 0xffff, extra = 0xffff): void {
    for (const [name, bit] of valueColumns) if (has & bit) zero(this[name]);
    for (const [name, bit] of extraColumns) if (extra & bit) zero(this[name]);
  }
}

function zero({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
  new Uint8Array(buffer, byteOffset, byteLength).fill(0);
}

const extraColumns = [
  ['altLat', Extra.ALT_ISSUE],
  ['contextEl1', Extra.CONTEXT_EL1],
  ['states', Extra.STATES],
] as const;

const valueColumns = [
  ['t', Has.TIME],
  ['counter', Has.COUNTER],
  ['pc', Has.PC],
  ['el', Has.PC],
  ['va', Has.VA],
  ['pa', Has.PA],
  ['to', Has.TO],
  ['pbt', Has.PBT],
  ['events', Has.EVENTS],
  ['op', Has.OP],
  ['totalLat', Has.TOTAL],
  ['issueLat', Has.ISSUE],
  ['xlatLat', Has.XLAT],
  ['source', Has.SOURCE],
  ['context', Has.CONTEXT],
  ['tid', Has.TID],
  ['pid', Has.PID],
] as const;

/** The hi/lo halves of a 64-bit column, in place. */
export function halves(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}
