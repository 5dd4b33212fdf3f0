/**
 * The one list of who may import whom. Each folder may import itself, what stands here, and npm packages that are not
 * named in `onlyIn`. Anything tolerated against this order is debt and would stand here by name; there is none.
 */
const allowed = {
  'core/formats': [],
  'core/model': [],
  'core/analysis': ['core/model', 'core/words'],
  'core/store': ['core/formats', 'core/model'],
  'core/synth': ['core/formats', 'core/model'],
  'core/report': ['core/analysis', 'core/model', 'core/words'],
  'core/words': ['core/model/terms.ts'],
  'core/contract': ['core/analysis', 'core/model', 'core/words', 'core/lab'],
  'core/lab': [
    'core/store',
    'core/report',
    'core/synth',
    'core/analysis',
    'core/model',
    'core/formats',
    'core/contract',
    'core/words',
  ],
  'core/cli': ['core/lab', 'core/host', 'core/contract', 'core/words'],
  'core/host': ['core/lab', 'core/contract'],
  electron: ['core/host', 'core/contract', 'core/lab'],
  renderer: ['core/contract', 'core/words', 'core/model/terms.ts', 'core/model/align-rules.ts'],
};

/** Folders that do no I/O: bytes and numbers in, numbers out. */
const pure = ['core/formats', 'core/model', 'core/analysis', 'core/report'];
const io = ['fs', 'child_process', 'net', 'http', 'https', 'worker_threads', 'os'].flatMap((m) => [
  m,
  `node:${m}`,
  `node:${m}/*`,
]);
const onlyIn = {
  electron: 'electron',
  'better-sqlite3': 'core/store',
  ws: 'core/host',
  vue: 'renderer',
  pinia: 'renderer',
};

/** A folder's files reach another folder as `../x/…`, `../../x/…` and so on: forbid every top folder that isn't allowed. */
function rule(folder) {
  const others = Object.keys(allowed).filter((f) => f !== folder && !allowed[folder].some((a) => a === f));
  const patterns = others.map((f) => {
    const except = allowed[folder].filter((a) => a.startsWith(`${f}/`)).map((a) => a.slice(f.length + 1));
    const tail = f.replace('core/', '(core/)?');
    return {
      regex: `^(\\.\\./)+${tail}/${except.length ? `(?!${except.join('|')})` : ''}`,
      message: `${folder} may not import ${f} (imports.js).`,
    };
  });
  const packages = Object.entries(onlyIn)
    .filter(([, home]) => home !== folder)
    .map(([name, home]) => ({
      group: [name, `${name}/*`],
      message: `${name} is imported in ${home} only (imports.js).`,
    }));
  const noIo = pure.includes(folder) ? [{ group: io, message: `${folder} does no I/O (imports.js).` }] : [];
  return {
    files: [`${folder}/**/*.{ts,vue}`],
    rules: { 'no-restricted-imports': ['error', { patterns: [...patterns, ...packages, ...noIo] }] },
  };
}

export const importRules = Object.keys(allowed).map(rule);
