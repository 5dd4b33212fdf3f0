/** Names of files being written: they say by whom, so that abandoned ones can be found and no two writers share one. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

const LEFT = /^\.(.+)-(\d+)-[0-9a-f]{8}\.part$/;

/** A new name in the folder of `path`. */
export function partBeside(path: string): string {
  return join(dirname(path), `.${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}.part`);
}

/** Removes what this machine's processes left in a folder when killed while writing. */
export function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, host, pid] = LEFT.exec(name) ?? [];
    if (host !== hostname() || isAlive(Number(pid))) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // Another user's: theirs to remove.
    }
  }
}

/** Writes all of it: where there is room for a part, `writeSync` writes that and says so, and only the next one fails. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

/** Whether this machine has a process with that id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
