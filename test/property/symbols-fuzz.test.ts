/** Damaged and hostile symbol files and text captures: an InputError, or what is left with warnings; in bounded time. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { openElf } from '../../core/formats/elf/elf.ts';
import { elfSymbols, isKernelElf, kernelSymbols } from '../../core/formats/elf/elf-symbols.ts';
import { openSpeScript } from '../../core/formats/perf-script/spe-script.ts';
import { perfScriptKind } from '../../core/formats/perf-script/perf-script.ts';
import { openTraceScript } from '../../core/formats/perf-script/trace-script.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { openRawSpe } from '../../core/formats/raw-spe/raw-spe.ts';
import { memorySource } from '../../core/formats/source.ts';
import { SpeColumns } from '../../core/formats/spe/columns.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { sampleJson } from '../../core/formats/spe/sample-json.ts';
import type { TextSamples } from '../../core/formats/spe/text-samples.ts';
import { isSpeCsv, openSpeCsv } from '../../core/formats/spe-csv/spe-csv.ts';
import { readKallsyms } from '../../core/formats/symbols/kallsyms.ts';
import { readPerfMap } from '../../core/formats/symbols/perf-map.ts';
import { findSymbol } from '../../core/formats/symbols/symbol-table.ts';
import type { SymbolTable } from '../../core/formats/symbols/symbol-table.ts';
import { buildElf } from '../unit/elf.builder.ts';
import { columnsOf } from '../unit/spe.rows.ts';

const fixture = (name: string) => {
  const bytes = readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  return new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
};

/** A change of bytes: overwritten, cut, or a piece of the file moved. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), at: fc.nat(), value: fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.nat() }),
  fc.record({ kind: fc.constant('copy' as const), at: fc.nat(), value: fc.nat() }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function damaged(original: Uint8Array, changes: readonly Change[]): Uint8Array {
  let bytes = original.slice();
  for (const { kind, at, value } of changes) {
    const place = bytes.length ? at % bytes.length : 0;
    if (kind === 'byte') bytes[place] = value;
    else if (kind === 'word') for (let i = 0; i < 4; i++) bytes[(place & ~3) + i] = value >>> (8 * i);
    else if (kind === 'cut') bytes = bytes.slice(0, place);
    else bytes.copyWithin(place, value % (bytes.length + 1), (value % (bytes.length + 1)) + 64);
  }
  return bytes;
}

/** Runs `read`; whatever it throws must be meant for the user. */
function survives(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

function checkTable(table: SymbolTable): void {
  for (let i = 0; i < table.n; i++) {
    if (i > 0 && !(table.start[i] > table.start[i - 1])) throw new Error('not ascending');
    if (!(table.end[i] > table.start[i])) throw new Error(`symbol ${i} of no size`);
    table.name(i);
    const found = findSymbol(table, table.start[i]);
    if (found !== i) throw new Error(`symbol ${i} is not found at its start`);
  }
}

function readSamples(text: TextSamples): void {
  text.read(new SpeColumns(64), (batch) => {
    for (let i = 0; i < batch.n; i++) JSON.parse(sampleJson(batch, i));
  });
}

const elfs = [
  ...['kv.pie', 'kv.elf32', 'kv.so', 'kv.so.debug'].map((n) => fixture(`symbols/${n}`)),
  buildElf({ vaddr: 0xffff800008000000n, symbols: [{ name: '_text', offset: 0, size: 4 }] }),
];

test('damaged ELF files', () => {
  const damage = fc.tuple(fc.constantFrom(...elfs), fc.array(change, { minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(damage, ([original, changes]) => {
      survives(() => {
        const warnings = new Warnings();
        const elf = openElf(memorySource(damaged(original, changes), 'f'), warnings);
        checkTable(elfSymbols(elf, warnings));
        if (isKernelElf(elf)) checkTable(kernelSymbols(elf, warnings, 0xffff800080000000n, '_text'));
      });
    }),
    { numRuns: 1500 },
  );
});

/** Damage in the headers is what leads a reader astray. */
test('ELF headers of any content', () => {
  const head = fc.tuple(fc.constantFrom(...elfs), fc.uint8Array({ minLength: 56, maxLength: 56 }));
  fc.assert(
    fc.property(head, ([original, fields]) => {
      const bytes = original.slice();
      bytes.set(fields.subarray(0, Math.min(56, bytes.length - 8)), 8);
      survives(() => {
        const warnings = new Warnings();
        checkTable(elfSymbols(openElf(memorySource(bytes, 'f'), warnings), warnings));
      });
    }),
    { numRuns: 1500 },
  );
});

test('an ELF file that says it has billions of everything is read in no time', () => {
  const bytes = buildElf({ vaddr: 0, symbols: [{ name: 'f', offset: 0x1000, size: 16 }] });
  const view = new DataView(bytes.buffer);
  const sections = Number(view.getBigUint64(40, true));
  view.setUint16(60, 0, true);
  view.setUint16(56, 0xffff, true);
  view.setBigUint64(sections + 32, 0xffffffffn, true);
  view.setBigUint64(sections + 3 * 64 + 32, 1n << 60n, true);
  view.setBigUint64(sections + 4 * 64 + 32, 1n << 60n, true);
  const warnings = new Warnings();
  survives(() => checkTable(elfSymbols(openElf(memorySource(bytes, 'f'), warnings), warnings)));
  expect(warnings.list().length).toBeGreaterThan(0);
});

const texts = {
  script: fixture('text/pair.fields.script.txt.gz').slice(0, 6000),
  named: fixture('text/pair.default.script.txt.gz').slice(0, 6000),
  trace: fixture('text/b-madvise.script-guest.txt.gz').slice(0, 6000),
  csv: fixture('text/spe-parser-ldst.csv'),
  branches: fixture('text/spe-parser-br.csv'),
};

test('damaged text captures and symbol lists', () => {
  const damage = fc.tuple(fc.constantFrom(...Object.values(texts)), fc.array(change, { minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(damage, ([original, changes]) => {
      const bytes = damaged(original, changes);
      const source = memorySource(bytes, 'f');
      const warnings = new Warnings();
      perfScriptKind(memorySource(bytes));
      isSpeCsv(bytes);
      survives(() => readSamples(openSpeScript(source, warnings)));
      survives(() => readSamples(openSpeCsv(source, undefined, warnings)));
      survives(() => openTraceScript(source, warnings).read(new TraceColumns(16), () => undefined));
      survives(() => checkTable(readKallsyms(source, warnings)));
      survives(() => checkTable(readPerfMap(source, warnings)));
    }),
    { numRuns: 300 },
  );
});

test('symbol lists of any numbers', () => {
  const hex = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((n) => n.toString(16).padStart(8, '0'));
  const near = fc.integer({ min: 0, max: 40 }).map((n) => (0xffff800080000000n + BigInt(n * 16)).toString(16));
  const low = fc.integer({ min: 0, max: 400 }).map((n) => n.toString(16));
  const name = fc.constantFrom('a', '_a', '__a', 'ab', 'x y', '$x', 'ü');
  const symbol = fc.tuple(
    fc.oneof(hex, near),
    fc.constantFrom('T', 't', 'W', 'D'),
    name,
    fc.constantFrom('', '\t[kvm]', '\t[b]'),
  );
  const mapped = fc.tuple(fc.oneof(hex, low), fc.oneof(hex, low), name);
  fc.assert(
    fc.property(fc.array(symbol), fc.array(mapped), (symbols, maps) => {
      const of = (lines: string[]) => memorySource(new TextEncoder().encode(lines.join('\n')), 'f');
      const warnings = new Warnings();
      survives(() => checkTable(readKallsyms(of(symbols.map(([a, t, n, m]) => `${a} ${t} ${n}${m}`)), warnings)));
      survives(() => {
        const table = readPerfMap(of(maps.map((m) => m.join(' '))), warnings);
        for (let i = 1; i < table.n; i++) expect(table.start[i]).toBeGreaterThan(table.start[i - 1]);
      });
    }),
    { numRuns: 500 },
  );
});

test('lines that are hard to match cost no more than others', () => {
  const hostile = [
    '( '.repeat(400000),
    ` kv-w1  4428 [001]  1790.775671: 1 instructions: ${' (a) '.repeat(200000)}`,
    ` kv-w1  4428 [001]  1790.775671: 1 instructions: ${'a '.repeat(8000)}`,
    ` ${'a '.repeat(400000)}`,
    ` ${'1 '.repeat(400000)}`,
    `${'"",'.repeat(200000)}`,
    `a${' '.repeat(800000)}1`,
  ];
  const bytes = new TextEncoder().encode(hostile.join('\n'));
  const source = memorySource(bytes, 'f');
  const warnings = new Warnings();
  perfScriptKind(memorySource(bytes));
  survives(() => readSamples(openSpeScript(source, warnings)));
  survives(() => openTraceScript(source, warnings).read(new TraceColumns(16), () => undefined));
  survives(() => readKallsyms(source, warnings));
  survives(() => readPerfMap(source, warnings));
  const csv = memorySource(new Uint8Array([...texts.csv, ...bytes]), 'f');
  survives(() => readSamples(openSpeCsv(csv, undefined, warnings)));
});

test('raw buffers of any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      survives(() => {
        const perf = openRawSpe(memorySource(bytes, 'f'), {});
        decodeSpe(perf, perf.queues[0], columnsOf(4), () => undefined, new Warnings());
      });
    }),
    { numRuns: 500 },
  );
});
