/** Trace events in the lab file, lossless: columns and raw payloads in chunks, with the kernel's descriptions to decode them by. */
import { release } from '../formats/memory.ts';
import type { TraceColumns } from '../formats/event-format/columns.ts';
import { decodeBytes, decodeColumn, encodeBytes, encodeColumn } from './column-codec.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

/** A chunk ready to be stored: encoding is most of the work and may run in another thread. */
export interface TraceChunk {
  readonly events: number;
  /** First and last time, ns. */
  readonly t0: bigint;
  readonly t1: bigint;
  readonly payloadBytes: number;
  /** In the order of `columns`. */
  readonly blobs: readonly Uint8Array[];
}

const columns = ['t', 'cpu', 'tid', 'comm', 'event', 'buffer', 'lost', 'start', 'payload'] as const;

/** @param batch 1 event or more */
export function encodeTraceChunk(batch: TraceColumns): TraceChunk {
  const { n } = batch;
  const payloadBytes = batch.start[n];
  return {
    events: n,
    t0: batch.t[0],
    t1: batch.t[n - 1],
    payloadBytes,
    blobs: [
      encodeColumn(batch.t, n, true),
      encodeColumn(batch.cpu, n),
      encodeColumn(batch.tid, n),
      encodeColumn(batch.comm, n),
      encodeColumn(batch.event, n),
      encodeColumn(batch.buffer, n),
      encodeColumn(batch.lostBefore, n),
      encodeColumn(batch.start, n + 1, true),
      encodeBytes(batch.payload.subarray(0, payloadBytes)),
    ],
  };
}

/** Writes the chunks of one capture, in time order, and takes their memory. */
export function traceWriter(db: Db, capture: number) {
  const insert = db.prepare(
    `INSERT INTO trace_chunk (capture_id, seq, events, t0_ns, t1_ns, payload_bytes, ${columns.join(', ')})
     VALUES (?, ?, ?, ?, ?, ?${', ?'.repeat(columns.length)})`,
  );
  let seq = 0;
  return {
    write({ events, t0, t1, payloadBytes, blobs }: TraceChunk): void {
      const times = [BigInt.asIntN(64, t0), BigInt.asIntN(64, t1)];
      insert.run(capture, seq++, events, ...times, payloadBytes, ...blobs);
      blobs.forEach(release);
    },
  };
}

/** An event of the dictionary as stored: the description is all it takes to read its payloads again. */
export interface StoredFormat {
  readonly system: string;
  readonly name: string;
  readonly description: string;
  /** How often it occurs. */
  readonly events: number;
}

export function addDictionary(
  db: Db,
  capture: number,
  formats: readonly StoredFormat[],
  comms: readonly string[],
): void {
  const format = inserter(db, 'trace_format', ['capture_id', 'event', 'system', 'name', 'events', 'description']);
  formats.forEach(({ system, name, events, description }, event) =>
    format({ capture_id: capture, event, system, name, events, description }),
  );
  const comm = inserter(db, 'trace_comm', ['capture_id', 'comm', 'name']);
  comms.forEach((name, i) => comm({ capture_id: capture, comm: i, name }));
}

export function readDictionary(db: Db, capture: number): { formats: StoredFormat[]; comms: string[] } {
  const formats = db
    .prepare('SELECT system, name, events, description FROM trace_format WHERE capture_id = ? ORDER BY event')
    .all(capture) as { system: string; name: string; events: bigint; description: string }[];
  const comms = db
    .prepare('SELECT name FROM trace_comm WHERE capture_id = ? ORDER BY comm')
    .pluck()
    .all(capture) as string[];
  return { formats: formats.map((f) => ({ ...f, events: Number(f.events) })), comms };
}

/** A stretch of a trace's clock, ns; `end` is not part of it. */
export interface TraceRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * A capture's chunks as batches again, in order. The batch is reused; its capacity must be that of the writer's or more.
 * @param which only chunks that reach into a stretch (they hold events outside of it too), or by index among all
 */
export function* readTraceChunks(
  db: Db,
  capture: number,
  batch: TraceColumns,
  which?: TraceRange | ((place: number) => boolean),
): Generator<TraceColumns> {
  const all = 'SELECT id FROM trace_chunk WHERE capture_id = ?';
  const ids =
    typeof which === 'object'
      ? db
          .prepare(`${all} AND t1_ns >= ? AND t0_ns < ? ORDER BY seq`)
          .pluck()
          .all(capture, BigInt.asIntN(64, which.start), BigInt.asIntN(64, which.end))
      : db.prepare(`${all} ORDER BY seq`).pluck().all(capture);
  const wanted = typeof which === 'function' ? ids.filter((_, place) => which(place)) : ids;
  const query = db.prepare('SELECT * FROM trace_chunk WHERE id = ?');
  for (const id of wanted) {
    const row = query.get(id) as Record<string, bigint | Uint8Array>;
    const n = Number(row['events']);
    const blob = (name: string) => row[name] as Uint8Array;
    decodeColumn(blob('t'), n, batch.t);
    decodeColumn(blob('cpu'), n, batch.cpu);
    decodeColumn(blob('tid'), n, batch.tid);
    decodeColumn(blob('comm'), n, batch.comm);
    decodeColumn(blob('event'), n, batch.event);
    decodeColumn(blob('buffer'), n, batch.buffer);
    decodeColumn(blob('lost'), n, batch.lostBefore);
    decodeColumn(blob('start'), n + 1, batch.start);
    const payload = decodeBytes(blob('payload'), Number(row['payload_bytes']));
    for (const name of columns) release(blob(name));
    batch.payload = payload;
    batch.n = n;
    yield batch;
    release(payload);
  }
}

/** Events of the chunks that reach into a stretch. */
export function countTraceEvents(db: Db, capture: number, range: TraceRange): number {
  const sum = db
    .prepare('SELECT total(events) FROM trace_chunk WHERE capture_id = ? AND t1_ns >= ? AND t0_ns < ?')
    .pluck()
    .get(capture, BigInt.asIntN(64, range.start), BigInt.asIntN(64, range.end));
  return Number(sum);
}
