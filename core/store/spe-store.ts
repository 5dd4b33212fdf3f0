/** SPE samples in the lab file: one chunk a batch and lane, one blob a column. Columns that no record of a chunk has are left out. */
import type { SpeColumns } from '../formats/spe/columns.ts';
import { BATCH, Has } from '../formats/spe/columns.ts';
import type { CaptureMode } from '../model/outcome.ts';
import { signed, unsigned } from './captures.ts';
import { decodeColumn, encodeColumn } from './column-codec.ts';
import type { NumberColumn } from './column-codec.ts';
import type { Db } from './lab-file.ts';

/** Name, element type, the `present` bits without which it is empty, and whether neighbours differ little. */
const columns = {
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
  /** Index into `mapping`, -1 for none: where the PC lies. Found at import, when the mappings of that moment are at hand. */
  map: { type: Int32Array, has: Has.PC, delta: false },
} as const;

export type SpeColumnName = keyof typeof columns;
export type SpeColumnArray<K extends SpeColumnName> = InstanceType<(typeof columns)[K]['type']>;

/** Writes batches of one capture, in order, lane by lane. */
export function speWriter(db: Db, capture: number) {
  const chunk = db.prepare(
    'INSERT INTO spe_chunk (capture_id, lane, seq, samples, t0_ns, t1_ns) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const blob = db.prepare('INSERT INTO spe_column VALUES (?, ?, ?)');
  const lanes = new Map<number, number>();
  return {
    /** `map`: per record, the index of the mapping that its PC lies in, or -1. */
    write(lane: number, batch: SpeColumns, map: Int32Array): void {
      if (!batch.n) return;
      const seq = lanes.get(lane) ?? 0;
      lanes.set(lane, seq + 1);
      let present = 0;
      for (let i = 0; i < batch.n; i++) present |= batch.present[i];
      const t0 = signed(batch.t[0]);
      const id = chunk.run(capture, lane, seq, batch.n, t0, signed(batch.t[batch.n - 1])).lastInsertRowid;
      for (const [name, { has, delta }] of Object.entries(columns)) {
        const column = name === 'map' ? map : batch[name as Exclude<SpeColumnName, 'map'>];
        if (name === 'present' || present & has) blob.run(id, name, encodeColumn(column, batch.n, delta));
      }
    },
  };
}

export interface SpeLane {
  readonly lane: number;
  readonly cpu: number;
  readonly tid: number;
  readonly mode: CaptureMode;
  readonly samples: number;
  /** ns; undefined without a timed sample. */
  readonly t0?: bigint;
  readonly t1?: bigint;
}

export function addLane(db: Db, capture: number, l: SpeLane): void {
  db.prepare('INSERT INTO spe_lane VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    capture,
    l.lane,
    l.cpu,
    l.tid,
    l.mode,
    l.samples,
    signed(l.t0),
    signed(l.t1),
  );
}

/** `sessions`: start, end pairs, ns. */
export function addSessions(db: Db, capture: number, lane: number, sessions: readonly bigint[]): void {
  const insert = db.prepare('INSERT INTO spe_session VALUES (?, ?, ?, ?)');
  for (let i = 0; i < sessions.length; i += 2) insert.run(capture, lane, signed(sessions[i]), signed(sessions[i + 1]));
}

/** Start, end pairs of a lane, in time order, ns. */
export function readSessions(db: Db, capture: number, lane: number): bigint[] {
  const query = db
    .prepare('SELECT start_ns, end_ns FROM spe_session WHERE capture_id = ? AND lane = ? ORDER BY start_ns')
    .raw();
  return (query.all(capture, lane) as [bigint, bigint][]).flat().map((t) => unsigned(t)!);
}

export function readLanes(db: Db, capture: number): SpeLane[] {
  const rows = db.prepare('SELECT * FROM spe_lane WHERE capture_id = ? ORDER BY lane').all(capture) as Record<
    string,
    bigint | string | null
  >[];
  return rows.map((r) => ({
    lane: Number(r['lane']),
    cpu: Number(r['cpu']),
    tid: Number(r['tid']),
    mode: r['mode'] as CaptureMode,
    samples: Number(r['samples']),
    t0: unsigned(r['t0_ns']),
    t1: unsigned(r['t1_ns']),
  }));
}

/** One column of a lane's `samples` records, whole. Zeros where a chunk has none. */
export function readColumn<K extends SpeColumnName>(
  db: Db,
  capture: number,
  lane: SpeLane,
  name: K,
): SpeColumnArray<K> {
  const out = new columns[name].type(lane.samples);
  let first = 0;
  const query = db.prepare(
    `SELECT samples, data FROM spe_chunk LEFT JOIN spe_column ON chunk_id = spe_chunk.id AND name = ?
     WHERE capture_id = ? AND lane = ? ORDER BY seq`,
  );
  for (const row of query.iterate(name, capture, lane.lane) as Iterable<{ samples: bigint; data: Uint8Array | null }>) {
    const n = Number(row.samples);
    const part = out.subarray(first, first + n) as NumberColumn;
    if (row.data) decodeColumn(row.data, n, part);
    else if (name === 'map') part.fill(-1 as never);
    first += n;
  }
  return out as SpeColumnArray<K>;
}

/** The chunks of a capture as batches again, lane by lane: for SQL and exports. The batch is reused. */
export function* readBatches(
  db: Db,
  capture: number,
  batch: SpeColumns,
  map = new Int32Array(BATCH),
): Generator<{ lane: number; map: Int32Array }> {
  const chunks = db
    .prepare('SELECT id, lane, samples FROM spe_chunk WHERE capture_id = ? ORDER BY lane, seq')
    .all(capture);
  const blobs = db.prepare('SELECT name, data FROM spe_column WHERE chunk_id = ?');
  for (const chunk of chunks as { id: bigint; lane: bigint; samples: bigint }[]) {
    batch.n = Number(chunk.samples);
    for (const { name, data } of blobs.all(chunk.id) as { name: SpeColumnName; data: Uint8Array }[]) {
      decodeColumn(data, batch.n, name === 'map' ? map : batch[name]);
    }
    yield { lane: Number(chunk.lane), map };
  }
}
