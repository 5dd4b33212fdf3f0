// Types are stripped and modules compiled once per user: half the time of a short command. Plain JavaScript: it runs before anything else.
import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * What is in the cache is run as is, so it lives in a folder that nobody else may write to, never in the shared temporary directory that
 * Node would use. Without such a folder there is no cache. Users who set NODE_COMPILE_CACHE have made their own choice.
 */
export function useCompileCache() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  try {
    const home = join(cacheHome(), 'umbra');
    const folder = join(home, 'compiled');
    // One by one: `recursive` never returns below /proc, which some services have for a home.
    for (const each of [cacheHome(), home, folder]) if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
    if (!isOwn(home) || !isOwn(folder)) return;
    const { directory } = enableCompileCache(folder);
    // Threads and processes use the variable.
    if (directory) process.env.NODE_COMPILE_CACHE = folder;
  } catch {
    // No home, a full disk: it is only slower.
  }
}

function cacheHome() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local');
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** A real folder of this user, closed to all others; Windows' folders of a user are. */
function isOwn(folder) {
  if (process.platform === 'win32') return true;
  const { uid } = lstatSync(folder);
  if (uid !== process.getuid()) return false;
  chmodSync(folder, 0o700);
  const stat = lstatSync(folder);
  return stat.isDirectory() && (stat.mode & 0o077) === 0;
}
