/** Named queries of the SQL console, kept in the lab. */
import type { Db } from './lab-file.ts';
import { LabFileError } from './lab-file.ts';

export interface SavedQuery {
  readonly name: string;
  readonly sql: string;
}

/** By name. None in labs of older formats. */
export function readQueries(db: Db): SavedQuery[] {
  const there = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'saved_query'").get();
  if (!there) return [];
  return db.prepare('SELECT name, sql FROM saved_query ORDER BY name').all() as SavedQuery[];
}

/** Adds a query, replacing one of that name. */
export function putQuery(db: Db, { name, sql }: SavedQuery): void {
  db.prepare(
    'INSERT INTO saved_query (name, sql) VALUES (@name, @sql) ON CONFLICT (name) DO UPDATE SET sql = excluded.sql',
  ).run({ name, sql });
}

/** Throws a LabFileError if there is none of that name. */
export function removeQuery(db: Db, name: string): void {
  if (!db.prepare('DELETE FROM saved_query WHERE name = ?').run(name).changes)
    throw new LabFileError(`no query named '${name}' in this lab`);
}
