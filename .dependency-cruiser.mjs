/** `npm run imports`: the whole import graph against imports.js, and circles of files. Types count as imports do. */
import { allowed, ioModules, onlyIn, pure, rooms, terms } from './imports.js';

const within = (place) => (place.endsWith('.ts') ? `^${place}$` : `^${place}/`);
const own = '^(core|electron|renderer)/';

const folderRules = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder} imports only ${others.join(', ') || 'itself'}`,
  severity: 'error',
  from: { path: within(folder) },
  to: { path: own, pathNot: [folder, ...others].map(within) },
}));

/** What a folder may not reach by any way: the direct rules say so only if each folder on the way keeps to them. */
const reachRules = [
  ['renderer', ['core/lab', 'core/store', 'core/formats', 'core/host', 'core/cli', 'core/report', 'electron']],
  ['core/contract', ['core/lab', 'core/store', 'core/formats', 'core/host', 'core/report']],
  ...pure.map((folder) => [folder, ['core/lab', 'core/store', 'core/host']]),
].map(([folder, never]) => ({
  name: `${folder} does not reach ${never.join(', ')}`,
  severity: 'error',
  from: { path: within(folder) },
  to: { path: never.map(within), reachable: true },
}));

const roomRules = Object.entries(rooms).map(([room, others]) => ({
  name: `core/lab/${room} imports only the rooms ${others.join(', ') || 'of its own'}`,
  severity: 'error',
  from: { path: `^core/lab/${room}/` },
  to: { path: '^core/lab/[^/]+/', pathNot: [room, ...others].map((r) => `^core/lab/${r}/`) },
}));

export default {
  forbidden: [
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    ...folderRules,
    ...reachRules,
    ...roomRules,
    {
      name: 'every room of core/lab is in imports.js',
      severity: 'error',
      from: {},
      to: { path: '^core/lab/[^/]+/', pathNot: Object.keys(rooms).map((r) => `^core/lab/${r}/`) },
    },
    {
      name: "files beside core/lab's rooms import no room",
      severity: 'error',
      from: { path: '^core/lab/[^/]+$' },
      to: { path: '^core/lab/[^/]+/' },
    },
    {
      name: "the model's terms import each other alone",
      severity: 'error',
      from: { path: terms.map(within) },
      to: { path: own, pathNot: terms.map(within) },
    },
    {
      name: 'core, electron and renderer do not import tests',
      severity: 'error',
      from: { path: own },
      to: { path: '^test/' },
    },
    {
      name: 'pure folders do no I/O',
      severity: 'error',
      from: { path: pure.map(within) },
      to: { path: `^(node:)?(${ioModules.join('|')})(/|$)`, dependencyTypes: ['core'] },
    },
    ...Object.entries(onlyIn).map(([name, home]) => ({
      name: `${name} is imported in ${home} only`,
      severity: 'error',
      from: { path: own, pathNot: [`^${home}/`] },
      to: { path: `^node_modules/(@types/)?${name}/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|test/fixtures)/' },
    // Imports of types alone are imports.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
