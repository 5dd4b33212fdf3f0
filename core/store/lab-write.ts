/** Writing to lab files: one transaction at a time, locked from the first byte. A new file appears whole or not at all. */
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { explainLab, LabFileError } from './lab-errors.ts';
import { connect, migrate, openLabFile, PATIENCE_MS } from './lab-file.ts';
import type { Db } from './lab-file.ts';
import { reasonOf } from './system-errors.ts';

/** Interval at which data written so far is flushed to disk. */
const WRITE_BACK_MS = 200;

/**
 * SQLite's cache while it makes a new file, KiB: data written once needn't be held, and data flushed early needn't be flushed at the end.
 */
const BUILD_CACHE_KIB = 4000;

/** Readers hold a lab for some ms each. */
const JOURNAL_ATTEMPTS = 20;
const JOURNAL_PAUSE_MS = 10;

/** Does the writing; its second argument may be called now and then, after much was written: see `inLabFile`. */
type Work<T> = (db: Db, writeBack: () => void) => T;

/**
 * Runs `work` in one transaction on a lab file, opened and closed here. A failure or interruption leaves the file as it was. A new file is
 * built under another name and only appears whole; of two that make the same one, the second waits, and continues in the first one's lab.
 * Throws LabBusyError if another process writes for longer than `patience` ms.
 *
 * @param work may call its second argument now and then, after writing much: a new file's pages are then flushed while work goes on, not
 *   all at the end
 * @param options `readable`: others can read the lab as it was meanwhile (for an existing lab; it needs SQLite's write-ahead log
 *   beside the file until then). Without it they are kept out as soon as the work outgrows SQLite's cache.
 */
export function inLabFile<T>(
  path: string,
  mode: 'write' | 'create',
  work: Work<T>,
  { readable = false, patience = PATIENCE_MS }: { readonly readable?: boolean; readonly patience?: number } = {},
): T {
  while (mode === 'create' && !existsSync(path)) {
    const built = build(path, work, patience);
    if (built) return built.result;
  }
  const db = openLabFile(path, mode, patience);
  try {
    if (readable) setJournal(db, 'wal');
    try {
      return db.transaction(() => work(db, () => undefined)).immediate();
    } finally {
      if (readable) setJournal(db, 'delete');
    }
  } catch (error) {
    throw explainLab(error, path);
  } finally {
    db.close();
  }
}

const tails = ['', '-journal', '-wal', '-shm'];

/**
 * Makes a lab as `PATH.part` and renames it. Undefined if another process made or abandoned one meanwhile: look again.
 *
 * The lock is SQLite's on the .part file. A process that waited for it may hold a file that has another name by now, or none: so once
 * locked, its own descriptor is compared with what the name refers to. As long as that descriptor is open, no other file can have its inode
 * number.
 */
function build<T>(path: string, work: Work<T>, patience: number): { readonly result: T } | undefined {
  const part = `${path}.part`;
  const fd = openPart(part, path);
  let db: Db | undefined;
  let mine = false;
  let published = false;
  try {
    db = connect(part, false, patience);
    // In memory: a half-made new file is never rolled back but thrown away.
    db.pragma('journal_mode = MEMORY');
    db.pragma(`cache_size = -${BUILD_CACHE_KIB}`);
    db.pragma('foreign_keys = ON');
    db.exec('BEGIN EXCLUSIVE');
    if (!isNamed(fd, part)) return undefined;
    mine = true;
    // Another process was faster, or left this one when killed.
    if (existsSync(path) || fstatSync(fd).size > 0) return undefined;
    // Kept until the file is closed, so that a complete one isn't taken for a leftover.
    db.pragma('locking_mode = EXCLUSIVE');
    migrate(db);
    const disk = new WriteBack(fd);
    const result = work(db, () => disk.begin());
    db.exec('COMMIT');
    if (!isNamed(fd, part)) throw new LabFileError(`${path}: ${part} was taken away meanwhile; nothing was imported`);
    publish(part, path);
    published = true;
    return { result };
  } catch (error) {
    // Published or thrown away by its maker before SQLite came to open it.
    if (!mine && !isNamed(fd, part)) return undefined;
    if ((error as { code?: string }).code === 'SQLITE_NOTADB') {
      mine = true;
      return undefined;
    }
    throw explainLab(error, path);
  } finally {
    if (db?.inTransaction) db.exec('ROLLBACK');
    // While the lock is held: afterwards the name may refer to another process's file. Windows can't delete an open file.
    const early = mine && !(process.platform === 'win32');
    if (early) removePart(part, published);
    db?.close();
    // After SQLite's: closing any descriptor of a file gives up all locks of the process on it.
    closeSync(fd);
    if (mine && !early) removePart(part, published);
  }
}

