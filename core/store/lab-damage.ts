/** What somebody else wrote into a lab. Reading every row costs time, so this is asked once something has gone wrong. */
import { connect } from './lab-file.ts';
import type { Db } from './lab-file.ts';

/** What a column of a declared type may hold. */
const kinds: Readonly<Record<string, string>> = {
  INTEGER: "'null','integer'",
  REAL: "'null','real','integer'",
  TEXT: "'null','text'",
  BLOB: "'null','blob'",
};

interface Column {
  readonly name: string;
  readonly type: string;
}

interface Orphan {
  readonly table: string;
  readonly parent: string;
}

/** Tables whose counts add up to the records of a capture. */
const counts = [
  { kind: 'spe', table: 'spe_lane', column: 'samples' },
  { kind: 'spe', table: 'spe_chunk', column: 'samples' },
  { kind: 'kvm', table: 'trace_format', column: 'events' },
  { kind: 'kvm', table: 'trace_chunk', column: 'events' },
];

/**
 * Names the first thing that Umbra can't have left so: a value of another type, a count that doesn't add up, a row whose other half is
 * gone. Undefined if there is none, or if it can't be told.
 */
export function labDamage(path: string): string | undefined {
  let db: Db | undefined;
  try {
    db = connect(path, true, 0);
    for (const { name } of db
      .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()) {
      const found = wrongType(db, name);
      if (found !== undefined) return found;
    }
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') return String(check);
    const orphan = db.prepare<[], Orphan>('SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1').get();
    return orphan ? `a row of ${orphan.table} has no ${orphan.parent}` : wrongCount(db);
  } catch {
    // What failed says what is wrong.
    return undefined;
  } finally {
    db?.close();
  }
}

function wrongType(db: Db, table: string): string | undefined {
  for (const { name, type } of db.prepare<[string], Column>('SELECT name, type FROM pragma_table_info(?)').all(table)) {
    const kind = kinds[type];
    if (kind === undefined) continue;
    const holds = db.prepare(
      `SELECT typeof("${name}") FROM "${table}" WHERE typeof("${name}") NOT IN (${kind}) LIMIT 1`,
    );
    const wrong = holds.pluck().get();
    if (wrong !== undefined) return `${table}.${name} holds ${wrong === 'integer' ? 'a number' : String(wrong)}`;
  }
  return undefined;
}

function wrongCount(db: Db): string | undefined {
  for (const { kind, table, column } of counts) {
    const sum = `(SELECT total(${column}) FROM ${table} WHERE capture_id = capture.id)`;
    const id = db.prepare(`SELECT id FROM capture WHERE kind = ? AND records <> ${sum}`).pluck().get(kind);
    if (id !== undefined) return `${table}.${column} doesn't add up to the records of capture ${String(id)}`;
  }
  return undefined;
}
