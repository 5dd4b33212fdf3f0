/** Files as byte sources: random access through one bounded buffer per reader. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../formats/problems.ts';
import type { ByteSource } from '../formats/source.ts';
import { reasonOf } from '../store/system-errors.ts';

/** One open file of a source. Descriptors are valid in all threads of the process. */
export interface FilePart {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
}

export interface FileSource extends ByteSource {
  readonly parts: readonly FilePart[];
}

/** Runs `use` on an open file. Throws InputError if it isn't a readable file. */
export function withFile<T>(path: string, use: (source: FileSource) => T): T {
  return withParts(path, [path], use);
}

/**
 * Runs `use` on a capture: a file, or what `perf record --threads` leaves, a directory of `data` and `data.0`, `data.1`, …
 * (its parts concatenated). Throws InputError if there is nothing to read.
 */
export function withCapture<T>(path: string, use: (source: FileSource) => T): T {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return withFile(path, use);
  const names = readdirSync(path).filter((name) => /^data(\.\d+)?$/.test(name));
  if (!names.includes('data'))
    throw new InputError(path, 'is a directory, and not one of perf record (no `data` in it)');
  names.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)) || a.length - b.length);
  const paths = names.map((name) => join(path, name));
  return withParts(path, paths, use);
}

function withParts<T>(name: string, paths: readonly string[], use: (source: FileSource) => T): T {
  const parts: FilePart[] = [];
  try {
    for (const path of paths) parts.push(openRegular(path));
    return use(fileSource(name, parts));
  } finally {
    for (const { fd } of parts) closeSync(fd);
  }
}

/**
 * Opens a regular file for reading. Anything else is refused at once: opening a pipe would block until a writer opens it, and a
 * device may never end. Throws InputError.
 */
export function openRegular(path: string): FilePart {
  let fd: number;
  try {
    // Windows has neither this flag nor such pipes.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new InputError(path, reason(error as NodeJS.ErrnoException));
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && (stat.size > 0 || isEmpty(fd))) return { fd, size: stat.size };
  closeSync(fd);
  if (stat.isFile()) throw new InputError(path, MADE_WHEN_READ);
  throw new InputError(path, stat.isDirectory() ? 'is a directory, not a file' : NOT_REGULAR);
}

const NOT_REGULAR = 'is not a regular file: save the stream to one first';
const MADE_WHEN_READ = 'is made by the kernel as it is read, and has no size: copy it first (`cat`)';

/** Files of procfs and tracefs say that they are regular and have no bytes. Some have no end, and some wait for more. */
function isEmpty(fd: number): boolean {
  try {
    return readSync(fd, new Uint8Array(1), 0, 1, 0) === 0;
  } catch {
    return false;
  }
}

/** Most bytes of a text that is read whole. */
const MAX_TEXT = 16 << 20;

/** A whole text file: a description, a policy file, notes. Throws InputError, also if it is larger than `limit` bytes. */
export function readTextFile(path: string, limit = MAX_TEXT): string {
  const { fd, size } = openRegular(path);
  try {
    if (size > limit) throw new InputError(path, `is too large: ${size} bytes, ${limit} are the most for such a file`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** A source over open files, concatenated. Its reads share one buffer: each thread needs its own source. */
export function fileSource(name: string, parts: readonly FilePart[]): FileSource {
  let buffer = new Uint8Array(1 << 20);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return {
    name,
    size,
    parts,
    read(offset, length, into) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      if (!into && wanted > buffer.length) buffer = new Uint8Array(wanted);
      const to = into ?? buffer;
      let got = 0;
      let start = 0;
      for (const { fd, size: bytes } of parts) {
        while (got < wanted && offset + got < start + bytes) {
          const room = Math.min(wanted - got, start + bytes - offset - got);
          const n = readPart(name, fd, to.subarray(got, got + room), offset + got - start);
          // The file shrank while we read it.
          if (n === 0) return to.subarray(0, got);
          got += n;
        }
        start += bytes;
      }
      return to.subarray(0, got);
    },
  };
}

/** The system's error doesn't say which file. */
function readPart(name: string, fd: number, to: Uint8Array, at: number): number {
  try {
    return readSync(fd, to, 0, to.length, at);
  } catch (error) {
    throw new InputError(name, reasonOf(error));
  }
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  // Opening a socket gives this.
  if (error.code === 'ENXIO') return NOT_REGULAR;
  return reasonOf(error);
}
