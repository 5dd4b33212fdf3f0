/** Board names to choose from: recently used ones, and those in ~/.ssh/config. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { homeFolder } from '../home.ts';
import { checkHost } from './host.ts';

const MAX_RECENT = 12;
const MAX_CONFIGURED = 200;
/** ssh's own limit of nested Includes is 16. */
const MAX_DEPTH = 4;

function recentFile(): string {
  const state = process.env['XDG_STATE_HOME'] ?? process.env['LOCALAPPDATA'] ?? join(homeFolder(), '.local', 'state');
  return join(state, 'umbra', 'boards.json');
}

/** Newest first. Anything but a list of hosts counts as empty. */
export function recentBoards(): string[] {
  try {
    const list: unknown = JSON.parse(readFileSync(recentFile(), 'utf8'));
    return Array.isArray(list) ? list.filter((h): h is string => typeof h === 'string' && isHost(h)) : [];
  } catch {
    return [];
  }
}

/** Best effort: if it can't be written, nothing is remembered. */
export function rememberBoard(host: string): void {
  try {
    const list = [host, ...recentBoards().filter((h) => h !== host)].slice(0, MAX_RECENT);
    mkdirSync(dirname(recentFile()), { recursive: true });
    writeFileSync(recentFile(), `${JSON.stringify(list)}\n`, { mode: 0o600 });
  } catch {
    // Read-only homes are fine.
  }
}

/** Names of `Host` lines without patterns, in file order; unreadable files are skipped. */
export function configuredBoards(file = join(homeFolder(), '.ssh', 'config')): string[] {
  return [...new Set(namesIn(file, 0))].slice(0, MAX_CONFIGURED);
}

function namesIn(file: string, depth: number): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [, keyword, rest] = /^\s*(host|include)[\s=]+(.*?)\s*$/i.exec(line) ?? [];
    const words = (rest?.match(/"[^"]*"|\S+/g) ?? []).map((w) => w.replaceAll('"', ''));
    if (keyword?.toLowerCase() === 'host') return words.filter((w) => !/[*?!]/.test(w) && isHost(w));
    if (keyword === undefined || depth >= MAX_DEPTH) return [];
    return words
      .filter((w) => !/[*?[]/.test(w))
      .map((w) => w.replace(/^~(?=\/)/, homeFolder()))
      .flatMap((w) => namesIn(isAbsolute(w) ? w : join(homeFolder(), '.ssh', w), depth + 1));
  });
}

function isHost(name: string): boolean {
  try {
    return checkHost(name) === name;
  } catch {
    return false;
  }
}
