/**
 * Bundles the command into out/cli; run by `npm run build`, and so by `npm ci`. A short command spends most of its time loading some
 * hundred source files and stripping their types; of the bundle it loads a few. What a command imports when called stays separate.
 */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { bundleFolder, HELP, root, STAMP } from './program.mjs';

/** Native libraries, and packages resolved to find one of their files, stay in node_modules. */
const external = [/^node:/, /^better-sqlite3/, /^@duckdb\//];
/** Threads that core/lab/import/threads.ts and processes that core/lab/campaign/query.ts look for beside the file that holds them. */
const besides = [
  'core/lab/import/spe-worker.ts',
  'core/lab/import/trace-worker.ts',
  'core/lab/import/hash-worker.ts',
  'core/lab/import/packed/unpack-worker.ts',
  'core/lab/campaign/duckdb-process.ts',
];

/**
 * An import's sources in few chunks, each with all that its roots import and no earlier one has: left alone there are 56, and to find and
 * link them takes longer than to run them. Only what an import loads anyway is put together; what starts first is small.
 */
const importing = ['core/cli/run-command.ts', 'core/cli/commands/import.ts'];
const chunks = {
  start: ['core/cli/commands/index.ts'],
  command: ['core/cli/run-command.ts'],
  threads: besides.filter((file) => /(trace|hash|unpack)-worker/.test(file)),
  spe: besides.filter((file) => file.endsWith('spe-worker.ts')),
  lab: ['core/cli/commands/captures.ts'],
  import: importing,
};

const nameOf = (file) => file.replace(/^.*\//, '').replace(/\.\w+$/, '');

/** `new URL('…', import.meta.url)`: a program gets its own bundle, any other file is named relative to out/cli. */
function files() {
  const pattern = /new URL\('(\.[^']+)', import\.meta\.url\)/g;
  return {
    name: 'files-by-url',
    transform: {
      filter: { id: /core.*\.ts$/, code: 'import.meta.url' },
      handler(code, id) {
        const replaced = code.replace(pattern, (_, path) => {
          const file = resolve(dirname(id), path);
          if (file.endsWith('.ts')) this.emitFile({ type: 'chunk', id: file, fileName: `${nameOf(file)}.js` });
          const seen = file.endsWith('.ts')
            ? `./${nameOf(file)}.js`
            : relative(bundleFolder, file).replaceAll('\\', '/');
          return `new URL('${seen}', import.meta.url)`;
        });
        // Lines stay where they are.
        return { code: replaced, map: null };
      },
    },
  };
}

/** `chunks` as the bundler wants them. */
class Groups {
  /** By source: what it imports. */
  #imports = new Map();
  plugin = { name: 'imports', moduleParsed: ({ id, importedIds }) => void this.#imports.set(id, importedIds) };
  list = Object.entries(chunks).map(([name, roots], place, { length }) => {
    let ids;
    const test = (id) => (ids ??= this.#reached(roots).intersection(this.#reached(importing))).has(id);
    return { name, test, priority: length - place };
  });

  #reached(roots) {
    const ids = new Set(roots.map((file) => join(root, file)));
    for (const id of ids) for (const next of this.#imports.get(id) ?? []) ids.add(next);
    return ids;
  }
}

async function build() {
  rmSync(bundleFolder, { recursive: true, force: true });
  const started = Date.now();
  const input = Object.fromEntries(['core/cli/main.ts', ...besides].map((file) => [nameOf(file), join(root, file)]));
  const groups = new Groups();
  const bundle = await rolldown({ input, platform: 'node', external, plugins: [files(), groups.plugin] });
  const { output } = await bundle.write({
    dir: bundleFolder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    sourcemapExcludeSources: true,
    codeSplitting: { groups: groups.list },
  });
  writeFileSync(join(bundleFolder, HELP), await help());
  const inputs = new Set(output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : [])));
  const sources = [...inputs].filter((file) => file.startsWith(join(root, 'core'))).sort();
  // Last: a bundle without its stamp isn't used.
  const sizes = Object.fromEntries(
    sources.map((file) => [relative(root, file).replaceAll('\\', '/'), statSync(file).size]),
  );
  writeFileSync(join(bundleFolder, STAMP), JSON.stringify({ started, sizes }));
}

/** What the bundle prints as help. */
async function help() {
  const { here } = await import(pathToFileURL(join(bundleFolder, 'main.js')).href);
  const { runCommand } = await here();
  let text = '';
  await runCommand(['--help'], { write: (more) => (text += more), note() {}, flush() {} });
  if (!text) throw new Error('the bundle prints no help');
  return text;
}

await build();
