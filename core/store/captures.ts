/** Captures in the lab file: what was imported, and its problems. */
import type { Warning } from '../formats/problems.ts';
import { CaptureFacts } from '../model/terms/capture-facts.ts';
import { newId } from './ids.ts';
import { jsonObject, jsonOf } from './json-column.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';
import { LabFileError } from './lab-file.ts';

export type CaptureKind = 'spe' | 'kvm';

export interface CaptureRow {
  readonly id: number;
  readonly kind: CaptureKind;
  readonly name: string;
  /** Path as given at import. */
  readonly file: string;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
  /** SPE records or trace events. */
  readonly records: number;
  /** First and last record, ns in the capture's clock; undefined in an empty or untimed capture. */
  readonly t0?: bigint;
  readonly t1?: bigint;
  readonly clock?: string;
  /** The VM description, as parsed JSON. */
  readonly vm?: unknown;
  readonly facts: CaptureFacts;
  readonly warnings: readonly Warning[];
}

/** Adds a capture whose records follow; `finishCapture` completes it. Returns its id. */
export function addCapture(db: Db, c: Pick<CaptureRow, 'kind' | 'name' | 'file' | 'format' | 'bytes'>): number {
  const insert = db.prepare(
    `INSERT INTO capture (id, kind, name, file, format, bytes, sha256, records, facts) VALUES (?, ?, ?, ?, ?, ?, '', 0, '{}')`,
  );
  return Number(insert.run(newId(db, 'capture'), c.kind, c.name, c.file, c.format, c.bytes).lastInsertRowid);
}

export function finishCapture(
  db: Db,
  id: number,
  c: Pick<CaptureRow, 'sha256' | 'records' | 't0' | 't1' | 'clock' | 'vm' | 'facts' | 'warnings'>,
): void {
  db.prepare(
    'UPDATE capture SET sha256 = ?, records = ?, t0_ns = ?, t1_ns = ?, clock = ?, vm = ?, facts = ? WHERE id = ?',
  ).run(
    c.sha256,
    c.records,
    signed(c.t0),
    signed(c.t1),
    c.clock ?? null,
    c.vm === undefined ? null : JSON.stringify(c.vm),
    JSON.stringify(c.facts),
    id,
  );
  addWarnings(db, id, c.warnings);
}

export function addWarnings(db: Db, id: number, warnings: readonly Warning[]): void {
  const insert = inserter(db, 'capture_warning', [
    ...(['capture_id', 'severity', 'kind', 'message', 'count', 'offset_bytes', 'skipped_bytes'] as const),
    ...(['t0_ns', 't1_ns'] as const),
  ]);
  for (const w of warnings) {
    const [t0, t1] = [w.t0, w.t1].map((t) => (t === undefined ? null : BigInt.asIntN(64, BigInt(t))));
    insert({
      capture_id: id,
      severity: w.severity,
      kind: w.kind,
      message: w.message,
      count: w.count,
      offset_bytes: w.offset ?? null,
      skipped_bytes: w.bytes ?? null,
      t0_ns: t0,
      t1_ns: t1,
    });
  }
}

/** Replaces the warnings whose kinds begin with one of `prefixes` by these. */
export function replaceWarnings(db: Db, id: number, prefixes: readonly string[], warnings: readonly Warning[]): void {
  const remove = db.prepare("DELETE FROM capture_warning WHERE capture_id = ? AND kind GLOB ? || '*'");
  for (const prefix of prefixes) remove.run(id, prefix);
  addWarnings(db, id, warnings);
}

/** Replaces the VM description of a trace. */
export function setVmDescription(db: Db, id: number, vm: unknown): void {
  db.prepare('UPDATE capture SET vm = ? WHERE id = ?').run(JSON.stringify(vm), id);
}

/** All existing ones, by id. */
export function listCaptures(db: Db): CaptureRow[] {
  const rows = db.prepare('SELECT * FROM capture WHERE removed_ms IS NULL ORDER BY id').all() as Raw[];
  return rows.map((row) => withWarnings(db, row));
}

/** Throws a LabFileError if there is no such capture, or it is of another kind. */
export function getCapture(db: Db, id: number, kind?: CaptureKind): CaptureRow {
  const row = db.prepare('SELECT * FROM capture WHERE id = ? AND removed_ms IS NULL').get(id) as Raw | undefined;
  if (!row) throw new LabFileError(`no capture ${id} in this lab; \`umbra captures\` lists them`);
  if (kind && row['kind'] !== kind)
    throw new LabFileError(`capture ${id} (${String(row['name'])}) is of kind ${String(row['kind'])}, not ${kind}`);
  return withWarnings(db, row);
}

type Raw = Record<string, bigint | number | string | null>;

function withWarnings(db: Db, row: Raw): CaptureRow {
  const warnings = db.prepare('SELECT * FROM capture_warning WHERE capture_id = ? ORDER BY rowid');
  return fromRow(db, row, warnings.all(row['id']) as Raw[]);
}

function fromRow(db: Db, row: Raw, warnings: Raw[]): CaptureRow {
  return {
    id: Number(row['id']),
    kind: row['kind'] as CaptureKind,
    name: String(row['name']),
    file: String(row['file']),
    format: String(row['format']),
    bytes: Number(row['bytes']),
    sha256: String(row['sha256']),
    records: Number(row['records']),
    t0: unsigned(row['t0_ns']),
    t1: unsigned(row['t1_ns']),
    clock: row['clock'] === null ? undefined : String(row['clock']),
    vm: row['vm'] === null ? undefined : jsonObject(db, 'capture.vm', row['vm']),
    facts: jsonOf(db, 'capture.facts', row['facts'], CaptureFacts),
    warnings: warnings.map((w) => ({
      severity: w['severity'] as Warning['severity'],
      kind: String(w['kind']),
      message: String(w['message']),
      count: Number(w['count']),
      ...(w['offset_bytes'] !== null && { offset: Number(w['offset_bytes']) }),
      ...(w['skipped_bytes'] !== null && { bytes: Number(w['skipped_bytes']) }),
      ...(w['t0_ns'] !== null && { t0: String(unsigned(w['t0_ns'])) }),
      ...(w['t1_ns'] !== null && { t1: String(unsigned(w['t1_ns'])) }),
    })),
  };
}

/** SQLite's integers are signed: times and addresses from 2^63 on are kept as negative ones. */
export function signed(value: bigint | undefined): bigint | null {
  return value === undefined ? null : BigInt.asIntN(64, value);
}

export function unsigned(value: bigint | number | string | null): bigint | undefined {
  return value === null ? undefined : BigInt.asUintN(64, BigInt(value));
}
