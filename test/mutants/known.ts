/**
 * `npm run mutants:known [NAME…]`: mutants that a review once found surviving, one at a time, each with the tests that should catch it.
 * Changes the working tree while it runs and puts every file back. Fails if one survives, or no longer fits the code.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Mutant {
  readonly name: string;
  readonly file: string;
  /** A piece of the file that occurs once, and its replacement. */
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const mutants: readonly Mutant[] = [
  {
    name: 'death-at-t+1',
    file: 'core/model/lane-replay.ts',
    from: 'return this.death ? Infinity : this.#run.doom.at;',
    to: 'return this.death ? Infinity : this.#run.doom.at + 1;',
    tests: ['test/unit/replay.test.ts'],
  },
  {
    name: 'rbo-0.8',
    file: 'core/analysis/skew.ts',
    from: 'byKept.subarray(0, 50), 0.9)',
    to: 'byKept.subarray(0, 50), 0.8)',
    tests: ['test/unit/skew-by-key.test.ts'],
  },
  {
    name: 'padding-64-kib',
    file: 'core/formats/spe/segments.ts',
    from: 'const PADDING = 4096;',
    to: 'const PADDING = 65536;',
    tests: ['test/unit/spe-decode.test.ts'],
  },
  {
    name: 'bad-byte-in-cut-segment',
    file: 'core/formats/spe/decode.ts',
    from: 'if (cut && kind !== Kind.BAD) {',
    to: 'if (cut) {',
    tests: ['test/unit/spe-decode.test.ts'],
  },
  {
    name: 'blackouts-end-at-the-part',
    file: 'core/lab/service/run-queries.ts',
    from: "'end_ns >= ?'",
    to: "'end_ns > ?'",
    tests: ['test/unit/run-windows.test.ts'],
  },
  {
    name: 'area-end-at-the-part',
    file: 'core/lab/windows/area.ts',
    from: 'firstAtLeast(end, from, 0, n)',
    to: 'firstAtLeast(end, from + 1, 0, n)',
    tests: ['test/unit/run-windows.test.ts'],
  },
  {
    name: 'latency-bucket',
    file: 'core/lab/symbols/keys.ts',
    from: '1 << (31 - Math.clz32(cycles))',
    to: '1 << (32 - Math.clz32(cycles))',
    tests: ['test/unit/run-windows.test.ts'],
  },
  {
    name: 'overlapping-spans',
    file: 'core/lab/service/run-queries.ts',
    from: 'Math.max(next, firstAtLeast(t, span.start))',
    to: 'firstAtLeast(t, span.start)',
    tests: ['test/unit/run-windows.test.ts'],
  },
  {
    name: 'undefined-sorts-first',
    file: 'renderer/policies/columns.ts',
    from: 'Number(x === undefined) - Number(y === undefined)',
    to: 'Number(y === undefined) - Number(x === undefined)',
    tests: ['test/unit/renderer-policies.test.ts'],
  },
  {
    name: 'bands-without-the-one-before',
    file: 'renderer/timeline/band-index.ts',
    from: 'firstAtLeast(bands.start, start, first, last) - 1)',
    to: 'firstAtLeast(bands.start, start, first, last))',
    tests: ['test/unit/timeline-bands.test.ts'],
  },
  {
    name: 'block-edge',
    file: 'core/analysis/compare-blocks.ts',
    from: 'Math.ceil(((block + 1) * n) / own)',
    to: 'Math.floor(((block + 1) * n) / own)',
    tests: ['test/unit/compare-blocks.test.ts'],
  },
  {
    name: 'severity-order',
    file: 'renderer/components/warning-rows.ts',
    from: 'return severities.flatMap(',
    to: 'return severities.toReversed().flatMap(',
    tests: ['test/unit/renderer-captures.test.ts'],
  },
  {
    name: 'resync-chain-1',
    file: 'core/formats/perf-data/resync.ts',
    from: 'const CHAIN = 3;',
    to: 'const CHAIN = 1;',
    tests: ['test/unit/perf-data-read.test.ts'],
  },
  {
    name: 'preview-clock',
    file: 'renderer/captures/align.ts',
    from: 'clocksOf(spe.clock, kvm.clock)',
    to: "clocksOf(spe.clock, 'perf')",
    tests: ['test/unit/words-signs.test.ts'],
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const wanted = process.argv.slice(2);
const survivors: string[] = [];
for (const { name, file, from, to, tests } of mutants) {
  if (wanted.length && !wanted.includes(name)) continue;
  const path = root + file;
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} no longer holds ${JSON.stringify(from)} once`);
  const missing = tests.find((test) => !existsSync(root + test));
  if (missing !== undefined) throw new Error(`${name}: no ${missing}`);
  let killed = false;
  try {
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'logic', '--bail', '1', ...tests], {
      cwd: root,
      stdio: 'ignore',
    });
    killed = status !== 0;
  } finally {
    writeFileSync(path, text);
  }
  process.stdout.write(`${killed ? 'killed  ' : 'SURVIVED'} ${name}\n`);
  if (!killed) survivors.push(name);
}
process.exitCode = survivors.length ? 1 : 0;
