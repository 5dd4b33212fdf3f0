/** What is answered before anything else is loaded, on any Node: the version, and the list of commands. Plain JavaScript for Node 18. */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFolder, HELP, isFresh, root } from './program.mjs';

/** @returns {string | undefined} the text; undefined if the program itself must answer */
export function quickAnswer([word]) {
  try {
    if (word === '--version') return `umbra ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`;
    if (word === undefined || word === '--help' || word === '-h' || word === 'help')
      return process.env.UMBRA_SOURCES || !isFresh() ? undefined : readFileSync(join(bundleFolder, HELP), 'utf8');
  } catch {
    // The program knows it, too.
  }
  return undefined;
}

/** Writes to stdout without loading what streams need. */
export function answer(text) {
  try {
    writeSync(1, text);
  } catch (error) {
    // The reader is gone, or isn't ready: then it has to be a stream.
    if (error.code === 'EAGAIN') process.stdout.write(text);
    else if (error.code !== 'EPIPE') throw error;
  }
}
