/**
 * Read-only SQL over a lab file, with the chunked columns as rows: `spe_sample` and `trace_event` are virtual tables over the
 * chunks. Addresses are hex text there, times integers (ns).
 */
import { Has, SpeColumns } from '../formats/spe/columns.ts';
import { TraceColumns } from '../formats/event-format/columns.ts';
import { LabFileError } from './lab-file.ts';
import type { Db } from './lab-file.ts';
import { readBatches } from './spe-store.ts';
import { readTraceChunks } from './trace-store.ts';

/** The JSON of an event's fields, from its payload: given by who knows the formats' decoders. */
export type FieldsOf = (capture: number) => (batch: TraceColumns, i: number) => string;

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly (bigint | number | string | Uint8Array | null)[]>;
}

/**
 * Runs one statement. It must be a query and may not write: anything else throws a LabFileError, bad SQL
 * SQLite's own error.
 *
 * @param chunks a second connection to the same file: a connection that runs a query can't read chunks for it
 */
export function query(db: Db, chunks: Db, sql: string, fieldsOf: FieldsOf): SqlResult {
  addTables(db, chunks, fieldsOf);
  const statement = db.prepare(sql);
  if (!statement.reader || !statement.readonly) throw new LabFileError('only queries: `umbra sql` never writes');
  statement.raw();
  return {
    columns: statement.columns().map((c) => c.name),
    rows: statement.iterate() as Iterable<(bigint | number | string | Uint8Array | null)[]>,
  };
}

/** Prepares a query without running it. Throws what `query` throws for it. */
export function prepareOnly(db: Db, sql: string): void {
  addTables(db, db, () => () => '');
  const statement = db.prepare(sql);
  if (!statement.reader || !statement.readonly) throw new LabFileError('only queries: `umbra sql` never writes');
}

/** The chunked columns as tables of rows. */
export const bulkTables = {
  spe_sample: [
    ...['capture_id', 'lane', 'seq', 't_ns', 'counter', 'cpu', 'pid', 'tid', 'pc', 'el', 'va', 'pa', 'target'],
    ...['prev_target', 'op_class', 'op_payload', 'events', 'total_lat', 'issue_lat', 'xlat_lat', 'source', 'context'],
    ...['size_bytes', 'map'],
  ],
  trace_event: ['capture_id', 'seq', 't_ns', 'cpu', 'tid', 'comm', 'system', 'event', 'lost_before', 'fields'],
} as const;

function addTables(db: Db, chunks: Db, fieldsOf: FieldsOf): void {
  db.table('spe_sample', {
    columns: [...bulkTables.spe_sample],
    *rows() {
      for (const capture of ids(chunks, 'spe')) yield* sampleRows(chunks, capture);
    },
  });
  db.table('trace_event', {
    columns: [...bulkTables.trace_event],
    *rows() {
      for (const capture of ids(chunks, 'kvm')) yield* eventRows(chunks, capture, fieldsOf(capture));
    },
  });
}

function ids(db: Db, kind: string): number[] {
  return (
    db.prepare('SELECT id FROM capture WHERE kind = ? AND removed_ms IS NULL ORDER BY id').pluck().all(kind) as bigint[]
  ).map(Number);
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

function* sampleRows(db: Db, capture: number): Generator<(bigint | number | string | null)[]> {
  const b = new SpeColumns();
  const seq = new Map<number, number>();
  for (const { lane, map } of readBatches(db, capture, b)) {
    const first = seq.get(lane) ?? 0;
    seq.set(lane, first + b.n);
    for (let i = 0; i < b.n; i++) {
      const has = b.present[i];
      const address = (bit: number, column: BigUint64Array) => (has & bit ? hex(column[i]) : null);
      const number = (bit: number, column: ArrayLike<number>) => (has & bit ? column[i] : null);
      yield [
        ...[capture, lane, first + i, has & Has.TIME ? BigInt.asIntN(64, b.t[i]) : null],
        ...[
          has & Has.COUNTER ? BigInt.asIntN(64, b.counter[i]) : null,
          b.cpu[i],
          number(Has.PID, b.pid),
          number(Has.TID, b.tid),
        ],
        ...[address(Has.PC, b.pc), number(Has.PC, b.el), address(Has.VA, b.va), address(Has.PA, b.pa)],
        ...[address(Has.TO, b.to), address(Has.PBT, b.pbt)],
        ...[has & Has.OP ? b.op[i] >> 8 : null, has & Has.OP ? b.op[i] & 0xff : null, address(Has.EVENTS, b.events)],
        ...[number(Has.TOTAL, b.totalLat), number(Has.ISSUE, b.issueLat), number(Has.XLAT, b.xlatLat)],
        ...[
          number(Has.SOURCE, b.source),
          number(Has.CONTEXT, b.context),
          b.size[i],
          has & Has.PC && map[i] >= 0 ? map[i] : null,
        ],
      ];
    }
  }
}

function* eventRows(
  db: Db,
  capture: number,
  fields: (batch: TraceColumns, i: number) => string,
): Generator<(bigint | number | string | null)[]> {
  const rows = db.prepare('SELECT event, system, name FROM trace_format WHERE capture_id = ?').all(capture);
  const formats = new Map((rows as { event: bigint; system: string; name: string }[]).map((f) => [Number(f.event), f]));
  const comms = db
    .prepare('SELECT name FROM trace_comm WHERE capture_id = ? ORDER BY comm')
    .pluck()
    .all(capture) as string[];
  let seq = 0;
  for (const b of readTraceChunks(db, capture, new TraceColumns())) {
    for (let i = 0; i < b.n; i++) {
      const format = formats.get(b.event[i]);
      const t = BigInt.asIntN(64, b.t[i]);
      const name = [format?.system ?? null, format?.name ?? null];
      yield [capture, seq++, t, b.cpu[i], b.tid[i], comms[b.comm[i]] ?? null, ...name, b.lostBefore[i], fields(b, i)];
    }
  }
}
