/**
 * `umbra import` beside the tools that people use, on the same files, in one run:
 *
 *     node test/bench/import.bench.mjs [ROW…] [--megabytes MB] [--large MB] [--events N] [--rounds N]
 *
 * A row takes under a minute, but for `large`. Without ROW, all of them:
 *
 * - `spe`    a perf.data of `umbra synth` with 100 MB of SPE data (--megabytes), a typical size
 * - `text`   the text that `perf script` writes of it
 * - `large`  a perf.data of 2000 MB (--large) grown from the sample pair: the memory bound shows
 * - `kvm`    a trace.dat of `umbra synth` with 4 000 000 events (--events)
 * - `trace`  the text, of 100 MB (--megabytes), that `trace-cmd report` writes of one
 * - `traces` the text that it writes of that with all events, 570 MB
 * - `start`  `umbra --version` and `--help`, on this Node and on the one on the path
 *
 * Reference: `perf script --itrace=i1i -F ip,time,addr` and `trace-cmd report -N -t`, output discarded; for text, the tool that writes it.
 * PERF names another perf than that on the path. Tools take turns, and the best of their rounds counts: another program on the machine
 * slows some, rarely all. Where it slows all, CPU time still compares.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { printGoals } from './goals.mjs';
import { writeLargePerfData } from './large-capture.mjs';

const number = (value) => ({ type: 'string', default: value });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { megabytes: number('100'), large: number('2000'), events: number('4000000'), rounds: number('5') },
});
const [megabytes, largeMegabytes, kvmEvents, rounds] = [
  values.megabytes,
  values.large,
  values.events,
  values.rounds,
].map(Number);
const RECORD_BYTES = 64;
/** A line that trace-cmd writes of such a trace. */
const LINE_BYTES = 141;
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
function compare({ title, file, records, command, theirs, atLeast, atMostMb, speBytes, most = Infinity }) {
  const times = Math.min(rounds, most);
  const [own, other] = [[], []];
  for (let round = 0; round < times; round++) {
    other.push(theirs());
    rmSync(lab, { force: true });
    own.push(run([process.execPath, umbra, 'import', file, '--db', lab]));
  }
  const [ours, reference] = [best(own), best(other)];
  console.log(`\n${title}: ${records} records, ${(statSync(file).size / 1e6).toFixed(0)} MB; best of ${times}`);
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
  if (figure)
    console.log(
      `umbra is ${figure.toFixed(2)} × as fast (goal ${atLeast} ×); of CPU time ${(reference.cpu / ours.cpu).toFixed(2)} ×`,
    );
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

const script = (file) => [perf, 'script', '--itrace=i1i', '-F', 'ip,time,addr', '-i', file];
const samples = Math.round((megabytes * 1e6) / RECORD_BYTES);
let made;
/** The capture of two rows. */
const capture = () => (made ??= synth(samples));

function traceText(events, most) {
  const trace = join(folder, 'text.trace.dat');
  const file = join(folder, 'text.txt');
  const records = synthTrace(trace, Math.round(events));
  compare({
    ...{ title: `text of trace-cmd, ${Math.round((records * LINE_BYTES) / 1e6)} MB`, file, records, most },
    ...{ command: 'trace-cmd report > text', theirs: writing(['trace-cmd', 'report', trace], file), atLeast: 2 },
  });
  rmSync(file);
}

const rows = {
  spe() {
    const file = capture();
    compare({
      ...{ title: `SPE, ${megabytes} MB`, file, records: samples, command: 'perf script' },
      ...{ theirs: quiet(script(file)), atLeast: 3, speBytes: statSync(file).size },
    });
  },
  text() {
    const file = join(folder, 'spe.txt');
    const command = [...script(capture()), '-F', 'comm,tid,cpu,time,event,ip,addr,sym,dso'];
    compare({
      ...{ title: 'text of perf script', file, records: samples, command: 'perf script > text' },
      ...{ theirs: writing(command, file), atLeast: 2 },
    });
    rmSync(file);
  },
  large() {
    const file = join(folder, 'large.perf.data');
    const { records, speBytes } = writeLargePerfData(file, largeMegabytes * 1e6);
    compare({
      ...{ title: `SPE, ${largeMegabytes} MB`, file, records, command: 'perf script' },
      ...{ theirs: quiet(script(file)), atLeast: 5, atMostMb: 400, speBytes, most: 2 },
    });
    rmSync(file);
  },
  kvm() {
    const file = join(folder, 'kvm.trace.dat');
    const records = synthTrace(file, kvmEvents);
    compare({
      ...{ title: 'KVM, trace.dat', file, records, command: 'trace-cmd report' },
      ...{ theirs: quiet(['trace-cmd', 'report', '-N', '-t', file]), atLeast: 5 },
    });
  },
  trace: () => traceText((megabytes * 1e6) / LINE_BYTES),
  traces: () => traceText(kvmEvents, 2),
  start() {
    const nodes = [
      { name: 'this Node', node: process.execPath, atMost: 0.12 },
      { name: 'node on the path', node: 'node', atMost: 0.25 },
    ];
    console.log(`\n${''.padEnd(32)} wall s    CPU s   best of ${4 * rounds}`);
    for (const { name, node, atMost } of nodes) {
      for (const word of ['--version', '--help']) {
        const r = best(Array.from({ length: 4 * rounds }, () => run([node, umbra, word])));
        if (r) console.log(`${`umbra ${word}, ${name}`.padEnd(32)} ${r.wall.toFixed(3)}    ${r.cpu.toFixed(2)}`);
        goals.push({ what: `umbra ${word}, ${name}`, figure: r?.wall, unit: 's', atMost, why: 'failed' });
      }
    }
  },
};

const wanted = positionals.length ? positionals : Object.keys(rows);
const unknown = wanted.find((name) => !Object.hasOwn(rows, name));
if (unknown !== undefined) throw new Error(`no row '${unknown}'; there are ${Object.keys(rows).join(', ')}`);
try {
  for (const name of wanted) rows[name]();
  printGoals(goals);
} finally {
  rmSync(folder, { recursive: true });
}
