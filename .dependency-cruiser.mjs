/** `npm run imports`: the whole import graph against imports.js, and circles of files. Types count as imports do. */
import { allowed, ioModules, onlyIn, pure, rooms } from './imports.js';

const within = (place) => (place.endsWith('.ts') ? `^${place}$` : `^${place}/`);
const own = '^(core|electron|renderer)/';

const folderRules = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder} imports only ${others.join(', ') || 'itself'}`,
  severity: 'error',
  from: { path: within(folder) },
  to: { path: own, pathNot: [folder, ...others].map(within) },
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
