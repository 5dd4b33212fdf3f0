/** Opening and migrating lab files (`*.umbra`: one SQLite file). lab-write.ts makes them and writes to them. */
import { constants, copyFileSync, existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { explainLab, isSqliteError, LabBusyError, LabFileError } from './lab-errors.ts';
import { checkSchema, checkTexts } from './lab-schema.ts';
import { APPLICATION_ID, migrations, READABLE_FROM, SCHEMA_VERSION } from './schema.ts';
import { reasonOf } from './system-errors.ts';

export { LabBusyError, LabFileError } from './lab-errors.ts';

export type Db = Database.Database;

/** `read`: must exist, never written. `write`: must exist. `create`: made if missing. */
export type OpenMode = 'read' | 'write' | 'create';

/** How long to wait for a writer, ms. */
export const PATIENCE_MS = 5000;

/** Maximum copies of one lab before migrations. */
const MAX_COPIES = 100;

/**
 * Opens a lab file. An older one is migrated in one transaction, after a copy to `FILE.vN`, unless it is only read and is readable as it is
 * (`READABLE_FROM`). A newer one, or any other file, is refused with a LabFileError; so is one whose tables aren't those of its version,
 * and one that another process writes to for longer than `patience` ms (SQLite blocks the thread meanwhile).
 */
export function openLabFile(path: string, mode: OpenMode, patience = PATIENCE_MS): Db {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat && mode !== 'create') {
    throw new LabFileError(`${path}: no such lab file; \`umbra import FILE… --db ${path}\` makes one`);
  }
  // Opening a pipe would wait for the other end.
  if (stat && !stat.isFile()) {
    throw new LabFileError(`${path}: ${stat.isDirectory() ? 'is a directory' : 'not a regular file'}, not a lab file`);
  }
  for (const beside of ['-journal', '-wal', '-shm'].map((tail) => path + tail)) {
    const found = statSync(beside, { throwIfNoEntry: false });
    if (found && !found.isFile()) throw new LabFileError(`${beside}: not a regular file, and in the way of ${path}`);
  }
  // Files of procfs say that they are regular and empty; reading one may wait.
  if (stat?.size === 0 && mode === 'read') throw new LabFileError(`${path}: is empty: no lab file yet`);
  const db = connect(path, mode === 'read', patience, mode === 'create');
  let outdated: number | undefined;
  try {
    outdated = prepare(db, path, mode);
    if (outdated === undefined) return db;
  } catch (error) {
    db.close();
    if (mode === 'read' && (error as { code?: string }).code === 'SQLITE_READONLY_ROLLBACK') {
      rollBack(path, patience);
      return openLabFile(path, mode, patience);
    }
    const explained = explainLab(error, path);
    throw isSqliteError(explained) ? new LabFileError(`${path}: can't be read: ${explained.message}`) : explained;
  }
  db.close();
  migrateForReader(path, outdated, patience);
  return openLabFile(path, mode, patience);
}

/** Migrates for a reader a lab that can't be read as it is: after a copy, as for a writer. */
function migrateForReader(path: string, version: number, patience: number): void {
  try {
    openLabFile(path, 'write', patience).close();
  } catch (error) {
    if (error instanceof LabBusyError) throw error;
    throw new LabFileError(
      `${path}: lab format ${version} is older than ${SCHEMA_VERSION} and must be migrated, which takes the right to write there: ${(error as Error).message}`,
    );
  }
}

/** A connection that runs no code from the file. Only with `mayMake` does it make a file that isn't there. */
export function connect(path: string, readonly: boolean, patience: number, mayMake = false): Db {
  let db: Db;
  try {
    db = new Database(path, { readonly, timeout: patience, fileMustExist: !mayMake });
  } catch (error) {
    const explained = explainLab(error, path);
    if (explained instanceof LabFileError) throw explained;
    throw new LabFileError(`${path}: can't be opened: ${(error as Error).message}`);
  }
  db.defaultSafeIntegers(true);
  // https://www.sqlite.org/security.html: for database files that others may have made.
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  return db;
}

/** A writer was killed: SQLite rolls its work back as soon as a reader with write access comes. */
function rollBack(path: string, patience: number): void {
  try {
    const db = connect(path, false, patience);
    db.pragma('user_version');
    db.close();
  } catch (error) {
    throw new LabFileError(
      `${path}: an interrupted import or replay must be undone first, which takes the right to write there: ${(error as Error).message}`,
    );
  }
}

/** Returns the version of a lab that must be migrated before it can be read. */
function prepare(db: Db, path: string, mode: OpenMode): number | undefined {
  const application = Number(db.pragma('application_id', { simple: true }));
  const version = versionOf(db);
  const fresh = version === 0 && application === 0 && isEmpty(db);
  if (fresh && mode === 'read') throw new LabFileError(`${path}: is empty: no lab file yet`);
  if (!fresh && application !== APPLICATION_ID) throw new LabFileError(`${path}: an SQLite file, but not a lab file`);
  if (version > SCHEMA_VERSION) {
    throw new LabFileError(
      `${path}: made by a newer Umbra (lab format ${version}; this one knows up to ${SCHEMA_VERSION}): update Umbra`,
    );
  }
  if (!fresh) {
    checkSchema(db, version, path);
    checkTexts(db, path);
  }
  if (version < SCHEMA_VERSION) {
    if (mode === 'read') return version >= READABLE_FROM ? undefined : version;
    if (!fresh) keepCopy(path, version);
    db.transaction(() => migrate(db)).immediate();
  }
  if (mode !== 'read') db.pragma('foreign_keys = ON');
  return undefined;
}

const versionOf = (db: Db): number => Number(db.pragma('user_version', { simple: true }));

function isEmpty(db: Db): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0n;
}

/** In a transaction: the previous lock holder may have done it already. */
export function migrate(db: Db): void {
  const from = versionOf(db);
  if (from >= SCHEMA_VERSION) return;
  for (const step of migrations.slice(from)) db.exec(step);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
}

/** To `FILE.vN`, or `FILE.vN.1` and so on if that exists: an earlier copy may be all that is left of a lab. */
function keepCopy(path: string, version: number): void {
  const name = (n: number) => `${path}.v${version}${n ? `.${n}` : ''}`;
  let n = 0;
  while (existsSync(name(n)) && n < MAX_COPIES) n++;
  try {
    copyFileSync(path, name(n), constants.COPYFILE_EXCL);
  } catch (error) {
    throw new LabFileError(`${path}: no copy of it could be made before migrating it: ${reasonOf(error)}`);
  }
}

/** Opens a lab to read it, and closes it afterwards. Throws as `openLabFile`. */
export function readLab<T>(lab: string, use: (db: Db) => T): T {
  const db = openLabFile(lab, 'read');
  try {
    return use(db);
  } finally {
    db.close();
  }
}
