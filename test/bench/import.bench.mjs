/**
 * `umbra import` beside the tools that people use today, on the same files, in one run:
 *
 *     node test/bench/import.bench.mjs [SAMPLES] [EVENTS] [MB]
 *
 * A perf.data of `umbra synth` with SAMPLES SPE records (default 32 000 000, 2 GB: the memory bound shows), a trace.dat of it with
 * EVENTS events and its VM description (default 10 000 000), and a perf.data of MB of SPE data (default 500) grown from the sample
 * pair; seed 1, so that anyone gets the same. Reference: `perf script --itrace=i1i -F ip,time,addr` and `trace-cmd report -N -t`,
 * output thrown away, where they are installed. Each is run ROUNDS times in turn, the best counts: another program on the machine
 * slows some, rarely all.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { writeLargePerfData } from './large-capture.mjs';

const [samples = 32_000_000, kvmEvents = 10_000_000, megabytes = 500] = process.argv.slice(2).map(Number);
const ROUNDS = 2;
const umbra = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
const lab = join(folder, 'bench.umbra');

/** Wall and CPU seconds, peak MB of one command; undefined if it isn't there or fails. */
function run(command, args) {
  const start = process.hrtime.bigint();
  const done = spawnSync('/usr/bin/time', ['-f', 'TIME %U %S %M', command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const told = /TIME ([\d.]+) ([\d.]+) (\d+)\s*$/.exec(done.stderr ?? '');
  if (done.status !== 0 || !told) return undefined;
  return { wall, cpu: Number(told[1]) + Number(told[2]), mb: Number(told[3]) / 1000 };
}

const best = (runs) => runs.reduce((a, b) => (!a || (b && b.wall < a.wall) ? b : a), undefined);
const rate = (n, seconds) => (n / seconds / 1e6).toFixed(2).padStart(6);

function compare(title, file, records, [command, ...args], labBytesOf) {
  const ours = [];
  const theirs = [];
  let labBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(run(command, [...args, file]));
    rmSync(lab, { force: true });
    ours.push(run(process.execPath, [umbra, 'import', file, '--db', lab]));
    labBytes = statSync(lab).size;
  }
  const [own, other] = [best(ours), best(theirs)];
  console.log(`\n${title}: ${records} records, ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  console.log(`${''.padEnd(12)} M records/s   of CPU time   wall s    CPU s   peak MB`);
  const row = (name, r) =>
    console.log(
      `${name.padEnd(12)} ${rate(records, r.wall)}        ${rate(records, r.cpu)}        ${r.wall.toFixed(2).padStart(6)}   ${r.cpu.toFixed(2).padStart(6)}    ${r.mb.toFixed(0).padStart(6)}`,
    );
  row('umbra', own);
  if (other) {
    row(command, other);
    console.log(
      `umbra is ${(other.wall / own.wall).toFixed(1)} × as fast (CPU: ${(other.cpu / own.cpu).toFixed(1)} ×)`,
    );
  } else {
    console.log(`${command} is not installed, or can't read it: nothing to compare with`);
  }
  if (labBytesOf) console.log(`lab file: ${((100 * labBytes) / labBytesOf).toFixed(0)} % of the SPE data`);
}

/** A pair with seed 1; returns its SPE file. */
function synth() {
  const out = join(folder, 'pair');
  const words = ['--out', out, '--seed', '1', '--samples', String(samples), '--interval', '1000'];
  const made = spawnSync(process.execPath, [umbra, 'synth', ...words], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return join(out, 'spe.perf.data');
}

/** A VM's exits and faults; 80 000 events a second of guest time. */
function synthTrace(path) {
  const options = synthOptions({ samples: 1.25 * kvmEvents, kvmEvents, unmaps: 500, zstd: true });
  const sink = new MemorySink();
  const { events, vm } = writeKvmTrace(options, planCapture(options), sink);
  writeFileSync(path, sink.bytes());
  writeFileSync(path.replace('.trace.dat', '.vm.json'), JSON.stringify(vm));
  return events;
}

try {
  const perf = ['perf', 'script', '--itrace=i1i', '-F', 'ip,time,addr', '-i'];
  const spe = synth();
  compare('SPE, umbra synth', spe, samples, perf, statSync(spe).size);
  rmSync(spe);
  const large = join(folder, 'large.perf.data');
  const { records, speBytes } = writeLargePerfData(large, megabytes * 1e6);
  compare('SPE, the sample pair grown', large, records, perf, speBytes);
  rmSync(large);
  const trace = join(folder, 'kvm.trace.dat');
  compare('KVM, umbra synth', trace, synthTrace(trace), ['trace-cmd', 'report', '-N', '-t']);
} finally {
  rmSync(folder, { recursive: true });
}
