/** Problems of a lab file, worded for the user. */
import { readFileSync, statSync } from 'node:fs';

/** A lab file that can't be used. The message is complete: the problem, and what to do about it. */
export class LabFileError extends Error {
  override readonly name = 'LabFileError';
}

/** Another process is writing. */
export class LabBusyError extends LabFileError {}

/** By the first two words of SQLite's result codes (https://www.sqlite.org/rescode.html). */
const reasons: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full; the lab is as it was',
  SQLITE_READONLY: 'may not be written to: the file or its folder is read-only',
  SQLITE_PERM: 'permission denied',
  SQLITE_AUTH: 'permission denied',
  SQLITE_CANTOPEN: "can't be opened, or no file can be made beside it",
  SQLITE_CORRUPT: 'damaged: `sqlite3 LAB .recover` may save what is left',
  SQLITE_NOTADB: 'not a lab file (not SQLite)',
  SQLITE_IOERR: "can't be read or written: the disk is full, or failed",
  SQLITE_NOMEM: 'out of memory',
  SQLITE_TOOBIG: 'holds a value that is too large',
  SQLITE_SCHEMA: 'its tables were changed meanwhile: try again',
};

/** SQLite's own error, wherever thrown. */
export function isSqliteError(error: unknown): error is Error & { readonly code: string } {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof Error && typeof code === 'string' && code.startsWith('SQLITE_');
}

/** An SQLite error caused by the file or the disk, as a LabFileError; any other error as it is. */
export function explainLab(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  const [sqlite, kind = ''] = error.code.split('_');
  const code = `${sqlite}_${kind}`;
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return new LabBusyError(`${path}: ${writerOf(path)} is writing to it; try again when it is done`);
  }
  if (code === 'SQLITE_ERROR' && error.message.includes('malformed')) return labError(path, reasons['SQLITE_CORRUPT']);
  const reason = reasons[code];
  return reason === undefined ? error : labError(path, reason);
}

function labError(path: string, reason: string): LabFileError {
  return new LabFileError(`${path}: ${reason}`);
}

/** Who holds a write lock on a file, or on the .part file it is being made as: by name on Linux, from /proc. */
function writerOf(path: string): string {
  const holder = lockHolder(path) ?? lockHolder(`${path}.part`);
  if (holder === undefined) return 'another command';
  const words = text(`/proc/${holder}/cmdline`)?.split('\0') ?? [];
  const at = words.findIndex((word) => /(^|\/)umbra(\.mjs)?$/.test(word));
  const command = at >= 0 ? words[at + 1] : undefined;
  return command && /^[a-z]+$/.test(command) ? `umbra ${command} (process ${holder})` : `process ${holder}`;
}

function lockHolder(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  const locks = stat && text('/proc/locks');
  if (!locks) return undefined;
  const line = locks.split('\n').find((l) => / WRITE /.test(l) && new RegExp(`:${stat.ino} `).test(l));
  const pid = Number(line?.split(' WRITE ')[1]?.trim().split(' ')[0]);
  return pid > 0 && pid !== process.pid ? pid : undefined;
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
