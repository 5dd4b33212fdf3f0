/** Files as byte sources: random access through one bounded buffer a reader. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../formats/problems.ts';
import type { ByteSource } from '../formats/source.ts';

/** One open file of a source. Descriptors are good in all threads of the process. */
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
 * (its parts one behind the other). Throws InputError if there is no such thing to read.
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
    for (const path of paths) parts.push(openPart(path));
    return use(fileSource(name, parts));
  } finally {
    for (const { fd } of parts) closeSync(fd);
  }
}

function openPart(path: string): FilePart {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new InputError(path, reason(error as NodeJS.ErrnoException));
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return { fd, size: stat.size };
  closeSync(fd);
  throw new InputError(
    path,
    stat.isDirectory() ? 'is a directory, not a capture file' : 'is not a regular file: save the stream to one first',
  );
}

/** A source over open files, one behind the other. Its reads share one buffer: a thread needs one of its own. */
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
          const n = readSync(fd, to, got, room, offset + got - start);
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

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EACCES') return 'permission denied';
  return error.message;
}
