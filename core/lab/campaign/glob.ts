/** Paths with `*`, `**` and `{factor}`: which files match, and the factors' values in each. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Match {
  /** Relative to the folder that was searched, with `/`. */
  readonly path: string;
  readonly factors: Readonly<Record<string, string>>;
}

const isPattern = (text: string): boolean => /[*{]/.test(text);

/** Names of the factors that a pattern captures. */
export function factorsIn(pattern: string): string[] {
  return [...new Set([...pattern.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name))];
}

/** Replaces `{board}` in a text by its value; unknown names stay as they are. */
export function fill(text: string, factors: Readonly<Record<string, string>>): string {
  return text.replace(/\{([^{}]*)\}/g, (whole, name: string) => factors[name] ?? whole);
}

/** Files and folders below `root` that match, sorted by path. A path component without a pattern is only checked, not listed. */
export function glob(root: string, pattern: string): Match[] {
  if (pattern.startsWith('/')) return glob('/', pattern.slice(1)).map((m) => ({ ...m, path: `/${m.path}` }));
  const parts = pattern.split('/').filter(Boolean);
  const found = new Map<string, Match>();
  const walk = (at: string, i: number, factors: Match['factors']): void => {
    const part = parts[i];
    if (part === undefined) {
      if (!found.has(at)) found.set(at, { path: at, factors });
      return;
    }
    const below = (name: string): string => (at === '' ? name : `${at}/${name}`);
    const last = i === parts.length - 1;
    if (part === '**') {
      walk(at, i + 1, factors);
      for (const { name, folder } of entries(join(root, at))) if (folder) walk(below(name), i, factors);
    } else if (!isPattern(part)) {
      if (!last || existsSync(join(root, below(part)))) walk(below(part), i + 1, factors);
    } else {
      const { regex, names } = componentRegex(part, factors);
      for (const { name, folder } of entries(join(root, at))) {
        const match = regex.exec(name);
        if (!match || (!last && !folder)) continue;
        walk(below(name), i + 1, { ...factors, ...Object.fromEntries(names.map((n, g) => [n, match[g + 1]])) });
      }
    }
  };
  walk('', 0, {});
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Except hidden ones. */
function entries(folder: string): { name: string; folder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .map((entry) => ({
        name: entry.name,
        folder: entry.isSymbolicLink()
          ? (statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false)
          : entry.isDirectory(),
      }));
  } catch {
    return [];
  }
}

/** One path component; a factor that is known already must match again. */
function componentRegex(
  part: string,
  known: Readonly<Record<string, string>>,
): { regex: RegExp; names: readonly string[] } {
  const names: string[] = [];
  const source = part.replace(/\{([^{}]*)\}|\*|[^{*]+|\{/g, (piece, name: string | undefined) => {
    if (name !== undefined && known[name] !== undefined) return escape(known[name]);
    if (name !== undefined && names.includes(name)) return `\\${names.indexOf(name) + 1}`;
    if (name !== undefined) return (names.push(name), '([^/]+)');
    return piece === '*' ? '[^/]*' : escape(piece);
  });
  return { regex: new RegExp(`^${source}$`, 's'), names };
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether a path matches the pattern. */
export function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split('/')
    .map((part) =>
      part === '**' ? '**' : componentRegex(part.replace(/\{[^{}]*\}/g, '*'), {}).regex.source.slice(1, -1),
    )
    .join('/')
    .replaceAll('**/', '(?:.*/)?')
    .replaceAll('**', '.*');
  return new RegExp(`^${source}$`, 's').test(path);
}
