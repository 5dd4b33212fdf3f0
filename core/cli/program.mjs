/** Where the command's program is: the bundle that `npm run build` made, unless a source has changed since. Plain JavaScript for Node 18. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bundleFolder = join(root, 'out/cli');
/** When the bundle was begun, and the sizes of the sources in it, by path. Written by bundle.mjs. */
export const STAMP = 'stamp.json';
/** What `umbra --help` prints. Written by bundle.mjs. */
export const HELP = 'help.txt';

/** Some hundred stats, 3 ms. A source that was changed, or came with another checkout, is newer than the bundle or has another size. */
export function isFresh(folder = bundleFolder) {
  try {
    const { started, sizes } = JSON.parse(readFileSync(join(folder, STAMP), 'utf8'));
    for (const file in sizes) {
      const { size, mtimeMs } = statSync(root + file);
      if (size !== sizes[file] || mtimeMs > started) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * The module that exports `main`.
 * @returns its URL; UMBRA_SOURCES=1 asks for the sources
 */
export function program() {
  const bundled = !process.env.UMBRA_SOURCES && isFresh();
  return bundled ? pathToFileURL(join(bundleFolder, 'main.js')).href : new URL('./main.ts', import.meta.url).href;
}
