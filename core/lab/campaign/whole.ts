/** Files that several processes or machines may write at once: each writes its own, and the last rename wins. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { partBeside, writeAll } from '../part-files.ts';

/** Under another name first, and synced to disk before the rename. Makes the folder. */
export function writeWholeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = partBeside(path);
  const bytes = Buffer.from(text);
  try {
    const fd = openSync(part, 'wx');
    try {
      writeAll(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
