/** Files that appear only when complete: written under another name, renamed at the end, removed if anything fails. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf, systemReason } from '../store/system-errors.ts';
import { printable } from '../words/printable.ts';
import { RequestError } from './about.ts';

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
  const part = `${path}.part`;
  checkTarget(part);
  const fd = openSync(part, 'w');
  let open = true;
  let pending: string[] = [];
  let held = 0;
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  };
  const flush = (): void => {
    const text = pending.join('');
    if (held) put(Buffer.from(raw ? text : printable(text)));
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
        put(bytes);
      },
    });
    flush();
    closeSync(fd);
    open = false;
    renameSync(part, path);
  } catch (error) {
    if (open) closeSync(fd);
    rmSync(part, { force: true });
    throw named(error, path);
  }
}

export function writeTextFile(path: string, text: string): void {
  writeWhole(path, (file) => file.text(text));
}
