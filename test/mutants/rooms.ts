/** What `npm run mutants -- ROOM` changes, and the tests that should catch it: the room's own, without those that run the whole program. */
const unit = (...names: string[]) => names.map((name) => `test/unit/${name}.test.ts`);
const golden = (...names: string[]) => names.map((name) => `test/golden/${name}.test.ts`);
const property = (...names: string[]) => names.map((name) => `test/property/${name}.test.ts`);

export const rooms = {
  words: { mutate: ['core/words/**/*.ts'], tests: unit('words-*', 'check-words', 'cli-format') },
  analysis: {
    mutate: ['core/analysis/**/*.ts'],
    tests: [
      ...unit('analysis-*', 'campaign-analysis', 'compare-profiles', 'loss-bins', 'skew-*', 'sweep-crossings'),
      ...unit('windows-*', 'observed-running'),
      ...property('analysis-invariants', 'explain-trigger', 'observed-naive'),
    ],
  },
  model: {
    mutate: ['core/model/**/*.ts'],
    tests: [
      ...unit(
        'alignment',
        'calibration',
        'guest-runs',
        'kvm-decode',
        'kvm-pack',
        'model-*',
        'observed-running',
        'params',
        'placement',
        'policies',
      ),
      ...unit('replay', 'replay-*', 'scenario', 'search', 'sessions', 'stage2-*', 'vm', 'vm-draft', 'windows-summary'),
      ...golden('stage2', 'stage2-rows'),
      ...property(
        'clocks',
        'replay-index',
        'replay-invariants',
        'replay-naive',
        'stage2-naive',
        'sweep-unmap-rate',
        'unread-naive',
      ),
    ],
  },
  formats: {
    mutate: ['core/formats/**/*.ts', '!core/formats/**/*.wasm.ts'],
    tests: [
      ...unit(
        'event-*',
        'foreign',
        'ftrace-text*',
        'fuzz-finds',
        'import-trace',
        'memory',
        'perf-*',
        'spe-*',
        'symbols-elf*',
      ),
      ...unit('symbols-code', 'symbols-text', 'task-bound', 'trace-dat'),
      ...golden('ftrace-text', 'inputs', 'perf-trace', 'spe', 'text-captures', 'trace-dat', 'variants'),
      ...property('perf-data-*', 'perf-trace-damage', 'plain-event', 'script-plain-line', 'spe-decode'),
      ...property('symbols-fuzz', 'trace-fuzz'),
    ],
  },
};
