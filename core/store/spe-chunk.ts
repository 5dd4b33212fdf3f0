/** SPE samples as they are stored, without a database: encoding is most of an import's work, and is done in threads. */
import type { SpeColumns } from '../formats/spe/columns.ts';
import { Extra, Has } from '../formats/spe/columns.ts';
import { encodeColumn } from './column-codec.ts';
import type { Planes } from './planes/planes.ts';

/** Name, element type, the bits of `present` (or `extra`) without which it is empty, and whether neighbours differ little. */
export const speColumns = {
  present: { type: Uint16Array, has: 0xffff, delta: false },
  t: { type: BigUint64Array, has: Has.TIME, delta: true },
  counter: { type: BigUint64Array, has: Has.COUNTER, delta: true },
  pc: { type: BigUint64Array, has: Has.PC, delta: false },
  va: { type: BigUint64Array, has: Has.VA, delta: false },
  pa: { type: BigUint64Array, has: Has.PA, delta: false },
  to: { type: BigUint64Array, has: Has.TO, delta: false },
  pbt: { type: BigUint64Array, has: Has.PBT, delta: false },
  events: { type: BigUint64Array, has: Has.EVENTS, delta: false },
  op: { type: Uint16Array, has: Has.OP, delta: false },
  totalLat: { type: Uint16Array, has: Has.TOTAL, delta: false },
  issueLat: { type: Uint16Array, has: Has.ISSUE, delta: false },
  xlatLat: { type: Uint16Array, has: Has.XLAT, delta: false },
  source: { type: Uint16Array, has: Has.SOURCE, delta: false },
  context: { type: Uint32Array, has: Has.CONTEXT, delta: false },
  tid: { type: Int32Array, has: Has.TID, delta: false },
  pid: { type: Int32Array, has: Has.PID, delta: false },
  cpu: { type: Int16Array, has: 0xffff, delta: false },
  el: { type: Uint8Array, has: Has.PC, delta: false },
  size: { type: Uint32Array, has: 0xffff, delta: false },
  /** Index into `mapping`, -1 for none: where the PC lies. Found at import, when the mappings of that moment are available. */
  map: { type: Int32Array, has: Has.PC, delta: false },
  extra: { type: Uint16Array, extra: 0xffff, delta: false },
  altLat: { type: Uint16Array, extra: Extra.ALT_ISSUE, delta: false },
  contextEl1: { type: Uint32Array, extra: Extra.CONTEXT_EL1, delta: false },
  states: { type: Uint8Array, extra: Extra.STATES, delta: false },
} as const;

export type SpeColumnName = keyof typeof speColumns;
export type SpeColumnArray<K extends SpeColumnName> = InstanceType<(typeof speColumns)[K]['type']>;

/** A chunk ready to be stored: encoding is most of the work and may run in another thread. */
export interface SpeChunk {
  readonly samples: number;
  /** Bytes that they took in the SPE buffer. */
  readonly bytes: number;
  /** First and last time, ns. */
  readonly t0: bigint;
  readonly t1: bigint;
  readonly columns: readonly { readonly name: string; readonly data: Uint8Array }[];
}

/**
 * @param map per record, the index of the mapping that its PC lies in, or -1
 * @param planes encodes them, if the columns lie in its memory
 */
export function encodeSpeChunk(batch: SpeColumns, map: Int32Array, planes?: Planes): SpeChunk {
  const { n } = batch;
  let present = 0;
  let extra = 0;
  let bytes = 0;
  for (let i = 0; i < n; i++) {
    present |= batch.present[i];
    extra |= batch.extra[i];
    bytes += batch.size[i];
  }
  const blobs: { name: string; data: Uint8Array }[] = [];
  for (const [name, rule] of Object.entries(speColumns)) {
    const column = name === 'map' ? map : batch[name as Exclude<SpeColumnName, 'map'>];
    const holds = 'has' in rule ? present & rule.has : extra & rule.extra;
    if (name === 'present' || holds) blobs.push({ name, data: encodeColumn(column, n, rule.delta, planes) });
  }
  return { samples: n, bytes, t0: batch.t[0], t1: batch.t[n - 1], columns: blobs };
}
