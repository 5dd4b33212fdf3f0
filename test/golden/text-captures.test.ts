/** Text captures against the captures they were printed from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { openSpeScript } from '../../core/formats/perf-script/spe-script.ts';
import { openTraceScript } from '../../core/formats/perf-script/trace-script.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { openRawSpe } from '../../core/formats/raw-spe/raw-spe.ts';
import type { ByteSource } from '../../core/formats/source.ts';
import { memorySource } from '../../core/formats/source.ts';
import { Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { dumpPackets } from '../../core/formats/spe/dump.ts';
import { DecodedColumns } from '../../core/formats/spe/record-memory.ts';
import { sampleJson } from '../../core/formats/spe/sample-json.ts';
import type { TextSamples } from '../../core/formats/spe/text-samples.ts';
import { openSpeCsv } from '../../core/formats/spe-csv/spe-csv.ts';
import { detectFormat } from '../../core/lab/import/detect.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { symbolsInLab } from '../../core/lab/symbols/symbols.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { readSymbols } from '../../core/store/symbols.ts';

const path = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const bytesOf = (name: string) => {
  const bytes = new Uint8Array(readFileSync(path(name)));
  return name.endsWith('.gz') ? new Uint8Array(gunzipSync(bytes)) : bytes;
};
const source = (name: string) => memorySource(bytesOf(name), name);
const lab = mkdtempSync(join(tmpdir(), 'umbra-text-'));
afterAll(() => rmSync(lab, { recursive: true, force: true }));

/** A source that gives at most 100 bytes a read: results must not depend on where reads end. */
const slow = (s: ByteSource): ByteSource => ({ ...s, read: (at, n) => s.read(at, Math.min(n, 100)).slice() });

interface Row {
  t: bigint;
  cpu: number;
  pid?: number;
  tid?: number;
  pc: bigint;
  va?: bigint;
  pa?: bigint;
  total?: number;
  store?: boolean;
}

/** `addresses`: with the fields that only -F shows. */
function row(c: SpeColumns, i: number, all: boolean): Row {
  const has = (bit: number) => (c.present[i] & bit) !== 0;
  const operation = has(Has.OP) && c.op[i] >> 8 === 1;
  return {
    t: c.t[i],
    cpu: c.cpu[i],
    tid: has(Has.TID) ? c.tid[i] : undefined,
    pc: c.pc[i],
    ...(all && {
      pid: has(Has.PID) ? c.pid[i] : undefined,
      va: has(Has.VA) ? c.va[i] : undefined,
      pa: has(Has.PA) ? c.pa[i] : undefined,
      total: has(Has.TOTAL) ? c.totalLat[i] : undefined,
      store: operation ? (c.op[i] & 1) === 1 : undefined,
    }),
  };
}

function textRows(text: TextSamples, all: boolean): Row[] {
  const rows: Row[] = [];
  text.read(new SpeColumns(1000), (batch) => {
    for (let i = 0; i < batch.n; i++) rows.push(row(batch, i, all));
  });
  return rows;
}

/** The first records of the capture, in time order as perf prints them. */
function decodedRows(n: number, all: boolean): Row[] {
  const warnings = new Warnings();
  const perf = openPerfData(source('pair/kvbench.perf.data'), warnings);
  const rows: Row[] = [];
  for (const queue of perf.queues) {
    const take = (batch: SpeColumns) => {
      for (let i = 0; i < batch.n; i++) rows.push(row(batch, i, all));
    };
    decodeSpe(perf, queue, new DecodedColumns(), take, warnings);
  }
  return rows.sort((a, b) => (a.t < b.t ? -1 : a.t > b.t ? 1 : 0)).slice(0, n);
}

test('perf script with all fields: the samples that the capture decodes to', () => {
  const warnings = new Warnings();
  const rows = textRows(openSpeScript(source('text/pair.fields.script.txt.gz'), warnings), true);
  expect(rows).toHaveLength(3000);
  expect(rows).toEqual(decodedRows(3000, true));
  expect(warnings.list().map((w) => w.kind)).toEqual(['spe-assumed-size']);
});

test('perf script with default fields: times in whole µs, code by name', () => {
  const text = openSpeScript(source('text/pair.default.script.txt.gz'), new Warnings());
  const rows = textRows(text, false);
  expect(rows).toEqual(decodedRows(3000, false).map((r) => ({ ...r, t: (r.t / 1000n) * 1000n })));
  expect(text.binaries.map((b) => b.file)).toEqual([
    '/opt/demo/bin/kvbench',
    '[kernel.kallsyms]',
    '/usr/lib/aarch64-linux-gnu/libc.so.6',
  ]);
  expect(text.comms.get(4428)).toBe('kv-w1');
  expect(text.symbols.find((s) => s.name === '__pfx_folio_deactivate')?.start).toBe(0xffff8000805a2010n);
});