/** Opens or creates it, without waiting for a pipe's other end and without following a planted link. */
function openPart(part: string, path: string): number {
  const { O_CREAT, O_RDWR } = constants;
  // Windows has neither.
  const guards = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    const there = lstatSync(part, { throwIfNoEntry: false });
    if (there && !there.isFile()) throw new Error(`${part} is in the way`);
    return openSync(part, O_CREAT | O_RDWR | guards, 0o666);
  } catch (error) {
    throw new LabFileError(`${path}: can't be made: ${reasonOf(error)}`);
  }
}

function isNamed(fd: number, path: string): boolean {
  const [own, named] = [fstatSync(fd, { bigint: true }), statSync(path, { bigint: true, throwIfNoEntry: false })];
  return own.ino === named?.ino && own.dev === named.dev;
}

/** Gives a complete lab its name, but never another file's. */
function publish(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(path))
      throw new LabFileError(
        `${path}: somebody else made this file meanwhile; it was left alone, and nothing was imported`,
      );
    // A file system without hard links.
    renameSync(part, path);
  }
}

function removePart(part: string, published: boolean): void {
  for (const tail of published ? [''] : tails) rmSync(part + tail, { force: true });
}

/** Has the system write a growing file to disk, in a Node thread, without waiting for it. */
class WriteBack {
  readonly #fd: number;
  #begun = performance.now();

  constructor(fd: number) {
    this.#fd = fd;
  }

  begin(): void {
    const now = performance.now();
    if (now - this.#begun < WRITE_BACK_MS) return;
    this.#begun = now;
    // Only a head start: SQLite syncs the file in the end, and reports errors.
    fdatasync(this.#fd, () => undefined);
  }
}

/**
 * After a process or thread ended in the middle of its work: rolls back its leftovers, folds in its log, and removes a new file that it was
 * making. Other processes' files are left alone.
 */
export function recoverLabFile(path: string): void {
  if (!existsSync(path)) return discardLeftover(`${path}.part`);
  const db = openLabFile(path, 'write');
  setJournal(db, 'delete');
  db.close();
}

function discardLeftover(part: string): void {
  if (!lstatSync(part, { throwIfNoEntry: false })?.isFile()) return;
  const db = connect(part, false, 0);
  try {
    db.exec('BEGIN EXCLUSIVE');
    if (process.platform !== 'win32') removePart(part, false);
  } catch {
    // It is in use.
  } finally {
    db.close();
  }
}

/**
 * Rewrites the file without free pages. This needs as much disk space as the lab; if there isn't enough, or the lab is read all the time,
 * the file stays as it is.
 */
export function compactLabFile(path: string): void {
  const db = openLabFile(path, 'write');
  try {
    db.exec('VACUUM');
  } catch (error) {
    if (!/^SQLITE_(FULL|BUSY|LOCKED|IOERR)/.test((error as { code?: string }).code ?? ''))
      throw explainLab(error, path);
  } finally {
    db.close();
  }
}

/** Tries to switch the journal. Readers coming and going may prevent it; then the file stays as it is, which works too. */
function setJournal(db: Db, mode: 'wal' | 'delete'): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < JOURNAL_ATTEMPTS; attempt++) {
    try {
      // Readers needn't wait for this copy, only for the switch after it.
      if (mode === 'delete') db.pragma('wal_checkpoint(PASSIVE)');
      if (db.pragma(`journal_mode = ${mode}`, { simple: true }) === mode) return;
    } catch (error) {
      if (!/locked|busy/i.test((error as Error).message)) throw error;
    }
    Atomics.wait(pause, 0, 0, JOURNAL_PAUSE_MS);
  }
}
