/** Opening, creating and migrating lab files (`*.umbra`: one SQLite file). */
import { closeSync, copyFileSync, existsSync, fdatasync, openSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { APPLICATION_ID, migrations, READABLE_FROM, SCHEMA_VERSION } from './schema.ts';

export type Db = Database.Database;

/** A lab file that can't be used. The message is complete: what, and what to do about it. */
export class LabFileError extends Error {
  override readonly name = 'LabFileError';
}

/** Somebody else writes just now. */
export class LabBusyError extends LabFileError {}

/** `read`: must exist, never written. `write`: must exist. `create`: made if missing. */
export type OpenMode = 'read' | 'write' | 'create';

/** How long a writer is waited for, ms. */
const PATIENCE_MS = 5000;

/** Between two times that the disk is given what was written so far. */
const WRITE_BACK_MS = 500;

/** Readers hold a lab for some ms each. */
const JOURNAL_ATTEMPTS = 20;
const JOURNAL_PAUSE_MS = 10;

/**
 * Opens a lab file. An older one is migrated in one transaction, after a copy to `FILE.vN`, unless it is only read and can be as it
 * is (`READABLE_FROM`). A newer one, or any other file, is refused with a LabFileError; so is one that somebody else writes to for longer than
 * `patience` ms (SQLite blocks the thread meanwhile).
 */
export function openLabFile(path: string, mode: OpenMode, patience = PATIENCE_MS): Db {
  if (mode !== 'create' && !existsSync(path)) {
    throw new LabFileError(`${path}: no such lab file; \`umbra import FILE… --db ${path}\` makes one`);
  }
  let db: Db;
  let outdated: number | undefined;
  try {
    db = new Database(path, { readonly: mode === 'read', timeout: patience });
  } catch (error) {
    throw new LabFileError(`${path}: can't be opened: ${(error as Error).message}`);
  }
  try {
    outdated = prepare(db, path, mode);
    if (outdated === undefined) return db;
  } catch (error) {
    db.close();
    if (error instanceof LabFileError) throw error;
    if (mode === 'read' && (error as { code?: string }).code === 'SQLITE_READONLY_ROLLBACK') {
      rollBack(path, patience);
      return openLabFile(path, mode, patience);
    }
    const text = (error as Error).message;
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new LabBusyError(`${path}: another command is writing to it; try again when it is done`);
    }
    throw new LabFileError(/not a database/.test(text) ? `${path}: not a lab file (not SQLite)` : `${path}: ${text}`);
  }
  db.close();
  migrateForReader(path, outdated, patience);
  return openLabFile(path, mode, patience);
}

/** A lab that can't be read as it is, migrated for a reader: after a copy, as for a writer. */
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

/** A writer was killed: SQLite undoes what it began as soon as somebody reads who may write. */
function rollBack(path: string, patience: number): void {
  try {
    const db = new Database(path, { timeout: patience });
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
  db.defaultSafeIntegers(true);
  const application = Number(db.pragma('application_id', { simple: true }));
  const version = Number(db.pragma('user_version', { simple: true }));
  const fresh = version === 0 && application === 0 && isEmpty(db);
  if (!fresh && application !== APPLICATION_ID) throw new LabFileError(`${path}: an SQLite file, but not a lab file`);
  if (version > SCHEMA_VERSION) {
    throw new LabFileError(
      `${path}: made by a newer Umbra (lab format ${version}; this one knows up to ${SCHEMA_VERSION}): update Umbra`,
    );
  }
  if (version < SCHEMA_VERSION) {
    if (mode === 'read') return version >= READABLE_FROM ? undefined : version;
    if (!fresh) copyFileSync(path, `${path}.v${version}`);
    migrate(db, version);
  }
  if (mode !== 'read') db.pragma('foreign_keys = ON');
  return undefined;
}

function isEmpty(db: Db): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0n;
}

function migrate(db: Db, from: number): void {
  db.transaction(() => {
    for (const step of migrations.slice(from)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

/**
 * Runs `work` in one transaction on a lab file, opened and closed here. What fails or is interrupted leaves the file as it was.
 * A new file is built under another name and only shows up whole.
 *
 * @param work may call its second argument now and then, after writing much: the disk then gets a new file's pages while work goes on,
 *   not all of them at the end
 * @param options `readable`: others can read the lab as it was meanwhile (for an existing lab; it needs SQLite's write-ahead log
 *   beside the file until then). Without it they are kept out as soon as the work outgrows SQLite's cache.
 */
export function inLabFile<T>(
  path: string,
  mode: 'write' | 'create',
  work: (db: Db, writeBack: () => void) => T,
  { readable = false }: { readonly readable?: boolean } = {},
): T {
  const building = mode === 'create' && !existsSync(path) ? `${path}.part` : undefined;
  if (building) removeLabFile(building);
  const db = openLabFile(building ?? path, mode);
  const disk = building === undefined ? undefined : new WriteBack(building);
  let done = false;
  if (readable && !building) setJournal(db, 'wal');
  try {
    const result = db.transaction(() => work(db, () => disk?.begin())).immediate();
    done = true;
    return result;
  } finally {
    if (readable && !building) setJournal(db, 'delete');
    db.close();
    disk?.close();
    if (building && done) renameSync(building, path);
    else if (building) removeLabFile(building);
  }
}

/** Has the system write a growing file to disk, in a thread of Node's, without waiting for it. */
class WriteBack {
  readonly #fd: number;
  #begun = performance.now();

  /** A file that only this process knows: closing it here would give up the locks that SQLite has on it. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r+');
  }

  begin(): void {
    const now = performance.now();
    if (now - this.#begun < WRITE_BACK_MS) return;
    this.#begun = now;
    // Only a start: SQLite syncs the file in the end, and tells what goes wrong.
    fdatasync(this.#fd, () => undefined);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** After a process or thread ended in the middle of a readable `inLabFile`: rolls back what it left, and folds its log away. */
export function recoverLabFile(path: string): void {
  const db = openLabFile(path, 'write');
  setJournal(db, 'delete');
  db.close();
}

/** Tries to switch the journal. Readers that come and go may be in the way; then the file stays as it is, which works too. */
function setJournal(db: Db, mode: 'wal' | 'delete'): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < JOURNAL_ATTEMPTS; attempt++) {
    try {
      // Readers needn't wait for what is copied here, only for the switch after it.
      if (mode === 'delete') db.pragma('wal_checkpoint(PASSIVE)');
      if (db.pragma(`journal_mode = ${mode}`, { simple: true }) === mode) return;
    } catch (error) {
      if (!/locked|busy/i.test((error as Error).message)) throw error;
    }
    Atomics.wait(pause, 0, 0, JOURNAL_PAUSE_MS);
  }
}

/** Removes a lab file and what SQLite keeps beside it. */
function removeLabFile(path: string): void {
  for (const tail of ['', '-journal', '-wal', '-shm']) rmSync(path + tail, { force: true });
}