test('of several samples of one record one counts', () => {
  const warnings = new Warnings();
  const rows = textRows(openSpeScript(source('text/pair.all-events.script.txt.gz'), warnings), false);
  const memory = new TextDecoder().decode(bytesOf('text/pair.all-events.script.txt.gz')).match(/ memory: /g)!;
  expect(rows).toHaveLength(memory.length);
  expect(warnings.list().find((w) => w.kind === 'script-merged-samples')).toBeDefined();
  expect(warnings.list().find((w) => w.kind === 'script-not-whole')).toBeDefined();
});

test.each(['text/pair.fields.script.txt.gz', 'text/pair.default.script.txt.gz'])('%s in small reads', (name) => {
  const read = (s: ByteSource) => textRows(openSpeScript(s, new Warnings()), true).slice(0, 300);
  expect(read(slow(memorySource(bytesOf(name).slice(0, 80000))))).toEqual(
    read(memorySource(bytesOf(name).slice(0, 80000))),
  );
});

const EVENT = /^\s*(\S.*?)\s+(\d+) \[(\d+)\]\s+(\d+)\.(\d{6}):\s+(\w+):(\w+): (.*)$/;

test.each(['text/b-madvise.script-guest.txt.gz', 'text/b-madvise.script.txt.gz', 'text/callgraph.script-guest.txt.gz'])(
  '%s: each event with its thread, CPU, time and text',
  (name) => {
    const warnings = new Warnings();
    const trace = openTraceScript(source(name), warnings);
    const printer = new EventPrinter(trace);
    const found: unknown[] = [];
    trace.read(new TraceColumns(), (b) => {
      for (let i = 0; i < b.n; i++) {
        const format = trace.dictionary.formats[b.event[i]];
        const comm = trace.dictionary.comms[b.comm[i]];
        found.push([comm, b.tid[i], b.cpu[i], b.t[i], format.system, format.name, printer.text(b, i)]);
      }
    });
    const lines = new TextDecoder().decode(bytesOf(name)).split('\n');
    const told = lines.flatMap((line) => {
      const m = EVENT.exec(line);
      if (!m) return [];
      const t = BigInt(m[4]) * 1000000000n + BigInt(m[5]) * 1000n;
      return [[m[1], Number(m[2]), Number(m[3]), t, m[6], m[7], m[8]]];
    });
    expect(told.length).toBeGreaterThan(30);
    expect(found).toEqual(told);
    const kinds = name.includes('b-madvise.script-guest') ? [] : ['script-no-guest'];
    expect(warnings.list().map((w) => w.kind)).toEqual(kinds);
  },
);

test('a raw buffer: packets and records as inside of perf.data', () => {
  const file = 'spe/percpu-2cpu.perf.data';
  const warnings = new Warnings();
  const perf = openPerfData(source(file), warnings);
  const { buffers, cpu } = perf.queues[0];
  const raw = bytesOf(file).slice(buffers.fileOffset[0], buffers.fileOffset[0] + buffers.size[0]);
  const alone = openRawSpe(memorySource(raw, 'raw'), { cpu, timeConv: perf.timeConv });
  const [whole, own] = [[...dumpPackets(perf)].join(''), [...dumpPackets(alone)].join('')];
  expect(own.length).toBeGreaterThan(10000);
  expect(whole).toContain(own);
  const lines = (p: typeof perf) => {
    const list: string[] = [];
    const take = (b: SpeColumns) => {
      for (let i = 0; i < b.n; i++) list.push(sampleJson(b, i).replace(/"pid":\d+,/, ''));
    };
    decodeSpe(p, p.queues[0], new DecodedColumns(), take, warnings);
    return list;
  };
  const records = lines(alone);
  expect(records.length).toBeGreaterThan(100);
  // The last record reaches to the next one, which isn't there.
  expect(records.slice(0, -1)).toEqual(lines(perf).slice(0, records.length - 1));
});

