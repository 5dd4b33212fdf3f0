/** Files as byte sources: random access through one bounded buffer a reader. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { InputError } from '../formats/problems.ts';
import type { ByteSource } from '../formats/source.ts';

/** Runs `use` on an open file. Throws InputError if it isn't a readable file. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new InputError(path, reason(error as NodeJS.ErrnoException));
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      throw new InputError(
        path,
        stat.isDirectory()
          ? 'is a directory, not a capture file'
          : 'is not a regular file: save the stream to one first',
      );
    }
    return use(fileSource(path, fd, stat.size));
  } finally {
    closeSync(fd);
  }
}

function fileSource(name: string, fd: number, size: number): ByteSource {
  let buffer = new Uint8Array(1 << 20);
  return {
    name,
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      if (wanted > buffer.length) buffer = new Uint8Array(wanted);
      let got = 0;
      while (got < wanted) {
        const n = readSync(fd, buffer, got, wanted - got, offset + got);
        // The file shrank while we read it.
        if (n === 0) break;
        got += n;
      }
      return buffer.subarray(0, got);
    },
  };
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EACCES') return 'permission denied';
  return error.message;
}

/** SHA-256 of a whole source, hex, in bounded memory. */
export function sha256(source: ByteSource): string {
  const hash = createHash('sha256');
  const step = 1 << 20;
  for (let at = 0; at < source.size; at += step) hash.update(source.read(at, step));
  return hash.digest('hex');
}
