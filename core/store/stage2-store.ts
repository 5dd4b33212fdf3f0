/** Stage 2 changes as plain rows: of a trace's whole VM, and those that concern the SPE buffers of a run. */
import { NONE } from '../model/outcome.ts';
import { causeClasses, PAGE_SHIFT, stage2Kinds } from '../model/terms.ts';
import type { Stage2Timeline } from '../model/timeline.ts';
import { signed, unsigned } from './captures.ts';
import type { Db } from './lab-file.ts';

/** Rows between two calls of `onRows`: some ms. */
const ROWS_BETWEEN = 4096;

/** Replaces the stored timelines of a trace; one a VM, in the order of its description. `onRows` is called now and then. */
export function storeStage2(
  db: Db,
  capture: number,
  timelines: readonly Stage2Timeline[],
  onRows: () => void = () => undefined,
): void {
  db.prepare('DELETE FROM stage2_change WHERE capture_id = ?').run(capture);
  const rows = rowInserter(db, 'stage2_change', 8);
  timelines.forEach((s, vm) => {
    for (let i = 0; i < s.n; i++) {
      rows.values.push(capture, vm, signed(s.origin + BigInt(Math.round(s.t[i]))), stage2Kinds[s.kind[i]]);
      rows.values.push(signed(BigInt(s.page[i]) << BigInt(PAGE_SHIFT)), s.pages[i]);
      rows.values.push(s.cause[i] === NONE ? null : causeClasses[s.cause[i]], s.evidences[s.evidence[i]]);
      rows.end();
      if (i % ROWS_BETWEEN === 0) onRows();
    }
  });
  rows.flush();
}

type Value = bigint | number | string | null;

/** Rows a statement inserts at a time: a call of SQLite costs as much as a row. */
const ROWS = 32;

/** Inserts rows of `width` values in their order: they are pushed to `values`, `end` ends each, `flush` writes the last ones. */
function rowInserter(db: Db, table: string, width: number) {
  const prepare = (rows: number) => {
    const row = `(${Array.from({ length: width }, () => '?').join(', ')})`;
    return db.prepare(`INSERT INTO ${table} VALUES ${Array.from({ length: rows }, () => row).join(', ')}`);
  };
  const many = prepare(ROWS);
  const values: Value[] = [];
  return {
    values,
    end(): void {
      if (values.length < ROWS * width) return;
      many.run(values);
      values.length = 0;
    },
    flush(): void {
      if (values.length) prepare(values.length / width).run(values);
    },
  };
}

/** What happened to the buffer of a run's lane. `t`: ns after `origin`, the run's zero. */
export function addBufferChanges(
  db: Db,
  run: number,
  lane: number,
  origin: bigint,
  track: { readonly t: Float64Array; readonly kind: Uint8Array; readonly cause: Uint8Array },
): void {
  const insert = db.prepare('INSERT INTO buffer_change VALUES (?, ?, ?, ?, ?)');
  for (let i = 0; i < track.t.length; i++) {
    const cause = track.cause[i] === NONE ? null : causeClasses[track.cause[i]];
    insert.run(run, lane, signed(origin + BigInt(Math.round(track.t[i]))), stage2Kinds[track.kind[i]], cause);
  }
}

export interface ChangeRow {
  /** ns in the trace's clock. */
  readonly t: bigint;
  readonly kind: string;
  readonly cause: string | null;
  readonly evidence: string;
  readonly pages: number;
}

/** Changes of all VMs in [start, end), in time order; undefined if there are more than `limit`. */
export function readChanges(
  db: Db,
  capture: number,
  start: bigint,
  end: bigint,
  limit: number,
): ChangeRow[] | undefined {
  const rows = db
    .prepare(
      `SELECT t_ns, kind, cause, evidence, pages FROM stage2_change
       WHERE capture_id = ? AND vm IN (SELECT DISTINCT vm FROM stage2_change WHERE capture_id = ?) AND t_ns >= ? AND t_ns < ?
       LIMIT ?`,
    )
    .all(capture, capture, signed(start), signed(end), limit + 1);
  return rows.length > limit ? undefined : (rows as Raw[]).map(fromRow);
}

/** Changes of the page at `ipa`, the latest up to `t` first. */
export function changesOfPage(db: Db, capture: number, vm: number, ipa: bigint, t: bigint, limit: number): ChangeRow[] {
  const rows = db
    .prepare(
      `SELECT t_ns, kind, cause, evidence, pages FROM stage2_change
       WHERE capture_id = ? AND vm = ? AND t_ns <= ? AND ipa <= ? AND ipa + pages * 4096 > ? ORDER BY t_ns DESC LIMIT ?`,
    )
    .all(capture, vm, signed(t), signed(ipa), signed(ipa), limit);
  return (rows as Raw[]).map(fromRow);
}

type Raw = Record<string, bigint | string | null>;

function fromRow(r: Raw): ChangeRow {
  return {
    t: unsigned(r['t_ns'])!,
    kind: r['kind'] as string,
    cause: r['cause'] as string | null,
    evidence: r['evidence'] as string,
    pages: Number(r['pages']),
  };
}
