/**
 * Events a second out of a trace.dat, beside trace-cmd where that is installed.
 *
 *     node test/bench/trace.bench.mjs [EVENTS]
 *
 * The input is the fixture's own arm64 KVM events, repeated on two CPUs, as version 7 with zstd, in a temporary directory.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { fieldReader } from '../../core/formats/event-format/field-reader.ts';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { traceDat } from '../unit/trace-dat-writer.ts';

const count = Number(process.argv[2] ?? 2_000_000);
const fixture = fileURLToPath(new URL('../fixtures/trace/b-madvise-lost.v7-zstd.dat', import.meta.url));
const PAGE = 4096;

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

/** The fixture's payloads on pages, over and over. */
function pages(payloads, events, first) {
  const out = [];
  let page = Buffer.alloc(PAGE);
  let used = 16;
  let t = BigInt(first);
  page.writeBigUInt64LE(t, 0);
  for (let n = 0; n < events; n++) {
    const payload = payloads[n % payloads.length];
    if (used + 4 + payload.length > PAGE) {
      page.writeUInt32LE(used - 16, 8);
      out.push(page);
      page = Buffer.alloc(PAGE);
      used = 16;
      page.writeBigUInt64LE(t, 0);
    }
    page.writeUInt32LE((900 << 5) | (payload.length / 4), used);
    page.set(payload, used + 4);
    used += 4 + payload.length;
    t += 900n;
  }
  page.writeUInt32LE(used - 16, 8);
  out.push(page);
  return out;
}

function input() {
  const file = openTraceDat(memorySource(readFileSync(fixture)), new Warnings());
  const payloads = [];
  file.read(new TraceColumns(), (c) => {
    for (let i = 0; i < c.n; i++) {
      const payload = c.payload.slice(c.start[i], c.start[i + 1]);
      if (payload.length <= 112) payloads.push(payload);
    }
  });
  const systems = {};
  const ftrace = [];
  for (const f of file.dictionary.formats) (f.system === 'ftrace' ? ftrace : (systems[f.system] ??= [])).push(f.text);
  const cpus = [pages(payloads, count / 2, 1_000_000), pages(payloads, count / 2, 1_000_450)];
  return traceDat({ version: 7, compression: 'zstd', pagesPerChunk: 10, ftrace, systems, cpus, clock: 'mono' });
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
  writeFileSync(path, input());
  const source = fileSource(path);
  const open = () => openTraceDat(source, new Warnings());
  console.log(`${count} events, ${(source.size / 1e6).toFixed(1)} MB`);

  const columns = new TraceColumns();
  const toColumns = measure('trace.dat to columns', count, () => open().read(columns, () => undefined));
  measure('trace.dat to columns, again (warm)', count, () => open().read(columns, () => undefined));
  measure('… and the fields of guest faults and unmaps', count, () => {
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
  measure('… and their text, as trace-cmd report -N -t', count, () => {
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

  if (spawnSync('trace-cmd', ['--version']).error) {
    console.log('trace-cmd is not installed: nothing to compare with');
  } else {
    const theirs = measure('trace-cmd report -N -t >/dev/null', count, () =>
      execFileSync('trace-cmd', ['report', '-N', '-t', path], { stdio: 'ignore' }),
    );
    console.log(`columns against trace-cmd: ${(toColumns / theirs).toFixed(1)} x`);
  }
  source.close();
} finally {
  rmSync(directory, { recursive: true });
}
