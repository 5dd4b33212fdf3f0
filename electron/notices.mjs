/**
 * Writes out/third-party-notices.txt: the licence and notice texts of every npm package shipped in a package of Umbra. The
 * dependencies are walked as npm resolves them; the page's libraries are dev dependencies, since Vite bundles them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Bundled into the pages although npm counts them as dev dependencies. */
const bundled = ['vue', 'pinia'];

const packageOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Where `name` resolves from a package's folder: the nearest node_modules going up. */
function find(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
    if (at === dirname(at)) return undefined;
  }
}

/** Every package that `names` need, by folder. Optional ones that aren't installed (for other platforms) are left out. */
function closure(names, from, seen = new Map()) {
  for (const name of names) {
    const folder = find(name, from);
    if (folder === undefined || seen.has(folder)) continue;
    const info = packageOf(folder);
    seen.set(folder, info);
    closure(Object.keys({ ...info.dependencies, ...info.optionalDependencies }), folder, seen);
  }
  return seen;
}

/** The texts that must be shipped: LICENSE, NOTICE, COPYING, and everything in a licenses folder. */
function texts(folder) {
  const wanted = /^(licen[cs]e|notice|copying)/i;
  return readdirSync(folder, { withFileTypes: true })
    .filter((f) => wanted.test(f.name))
    .flatMap((f) =>
      f.isDirectory()
        ? readdirSync(join(folder, f.name)).map((inner) => join(folder, f.name, inner))
        : [join(folder, f.name)],
    )
    .sort()
    .map((path) => readFileSync(path, 'utf8').trim());
}

/** @returns all notices as one text, packages sorted by name */
export function notices() {
  const { dependencies } = packageOf(root);
  const all = [...closure([...Object.keys(dependencies), ...bundled], root)].sort(([, a], [, b]) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  );
  const parts = all.map(([folder, { name, version, license, author }]) => {
    const found = texts(folder);
    const by = typeof author === 'string' ? author : author?.name;
    const body = found.length ? found.join('\n\n') : `${license ?? 'no licence named'}${by ? `, by ${by}` : ''}`;
    return `${name} ${version} (${license ?? 'no licence named'})\n${'-'.repeat(80)}\n${body}\n`;
  });
  const head =
    'Umbra is licensed under the Apache License, Version 2.0 (see LICENSE). It contains the packages below.\n' +
    'The desktop app also contains Electron, Chromium and Node.js, whose licences lie beside its binary.\n';
  return `${head}\n${parts.join('\n\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, 'out'), { recursive: true });
  writeFileSync(join(root, 'out/third-party-notices.txt'), notices());
}
