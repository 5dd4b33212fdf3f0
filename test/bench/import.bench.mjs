/**
 * `umbra import` beside the tools that people use, on the same files, in one run:
 *
 *     node test/bench/import.bench.mjs [MB] [LARGE_MB] [EVENTS]
 *
 * A perf.data of `umbra synth` of MB of SPE data (default 100, a typical size), one of LARGE_MB grown from the sample pair
 * (default 2000: the memory bound shows), a trace.dat of `umbra synth` with EVENTS events (default 4 000 000), and the text that
 * `perf script` and `trace-cmd report` write of the smaller ones. Reference: `perf script --itrace=i1i -F ip,time,addr` and `trace-cmd
 * report -N -t`, output discarded; for text, the tool that writes it. PERF names another perf than that on the path. Tools take turns, and
 * the best of their rounds counts: another program on the machine slows some, rarely all. Where it slows all, CPU time still compares.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { printGoals } from './goals.mjs';
import { writeLargePerfData } from './large-capture.mjs';

const [megabytes = 100, largeMegabytes = 2000, kvmEvents = 4_000_000] = process.argv.slice(2).map(Number);
const RECORD_BYTES = 64;
/** For text of traces; the rest says no more about the speed. */
const TEXT_EVENTS = 400_000;
const perf = process.env.PERF ?? 'perf';
const umbra = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
const lab = join(folder, 'bench.umbra');
const goals = [];

/** Wall and CPU seconds, peak MB of one command; undefined if it isn't there or fails. `output`: what takes its stdout. */
function run([command, ...args], output = 'ignore') {
  const start = process.hrtime.bigint();
  const done = spawnSync('/usr/bin/time', ['-f', 'TIME %U %S %M', command, ...args], {
    stdio: ['ignore', output, 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  const told = /TIME ([\d.]+) ([\d.]+) (\d+)\s*$/.exec(done.stderr ?? '');
  if (done.status !== 0 || !told) return undefined;
  return { wall, cpu: Number(told[1]) + Number(told[2]), mb: Number(told[3]) / 1000 };
}

/** The best of each figure separately. */
const best = (runs) =>
  runs.every(Boolean) &&
  runs.reduce((a, b) => ({ wall: Math.min(a.wall, b.wall), cpu: Math.min(a.cpu, b.cpu), mb: Math.max(a.mb, b.mb) }));
const rate = (n, seconds) => (n / seconds / 1e6).toFixed(2).padStart(6);

/** @param theirs runs the reference once */
function compare({ title, file, records, rounds, command, theirs, atLeast, atMostMb, speBytes }) {
  const [own, other] = [[], []];
  for (let round = 0; round < rounds; round++) {
    other.push(theirs());
    rmSync(lab, { force: true });
    own.push(run([process.execPath, umbra, 'import', file, '--db', lab]));
  }
  const [ours, reference] = [best(own), best(other)];
  console.log(`\n${title}: ${records} records, ${(statSync(file).size / 1e6).toFixed(0)} MB; best of ${rounds}`);
  console.log(`${''.padEnd(12)} M records/s   of CPU time   wall s    CPU s   peak MB`);
  const row = (name, r) =>
    r &&
    console.log(
      `${name.padEnd(12)} ${rate(records, r.wall)}        ${rate(records, r.cpu)}        ${r.wall.toFixed(2).padStart(6)}   ${r.cpu.toFixed(2).padStart(6)}    ${r.mb.toFixed(0).padStart(6)}`,
    );
  row('umbra', ours);
  row(command, reference);
  if (speBytes) console.log(`lab file: ${((100 * statSync(lab).size) / speBytes).toFixed(0)} % of the SPE data`);
  const why = ours ? `${command} isn't there, or can't read it` : 'umbra failed';
  const figure = ours && reference ? reference.wall / ours.wall : undefined;
  goals.push({ what: `${title}: times as fast as ${command}`, figure, unit: '×', atLeast, why });
  if (figure) console.log(`of CPU time: ${(reference.cpu / ours.cpu).toFixed(1)} ×`);
  if (atMostMb) goals.push({ what: `${title}: peak memory`, figure: ours?.mb, unit: 'MB', atMost: atMostMb, why });
}

const quiet = (command) => () => run(command);

/** The reference writes its text to a file, and that is what umbra then imports. */
const writing = (command, file) => () => {
  const fd = openSync(file, 'w');
  try {
    return run(command, fd);
  } finally {
    closeSync(fd);
  }
};

/** A capture with seed 1; returns its file. */
function synth(samples) {
  const out = join(folder, 'pair');
  const words = ['--out', out, '--seed', '1', '--samples', String(samples), '--interval', '1000'];
  const made = spawnSync(process.execPath, [umbra, 'synth', ...words], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return join(out, 'spe.perf.data');
}

/** A VM's exits and faults; 80 000 events a second of guest time. */
function synthTrace(path, wanted) {
  const options = synthOptions({ samples: 1.25 * wanted, kvmEvents: wanted, unmaps: 500, zstd: true });
  const sink = new MemorySink();
  const { events, vm } = writeKvmTrace(options, planCapture(options), sink);
  writeFileSync(path, sink.bytes());
  writeFileSync(path.replace('.trace.dat', '.vm.json'), JSON.stringify(vm));
  return events;
}

function benchSpe() {
  const script = (file) => [perf, 'script', '--itrace=i1i', '-F', 'ip,time,addr', '-i', file];
  const samples = Math.round((megabytes * 1e6) / RECORD_BYTES);
  const file = synth(samples);
  compare({
    ...{ title: `SPE, ${megabytes} MB`, file, records: samples, rounds: 5, command: 'perf script' },
    ...{ theirs: quiet(script(file)), atLeast: 3, speBytes: statSync(file).size },
  });
  const text = join(folder, 'spe.txt');
  const fields = ['--itrace=i1i', '-F', 'comm,tid,cpu,time,event,ip,addr,sym,dso'];
  compare({
    ...{ title: 'text of perf script', file: text, records: samples, rounds: 2, command: 'perf script > text' },
    ...{ theirs: writing([perf, 'script', ...fields, '-i', file], text), atLeast: 2 },
  });
  rmSync(file);
  rmSync(text);
  const large = join(folder, 'large.perf.data');
  const { records, speBytes } = writeLargePerfData(large, largeMegabytes * 1e6);
  compare({
    ...{ title: `SPE, ${largeMegabytes} MB`, file: large, records, rounds: 2, command: 'perf script' },
    ...{ theirs: quiet(script(large)), atLeast: 5, atMostMb: 400, speBytes },
  });
  rmSync(large);
}

function benchTraces() {
  const trace = join(folder, 'kvm.trace.dat');
  const events = synthTrace(trace, kvmEvents);
  compare({
    ...{ title: 'KVM, trace.dat', file: trace, records: events, rounds: 2, command: 'trace-cmd report' },
    ...{ theirs: quiet(['trace-cmd', 'report', '-N', '-t', trace]), atLeast: 5 },
  });
  const few = join(folder, 'few.trace.dat');
  const text = join(folder, 'few.txt');
  compare({
    ...{ title: 'text of trace-cmd', file: text, records: synthTrace(few, TEXT_EVENTS), rounds: 3 },
    ...{ command: 'trace-cmd report > text', theirs: writing(['trace-cmd', 'report', few], text), atLeast: 2 },
  });
}

try {
  benchSpe();
  benchTraces();
  printGoals(goals);
} finally {
  rmSync(folder, { recursive: true });
}
