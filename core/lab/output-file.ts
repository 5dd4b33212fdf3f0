/** Files that appear only when complete: written under another name, renamed at the end, removed if anything fails. */
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { reasonOf, systemReason } from '../store/system-errors.ts';
import { printable } from '../words/printable.ts';
import { RequestError } from './about.ts';
import { partBeside, removeLeftovers, writeAll } from './part-files.ts';

/** Buffered writing of one file. */
export interface OutputFile {
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
}

/** Characters buffered before they are written. */
const HELD = 1 << 18;

/**
 * Throws RequestError if the path exists and isn't a file: renaming over a pipe or a device would remove it, and opening a
 * pipe would block until it has a reader.
 */
export function checkTarget(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile())
    throw new RequestError(`${path}: ${stat.isDirectory() ? 'is a directory' : 'not a regular file'}: name a file`);
}

/** The file that a path stands for, through symbolic links: writing to a link writes to what it points at, though nothing be there yet. */
export function behindLinks(path: string): string {
  let at = path;
  try {
    if (!lstatSync(at).isSymbolicLink()) return at;
    if (existsSync(at)) return realpathSync(at);
    // Ends: what has a loop in it was refused by checkTarget (ELOOP).
    while (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) at = resolve(dirname(at), readlinkSync(at));
  } catch {
    // Nothing there, or not for us: opening it says why.
  }
  return at;
}

/** Makes a folder and those that it lies in, unless they are there. Node's own `recursive` never returns where /proc refuses one. */
export function makeFolder(path: string): void {
  const isThere = () => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else made it meanwhile.
    if (isThere()) return;
    throw new RequestError(`${path}: can't be made a folder: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder, if it is missing, for several files: all of them are left there, or none.
 *
 * @param write adds the path of each before or after it writes it
 */
export function writeTogether<T>(folder: string, write: (written: string[]) => T): T {
  const isNew = !existsSync(folder);
  makeFolder(folder);
  const written: string[] = [];
  try {
    return write(written);
  } catch (error) {
    removeWritten(written, isNew ? folder : undefined);
    throw named(error, folder);
  }
}

/** @param folder goes, too, if nothing else is in it */
export function removeWritten(paths: readonly string[], folder?: string): void {
  for (const path of paths) rmSync(path, { force: true });
  if (folder !== undefined && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** The error of a call on a descriptor says what failed, not where. */
function named(error: unknown, path: string): unknown {
  const reason = systemReason(error);
  return reason === undefined || (error instanceof Error && 'path' in error)
    ? error
    : new RequestError(`${path}: ${reason}`);
}

/** @param options `raw`: names are written verbatim, whatever a terminal makes of them */
export function writeWhole(
  path: string,
  write: (file: OutputFile) => void,
  { raw = false }: { readonly raw?: boolean } = {},
): void {
  checkTarget(path);
  const target = behindLinks(path);
  removeLeftovers(dirname(target));
  const part = partBeside(target);
  const fd = opened(part, path);
  let open = true;
  let pending: string[] = [];
  let held = 0;
  const flush = (): void => {
    const text = pending.join('');
    if (held) writeAll(fd, Buffer.from(raw ? text : printable(text)));
    pending = [];
    held = 0;
  };
  try {
    write({
      text(text) {
        pending.push(text);
        held += text.length;
        if (held >= HELD) flush();
      },
      bytes(bytes) {
        flush();
        writeAll(fd, bytes);
      },
    });
    flush();
    closeSync(fd);
    open = false;
    renameSync(part, target);
  } catch (error) {
    if (open) closeSync(fd);
    rmSync(part, { force: true });
    throw named(error, path);
  }
}

/** Opens the new file that will replace `path`; who may read that is its owner's choice, and stays. Errors name `path`. */
function opened(part: string, path: string): number {
  try {
    return openSync(part, 'wx', (statSync(path, { throwIfNoEntry: false })?.mode ?? 0o666) & 0o777);
  } catch (error) {
    throw new RequestError(`${path}: can't be written: ${reasonOf(error)}`);
  }
}

export function writeTextFile(path: string, text: string): void {
  writeWhole(path, (file) => file.text(text));
}
