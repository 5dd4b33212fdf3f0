/**
 * Read-only SQL over a lab file, with the chunked columns as rows: `spe_sample` and `trace_event` are virtual tables over the
 * chunks. Addresses are hex text there, times integers (ns). `check_result` gives the assumption checks as rows; a lab file holds them as
 * JSON with their result.
 */
import { Extra, Has, SpeColumns } from '../formats/spe/columns.ts';
import { TraceColumns } from '../formats/event-format/columns.ts';
import { contextOf, stateOf } from '../formats/spe/states.ts';
import { LabFileError } from './lab-file.ts';
import type { Db } from './lab-file.ts';
import { readBatches } from './spe-store.ts';
import { readTraceChunks } from './trace-store.ts';

/** The JSON of an event's fields, from its payload; supplied by the caller, which knows the formats' decoders. */
export type FieldsOf = (capture: number) => (batch: TraceColumns, i: number) => string;

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly (bigint | number | string | Uint8Array | null)[]>;
}

/**
 * Runs one statement. It must be a read-only query: anything else throws a LabFileError, bad SQL SQLite's own error.
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

/** Prepares a query without running it. Throws as `query` does. */
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
    ...['size_bytes', 'map', 'alt_issue_lat', 'context_el1', 'context_el2'],
    ...['pc_state', 'target_state', 'prev_target_state', 'pa_state'],
  ],
  check_result: [
    'run_id',
    'policy',
    'dl_discard',
    'check_id',
    'title',
    'kept',
    'lost',
    'coverage',
    'verdict',
    'changes',
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
  db.table('check_result', {
    columns: [...bulkTables.check_result],
    *rows() {
      yield* checkRows(chunks);
    },
  });
  db.table('trace_event', {
    columns: [...bulkTables.trace_event],
    *rows() {
      for (const capture of ids(chunks, 'kvm')) yield* eventRows(chunks, capture, fieldsOf(capture));
    },
  });
}

/** One row per result and check. `changes`: 1 if the verdict differs from the result's own, by the key on which verdicts are based. */
function checkRows(db: Db): (bigint | number | string | null)[][] {
  return db
    .prepare(
      `SELECT r.run_id, r.policy, r.dl_discard, c.value ->> 'id', c.value ->> 'title', c.value ->> 'kept', c.value ->> 'lost',
         c.value ->> 'coverage', c.value ->> 'verdict',
         ifnull(c.value ->> 'verdict', '') <> ifnull((SELECT s.verdict FROM skew_result s WHERE s.run_id = r.run_id
           AND s.policy = r.policy AND s.dl_discard = r.dl_discard ORDER BY s.rowid LIMIT 1), '')
       FROM replay_result r JOIN run ON run.id = r.run_id AND run.removed_ms IS NULL, json_each(r.summary, '$.checks') c
       ORDER BY r.run_id, r.rowid, c.key`,
    )
    .raw()
    .all() as (bigint | number | string | null)[][];
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
        ...[b.extra[i] & Extra.ALT_ISSUE ? b.altLat[i] : null, contextOf(b, i, 1) ?? null, contextOf(b, i, 2) ?? null],
        ...(['pc', 'to', 'pbt', 'pa'] as const).map((address) => stateOf(b, i, address) ?? null),
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
