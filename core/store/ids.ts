/** Ids of captures and runs: counted up, never reused. A report, a note or a link that names run 7 keeps meaning that one. */
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export type Kept = 'capture' | 'run';

export function newId(db: Db, kind: Kept): number {
  return Number(highest(db, kind)) + 1;
}

/** Call before deleting rows: the highest id so far stays used. */
export function keepLastId(db: Db, kind: Kept): void {
  inserter(db, 'last_id', ['kind', 'id'], 'INSERT OR REPLACE')({ kind, id: highest(db, kind) });
}

function highest(db: Db, kind: Kept): bigint {
  const query = `SELECT max(ifnull((SELECT max(id) FROM ${kind}), 0), ifnull((SELECT id FROM last_id WHERE kind = ?), 0))`;
  return db.prepare(query).pluck().get(kind) as bigint;
}
