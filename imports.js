/**
 * The one list of who may import whom. Each folder may import itself, what is listed here, and npm packages that are not
 * named in `onlyIn`. `npm run imports` (dependency-cruiser, .dependency-cruiser.mjs) checks it over the whole graph, with
 * circles. There are no exceptions; debt would be named here.
 */
const lab = ['core/store', 'core/report', 'core/synth', 'core/analysis', 'core/model', 'core/formats', 'core/contract'];
/** Words, lists and shapes that all share; they import each other alone. */
export const terms = ['core/model/terms.ts', 'core/model/align-rules.ts', 'core/model/terms'];
export const allowed = {
  // Of the model's terms just how to search what ascends.
  'core/formats': ['core/model/terms/search.ts'],
  'core/model': [],
  'core/words': [...terms],
  'core/analysis': ['core/model', 'core/words'],
  'core/store': ['core/formats', 'core/model'],
  'core/synth': ['core/formats', 'core/model'],
  'core/report': ['core/analysis', 'core/model', 'core/words'],
  'core/contract': [...terms, 'core/words'],
  'core/lab': [...lab, 'core/words'],
  'core/cli': ['core/lab', 'core/host', 'core/contract', 'core/words'],
  'core/host': ['core/lab', 'core/contract'],
  electron: ['core/host', 'core/contract'],
  renderer: ['core/contract', 'core/words', ...terms],
};

/** The same between the rooms of core/lab. All may import the files beside the rooms (versions, files), which import no room. */
export const rooms = {
  symbols: [],
  captures: ['symbols'],
  import: ['captures', 'symbols'],
  board: ['import', 'captures'],
  runs: ['captures', 'symbols'],
  windows: ['runs', 'captures', 'symbols'],
  exports: ['runs', 'captures', 'symbols'],
  // Verifying a report imports its captures again.
  reports: ['runs', 'import', 'captures', 'symbols'],
  campaign: ['reports', 'exports', 'runs', 'import', 'captures', 'symbols'],
  service: ['campaign', 'reports', 'exports', 'windows', 'runs', 'board', 'import', 'captures', 'symbols'],
};

/** Folders that do no I/O: bytes and numbers in, numbers out. */
export const pure = ['core/formats', 'core/model', 'core/words', 'core/analysis', 'core/report', 'core/contract'];
export const ioModules = ['fs', 'child_process', 'net', 'http', 'https', 'worker_threads', 'os'];
export const onlyIn = {
  electron: 'electron',
  'better-sqlite3': 'core/store',
  ws: 'core/host',
  vue: 'renderer',
  pinia: 'renderer',
};
