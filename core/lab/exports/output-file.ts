/** Files that only show up whole: written under another name, renamed at the end, gone if anything fails. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Buffered writing of one file. */
export interface OutputFile {
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
}

/** Characters held back before they are written. */
const HELD = 1 << 18;

export function writeWhole(path: string, write: (file: OutputFile) => void): void {
  const part = `${path}.part`;
  const fd = openSync(part, 'w');
  let pending: string[] = [];
  let held = 0;
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  };
  const flush = (): void => {
    if (held) put(Buffer.from(pending.join('')));
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
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
