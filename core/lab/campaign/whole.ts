/** Files that several processes or machines may write at once: each writes its own, and the last rename wins. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

/** Name of a file being written: says by whom, so that abandoned ones can be found. */
const LEFT = /^\.(.+)-(\d+)-[0-9a-f]{8}\.part$/;

/** Under another name first, and synced to disk before the rename. Makes the folder. */
export function writeWholeFile(path: string, text: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const part = join(folder, `.${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}.part`);
  const bytes = Buffer.from(text);
  try {
    const fd = openSync(part, 'wx');
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
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

/** Removes what this machine's processes left when killed while writing. */
export function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, host, pid] = LEFT.exec(name) ?? [];
    if (host === hostname() && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Whether this machine has a process with that id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
