/**
 * Events a second out of a trace.dat, beside trace-cmd where that is installed.
 *
 *     node test/bench/trace.bench.mjs [EVENTS]
 *
 * The input is what `umbra synth` writes: arm64 KVM events on three CPUs, version 7 with zstd, in a temporary directory.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { fieldReader } from '../../core/formats/event-format/field-reader.ts';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { printGoals } from './goals.mjs';

const count = Number(process.argv[2] ?? 2_000_000);

function fileSource(path) {
  const fd = openSync(path, 'r');
  return {
    name: path,
    size: fstatSync(fd).size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    },
    close: () => closeSync(fd),
  };
}

function input() {
  // A VM's exits and faults over 25 s of guest time.
  const options = synthOptions({ samples: 2_500_000, kvmEvents: count, unmaps: 500, zstd: true });
  const sink = new MemorySink();
  const { events } = writeKvmTrace(options, planCapture(options), sink);
  return { events, bytes: sink.bytes() };
}

function measure(what, events, run) {
  const start = process.hrtime.bigint();
  run();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const rate = events / seconds;
  console.log(
    `${what.padEnd(46)} ${seconds.toFixed(2).padStart(7)} s ${(rate / 1e6).toFixed(2).padStart(7)} M events/s`,
  );
  return rate;
}

const directory = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
try {
  const path = join(directory, 'bench.trace.dat');
  const { events, bytes: made } = input();
  writeFileSync(path, made);
  const source = fileSource(path);
  const open = () => openTraceDat(source, new Warnings());
  console.log(`${events} events, ${(source.size / 1e6).toFixed(1)} MB`);

  const columns = new TraceColumns();
  const toColumns = measure('trace.dat to columns', events, () => open().read(columns, () => undefined));
  measure('trace.dat to columns, again (warm)', events, () => open().read(columns, () => undefined));
  measure('… and the fields of guest faults and unmaps', events, () => {
    const file = open();
    const readers = file.dictionary.formats.map((f) =>
      f.name === 'kvm_guest_fault'
        ? fieldReader(f, 'ipa')
        : f.name === 'kvm_unmap_hva_range'
          ? fieldReader(f, 'start')
          : 0,
    );
    let sum = 0;
    file.read(columns, (c) => {
      for (let i = 0; i < c.n; i++) {
        const reader = readers[c.event[i]];
        if (reader) sum += reader.u32(c, i) + reader.high(c, i);
      }
    });
    if (!sum) throw new Error('no fields read');
  });
  const text = [];
  measure('… and their text, as trace-cmd report -N -t', events, () => {
    const file = open();
    const printer = new EventPrinter(file);
    let lines = [];
    file.read(columns, (c) => {
      for (let i = 0; i < c.n; i++) lines.push(printer.line(c, i));
      if (text.length < 12) text.push(`${lines.join('\n')}\n`);
      lines = [];
    });
  });
  const bytes = Buffer.from(text.join(''));
  let n = 0;
  openFtraceText(memorySource(bytes), new Warnings()).read(columns, (c) => (n += c.n));
  measure('trace text to columns', n, () =>
    openFtraceText(memorySource(bytes), new Warnings()).read(columns, () => undefined),
  );

  let figure;
  if (!spawnSync('trace-cmd', ['--version']).error) {
    const theirs = measure('trace-cmd report -N -t >/dev/null', events, () =>
      execFileSync('trace-cmd', ['report', '-N', '-t', path], { stdio: 'ignore' }),
    );
    figure = toColumns / theirs;
  }
  printGoals([
    {
      ...{ what: 'trace.dat to columns: times as fast as trace-cmd report', figure, unit: '×', atLeast: 5 },
      why: 'trace-cmd is not installed: nothing to compare with',
    },
  ]);
  source.close();
} finally {
  rmSync(directory, { recursive: true });
}
