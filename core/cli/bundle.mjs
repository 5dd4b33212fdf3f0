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

async function build() {
  rmSync(bundleFolder, { recursive: true, force: true });
  const started = Date.now();
  const input = Object.fromEntries(['core/cli/main.ts', ...besides].map((file) => [nameOf(file), join(root, file)]));
  const bundle = await rolldown({ input, platform: 'node', external, plugins: [files()] });
  const { output } = await bundle.write({
    dir: bundleFolder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    sourcemapExcludeSources: true,
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
