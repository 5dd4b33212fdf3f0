/**
 * `umbra replay` as people run it: 13 policies with their assumption checks and skew, on a synthesised pair of seed 1; and `umbra compare` of
 * two such runs, all policies. Wall and CPU seconds, peak memory; the best of ROUNDS.
 *
 *     node test/bench/run.bench.ts [SAMPLES…]        (2 000 000 and 10 000 000)
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printGoals } from './goals.mjs';

const ROUNDS = 3;
const sizes = process.argv.length > 2 ? process.argv.slice(2) : ['2000000', '10000000'];
const umbra = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly mb: number;
}

function run(args: readonly string[]): Measured {
  const start = performance.now();
  const done = spawnSync('/usr/bin/time', ['-f', 'TIME %U %S %M', process.execPath, umbra, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const wall = (performance.now() - start) / 1000;
  const told = /TIME ([\d.]+) ([\d.]+) (\d+)\s*$/.exec(done.stderr);
  if (done.status !== 0 || !told) throw new Error(`umbra ${args[0]}: ${done.stderr}`);
  return { wall, cpu: Number(told[1]) + Number(told[2]), mb: Number(told[3]) / 1000 };
}

/** Wall seconds that `umbra replay` may take, by samples. */
const wanted: Readonly<Record<string, number>> = { '2000000': 2.5, '10000000': 8 };
const goals: Parameters<typeof printGoals>[0][number][] = [];

function row(command: string, samples: string, rounds: readonly Measured[]): void {
  const best = rounds.reduce((a, b) => (b.wall < a.wall ? b : a));
  const cells = [Number(samples).toLocaleString('en'), best.wall.toFixed(2), best.cpu.toFixed(2), best.mb.toFixed(0)];
  console.log(command.padEnd(8) + cells.map((cell, i) => cell.padStart(i === 0 ? 12 : 10)).join(''));
  const seconds = wanted[samples];
  if (command !== 'replay' || seconds === undefined) return;
  const what = `umbra replay, ${cells[0]} samples`;
  goals.push({ what, figure: best.wall, unit: 's', atMost: seconds });
  goals.push({ what: `${what}: peak memory`, figure: best.mb, unit: 'MB', atMost: 500 });
}

console.log(`umbra replay and umbra compare, 13 policies with assumption checks and skew; best of ${ROUNDS}\n`);
console.log('             samples    wall s     CPU s   peak MB');
for (const samples of sizes) {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
  try {
    const [lab, copy] = [join(folder, 'lab.umbra'), join(folder, 'copy.umbra')];
    run(['synth', '--out', folder, '--seed', '1', '--samples', samples]);
    const captures = ['spe.perf.data', 'kvm.trace.dat'].map((name) => join(folder, name));
    run(['import', ...captures, '--vm', join(folder, 'kvm.vm.json'), '--db', lab]);
    const rounds = Array.from({ length: ROUNDS }, () => {
      copyFileSync(lab, copy);
      return run(['replay', '--db', copy, '--spe', '1', '--kvm', '2']);
    });
    row('replay', samples, rounds);
    run(['replay', '--db', copy, '--spe', '1', '--kvm', '2', '--set', 'irqNs=30000']);
    const compare = () => run(['compare', '--db', copy, '--run', '1', '--with', '2']);
    row('compare', samples, Array.from({ length: ROUNDS }, compare));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
printGoals(goals);
