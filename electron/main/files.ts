/** The files named on a command line. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Absolute paths of the words after the program and (unpackaged) the app's own path. Switches don't count, wherever they are:
 * Chromium moves its own to the front. Linux desktops may pass files as URLs (`%U` of a desktop entry).
 */
export function filesOf(argv: readonly string[], directory: string, isPackaged: boolean): string[] {
  return argv
    .filter((word) => !word.startsWith('-'))
    .slice(isPackaged ? 1 : 2)
    .flatMap((word) => (/^file:\/\//i.test(word) ? pathOf(word) : [resolve(directory, word)]));
}

/** Undefined for a URL that names no file on this machine: a host, an encoded slash, a broken escape. */
function pathOf(url: string): string[] {
  try {
    return [fileURLToPath(url)];
  } catch {
    return [];
  }
}
