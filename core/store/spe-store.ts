/** SPE samples in the lab file: one chunk per batch and lane, one blob per column. Columns that no record of a chunk has are omitted. */
import { release } from '../formats/memory.ts';
import type { SpeColumns } from '../formats/spe/columns.ts';
import { BATCH } from '../formats/spe/columns.ts';
import type { CaptureMode } from '../model/outcome.ts';
import { signed, unsigned } from './captures.ts';
import { decodeColumn } from './column-codec.ts';
import type { NumberColumn } from './column-codec.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';
import { speColumns } from './spe-chunk.ts';
import type { SpeChunk, SpeColumnArray, SpeColumnName } from './spe-chunk.ts';

/** Writes chunks of one capture, each lane's in order, and takes their memory. */
export function speWriter(db: Db, capture: number) {
  const insert = db.prepare(
    'INSERT INTO spe_chunk (capture_id, lane, seq, samples, t0_ns, t1_ns) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const blob = inserter(db, 'spe_column', ['chunk_id', 'name', 'data']);
  const lanes = new Map<number, number>();
  return {
    write(lane: number, chunk: SpeChunk): void {
      const seq = lanes.get(lane) ?? 0;
      lanes.set(lane, seq + 1);
      const id = insert.run(capture, lane, seq, chunk.samples, signed(chunk.t0), signed(chunk.t1)).lastInsertRowid;
      for (const { name, data } of chunk.columns) {
        blob({ chunk_id: id, name, data });
        release(data);
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
  db.prepare(
    'INSERT INTO spe_lane (capture_id, lane, cpu, tid, mode, samples, t0_ns, t1_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(capture, l.lane, l.cpu, l.tid, l.mode, l.samples, signed(l.t0), signed(l.t1));
}

/** `sessions`: start, end pairs, ns. */
export function addSessions(db: Db, capture: number, lane: number, sessions: readonly bigint[]): void {
  const insert = inserter(db, 'spe_session', ['capture_id', 'lane', 'start_ns', 'end_ns']);
  for (let i = 0; i < sessions.length; i += 2)
    insert({ capture_id: capture, lane, start_ns: signed(sessions[i]), end_ns: signed(sessions[i + 1]) });
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
  const out = new speColumns[name].type(lane.samples);
  let first = 0;
  const query = db.prepare(
    `SELECT samples, data FROM spe_chunk LEFT JOIN spe_column ON chunk_id = spe_chunk.id AND name = ?
     WHERE capture_id = ? AND lane = ? ORDER BY seq`,
  );
  for (const row of query.iterate(name, capture, lane.lane) as Iterable<{ samples: bigint; data: Uint8Array | null }>) {
    const n = Number(row.samples);
    const part = out.subarray(first, first + n) as NumberColumn;
    if (row.data) {
      decodeColumn(row.data, n, part);
      release(row.data);
    } else if (name === 'map') part.fill(-1 as never);
    first += n;
  }
  return out as SpeColumnArray<K>;
}

/** A lane's chunks in order, each column read on demand: for callers that may stop early. */
export function* readLaneChunks(
  db: Db,
  capture: number,
  lane: number,
): Generator<{ readonly n: number; column<K extends SpeColumnName>(name: K): SpeColumnArray<K> }> {
  const ids = db
    .prepare('SELECT id, samples FROM spe_chunk WHERE capture_id = ? AND lane = ? ORDER BY seq')
    .all(capture, lane) as { id: bigint; samples: bigint }[];
  const blob = db.prepare('SELECT data FROM spe_column WHERE chunk_id = ? AND name = ?').pluck();
  for (const { id, samples } of ids) {
    const n = Number(samples);
    yield {
      n,
      column(name) {
        const out = new speColumns[name].type(n) as NumberColumn;
        const data = blob.get(id, name) as Uint8Array | undefined;
        if (data) decodeColumn(data, n, out);
        else if (name === 'map') out.fill(-1 as never);
        return out as SpeColumnArray<typeof name>;
      },
    };
  }
}

/**
 * Times and `present` bits of a lane's chunks that reach into [start, end), ns. Undefined if those hold more than `limit` records.
 * Chunks with out-of-order records may reach further than they say; such records are rare, and a chunk early or late.
 */
export function readTimes(
  db: Db,
  capture: number,
  lane: number,
  start: bigint,
  end: bigint,
  limit: number,
): { readonly n: number; readonly t: BigUint64Array; readonly present: Uint16Array }[] | undefined {
  const chunks = db
    .prepare(
      'SELECT id, samples FROM spe_chunk WHERE capture_id = ? AND lane = ? AND t1_ns >= ? AND t0_ns < ? ORDER BY seq',
    )
    .all(capture, lane, signed(start), signed(end)) as { id: bigint; samples: bigint }[];
  if (chunks.reduce((sum, c) => sum + Number(c.samples), 0) > limit) return undefined;
  const blob = db.prepare('SELECT data FROM spe_column WHERE chunk_id = ? AND name = ?').pluck();
  return chunks.map(({ id, samples }) => {
    const n = Number(samples);
    const t = new BigUint64Array(n);
    const present = new Uint16Array(n);
    for (const [name, column] of [['t', t] as const, ['present', present] as const]) {
      const data = blob.get(id, name) as Uint8Array | undefined;
      if (data) decodeColumn(data, n, column);
    }
    return { n, t, present };
  });
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
    // Absent in older labs.
    batch.extra.fill(0);
    for (const { name, data } of blobs.all(chunk.id) as { name: SpeColumnName; data: Uint8Array }[]) {
      decodeColumn(data, batch.n, name === 'map' ? map : batch[name]);
    }
    yield { lane: Number(chunk.lane), map };
  }
}