test('a raw buffer in a lab; a file that holds no record is refused', () => {
  const perf = openPerfData(source('pair/kvbench.perf.data'), new Warnings());
  const { buffers } = perf.queues[1];
  const file = join(lab, 'buffer.bin');
  const start = buffers.fileOffset[0];
  writeFileSync(file, bytesOf('pair/kvbench.perf.data').slice(start, start + buffers.size[0]));
  const db = join(lab, 'raw.umbra');
  const [timed] = importFiles(db, [file], { rawSpe: { cpu: 3, timeConv: perf.timeConv } });
  expect(timed).toMatchObject({ format: 'raw-spe', samples: buffers.size[0] / 64, cpus: [3], t0: 1790775671263n });
  const [untimed] = importFiles(db, [file], { rawSpe: {} });
  expect([untimed.t0, untimed.cpus, untimed.warnings.map((w) => w.kind)]).toEqual([
    undefined,
    [0],
    ['spe-no-time-conv'],
  ]);
  writeFileSync(file, new Uint8Array(100));
  expect(() => importFiles(db, [file], { rawSpe: {} })).toThrow(`${file}: its AUX buffers hold no complete SPE record`);
});

test('functions that perf script names are a capture’s symbols; binaries can’t add to them', () => {
  const file = join(lab, 'named.txt');
  writeFileSync(file, bytesOf('text/pair.default.script.txt.gz'));
  const path = join(lab, 'named.umbra');
  importFiles(path, [file]);
  const symbols = () => {
    const db = openLabFile(path, 'read');
    const rows = readSymbols(db, 1);
    db.close();
    return rows;
  };
  const told = symbols();
  expect(told.length).toBeGreaterThan(5);
  expect(told).toContainEqual(expect.objectContaining({ binary: '[kernel]', name: '__pfx_folio_deactivate' }));
  expect(symbolsInLab(path, 1, { symfs: '/' }).warnings).toEqual([]);
  expect(symbols()).toEqual(told);
});

test('CSV of spe-parser', () => {
  const warnings = new Warnings();
  const lines: unknown[] = [];
  const timeConv = { shift: 24n, mult: 671088640n, zero: 942647383n, short: undefined };
  for (const name of ['ldst', 'br']) {
    openSpeCsv(source(`text/spe-parser-${name}.csv`), timeConv, warnings).read(new SpeColumns(1), (b) =>
      lines.push(JSON.parse(sampleJson(b, 0))),
    );
  }
  expect(lines).toMatchObject([
    {
      ...{
        t: 1791718318623,
        counter: 44769391781,
        cpu: 0,
        tid: 4428,
        pc: '0xaaaac3f49264',
        el: 0,
        va: '0xffffc17f2a70',
      },
      ...{ pa: '0x8030671ea70', op: 'LD GP-REG', events: 'RETIRED L1D-ACCESS TLB-ACCESS', totalLat: 20, issueLat: 5 },
      ...{ xlatLat: 2, source: '0x0', context: 4428, size: 64 },
    },
    { cpu: 1, pc: '0xffff8000805a201c', el: 2, va: '0xffff000901e002e8', op: 'ST SIMD-FP', totalLat: 387 },
    // The tool puts ff in front of user addresses too.
    { va: '0xffffc17f2a70', op: 'LD AT AR', events: 'RETIRED REMOTE-ACCESS', totalLat: 65535, source: '0xe' },
    { cpu: 0, pc: '0xffff8000805a2044', el: 1, op: 'LD EXCL', events: 'EXCEPTION-GEN RETIRED', size: 64 },
    { pc: '0xaaaac3f49040', to: '0xaaaac3f49060', op: 'B COND', events: 'RETIRED MISPRED', totalLat: 42, issueLat: 41 },
    { pc: '0xffff800080018200', to: '0xffff8000805a1000', pbt: '0xffff800080018000', op: 'B IND', tid: 1 },
  ]);
  expect(lines[3]).not.toHaveProperty('counter');
  const kinds = warnings.list().map((w) => w.kind);
  expect(kinds).toEqual(['spe-assumed-size', 'csv-unknown-event', 'csv-one-class']);
});

test.each([
  ['text/pair.fields.script.txt.gz', 'perf-script-spe', 3000],
  ['text/pair.default.script.txt.gz', 'perf-script-spe', 3000],
  ['text/b-madvise.script-guest.txt.gz', 'perf-script-trace', 3000],
  ['text/spe-parser-ldst.csv', 'spe-csv', 4],
])('%s under a wrong name is imported as %s', (name, format, records) => {
  const file = join(lab, `${format}-${records}.perf.data`);
  writeFileSync(file, bytesOf(name));
  expect(detectFormat(source(name))).toBe(format);
  const [capture] = importFiles(join(lab, 'a.umbra'), [file]);
  expect([capture.format, capture.samples + capture.events]).toEqual([format, records]);
});
