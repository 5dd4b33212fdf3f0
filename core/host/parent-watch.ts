/** A thread: ends its process when the one that started it is gone. */
import { workerData } from 'node:worker_threads';

const EVERY_MS = 500;

const parent = workerData as number;

setInterval(() => {
  if (!isThere()) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);

/** Orphans get a new parent on Unix; on Windows the number stays but names no process. */
function isThere(): boolean {
  if (process.ppid !== parent) return false;
  try {
    return process.kill(parent, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
