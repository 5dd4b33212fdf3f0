/** Tars as boards send them: checks that one is complete, and joins several with a file of ours. POSIX pax, "ustar Interchange Format". */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RequestError } from '../about.ts';
import { writeAll } from '../part-files.ts';

const BLOCK = 512;
const COPY = 1 << 20;

/** Bytes before the two zero blocks that end a tar. @throws RequestError if it ends before that */
function contentLength(fd: number, name: string): number {
  const { size } = fstatSync(fd);
  const header = Buffer.alloc(BLOCK);
  let at = 0;
  while (at + BLOCK <= size) {
    readSync(fd, header, 0, BLOCK, at);
    if (header.every((byte) => byte === 0)) return at;
    const bytes = sizeField(header.subarray(124, 136));
    if (header.toString('latin1', 257, 262) !== 'ustar' || bytes === undefined) break;
    at += BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
  }
  throw new RequestError(`${name}: the tar that came is cut short or damaged at byte ${Math.min(at, size)}`);
}

/** Octal, or GNU's base 256 from 8 GiB on. */
function sizeField(field: Buffer): number | undefined {
  if (field[0] & 0x80) return Number(field.readBigUInt64BE(4) & 0x7fffffffffffffn);
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]+$/.test(text) ? parseInt(text, 8) : undefined;
}

/**
 * Writes the contents of complete tars, and a small text file, into one tar.
 * @param parts path of each, and its owner for the message
 * @throws RequestError if one is incomplete
 */
export function joinTars(
  parts: readonly { path: string; from: string }[],
  extra: { path: string; text: string },
  to: string,
): void {
  const out = openSync(to, 'wx', 0o600);
  try {
    const block = Buffer.alloc(COPY);
    for (const { path, from } of parts) {
      const fd = openSync(path, 'r');
      try {
        const length = contentLength(fd, from);
        for (let at = 0; at < length;) {
          const n = readSync(fd, block, 0, Math.min(COPY, length - at), at);
          writeAll(out, block.subarray(0, n));
          at += n;
        }
      } finally {
        closeSync(fd);
      }
    }
    const text = Buffer.from(extra.text);
    const end = Buffer.alloc(((BLOCK - (text.length % BLOCK)) % BLOCK) + 2 * BLOCK);
    writeAll(out, Buffer.concat([header(extra.path, text.length), text, end]));
  } finally {
    closeSync(out);
  }
}

/** @param path ASCII, under 100 bytes */
function header(path: string, bytes: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(path, 0, 'latin1');
  octal(0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(Math.floor(Date.now() / 1000), 136, 11);
  block.write('        0', 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write('\0 ', 154, 'latin1');
  return block;
}
