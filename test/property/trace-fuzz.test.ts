/**
 * Damaged and hostile traces: reading ends in bounded time with events and warnings, or with an InputError. Nothing else.
 * A failure prints fast-check's seed and path.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { compileEvent } from '../../core/formats/event-format/print-event.ts';
import { parseEventFormat } from '../../core/formats/event-format/parse-format.ts';
import { Symbols } from '../../core/formats/event-format/symbols.ts';
import type { TraceFile } from '../../core/formats/event-format/trace-file.ts';
import { isFtraceText, openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { memorySource, type ByteSource } from '../../core/formats/source.ts';
import { isTraceDat, openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { synthesised } from '../golden/trace-fixtures.ts';

const files = synthesised();
const small = Object.keys(files).filter((name) => name !== 'formats.v6.dat');
const fixtures = new URL('../fixtures/trace/', import.meta.url);
const texts = ['b-madvise.ftrace.txt', 'b-madvise-lost.report.txt', 'b-madvise-stack.report.txt'].map(
  (name) => new Uint8Array(readFileSync(new URL(name, fixtures))),
);
const runs = { numRuns: 400, interruptAfterTimeLimit: 6000 };

/** Reads and prints everything. Returns the count of events; -1 for an InputError. */
function readAll(open: (source: ByteSource, warnings: Warnings) => TraceFile, bytes: Uint8Array): number {
  let reads = 0;
  const inner = memorySource(bytes, 'fuzz');
  const source: ByteSource = {
    ...inner,
    read: (offset, length) => {
      // No reader needs more calls than the file has bytes, and some for its head.
      if (++reads > bytes.length + 10000) throw new Error('reads without end');
      return inner.read(offset, length);
    },
  };
  try {
    const file = open(source, new Warnings());
    const printer = new EventPrinter(file);
    let events = 0;
    file.read(new TraceColumns(64), (c) => {
      if (c.start[0] !== 0 || c.n > c.capacity || c.start[c.n] > c.payload.length) throw new Error('broken batch');
      for (let i = 0; i < c.n; i++) {
        if (c.start[i + 1] < c.start[i]) throw new Error('payloads overlap');
        if (events++ > 3000) continue;
        printer.line(c, i);
        JSON.parse(printer.json(c, i));
      }
    });
    return events;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^fuzz: /);
    return -1;
  }
}

/** Cuts, flips bytes, overwrites words with extremes, splices, repeats. */
const damage = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant('flip' as const), at: fc.nat(), value: fc.integer({ min: 1, max: 255 }) }),
    fc.record({
      op: fc.constant('word' as const),
      at: fc.nat(),
      value: fc.constantFrom(0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 4096, 65536),
    }),
    fc.record({ op: fc.constant('cut' as const), at: fc.nat(), value: fc.constant(0) }),
    fc.record({ op: fc.constant('copy' as const), at: fc.nat(), value: fc.nat() }),
  ),
  { minLength: 1, maxLength: 6 },
);
type Damage = { op: 'flip' | 'word' | 'cut' | 'copy'; at: number; value: number }[];

function damaged(original: Uint8Array, list: Damage, within: number): Uint8Array {
  let bytes = original.slice();
  for (const { op, at, value } of list) {
    if (bytes.length < 8) break;
    const place = at % Math.min(bytes.length - 4, within);
    if (op === 'flip') bytes[place] ^= value;
    else if (op === 'word') new DataView(bytes.buffer).setUint32(place, value, true);
    else if (op === 'cut') bytes = bytes.slice(0, at % bytes.length);
    else bytes.copyWithin(place, value % bytes.length, (value % bytes.length) + 64);
  }
  return bytes;
}

describe('trace.dat', () => {
  test('any bytes', () => {
    const magic = Uint8Array.of(0x17, 8, 0x44, ...Buffer.from('tracing'), 0x37, 0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, withMagic) => {
        const all = withMagic ? Uint8Array.of(...magic, ...bytes) : bytes;
        isTraceDat(all);
        expect(readAll(openTraceDat, all)).toBeLessThanOrEqual(0);
      }),
      runs,
    );
  });

  test('damaged files, anywhere and in their tables', () => {
    const seen = { events: 0, errors: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...small), damage, fc.constantFrom(300, 3000, 1e9), (name, list, within) => {
        const events = readAll(openTraceDat, damaged(files[name], list, within));
        seen[events < 0 ? 'errors' : 'events']++;
      }),
      { ...runs, numRuns: 1500 },
    );
    // The damage must neither always kill nor never hurt.
    expect(seen.events).toBeGreaterThan(50);
    expect(seen.errors).toBeGreaterThan(50);
  });

  test('every length that a file can be cut to', () => {
    for (const name of ['ring.v7-zstd.dat', 'instances.v7.dat']) {
      for (let length = 0; length < files[name].length; length++)
        readAll(openTraceDat, files[name].subarray(0, length));
    }
  });

  test('damaged records print', () => {
    const bytes = files['formats.v6.dat'];
    fc.assert(
      fc.property(damage, (list) => {
        const copy = bytes.slice();
        const data = damaged(copy.subarray(bytes.length - 90000), list, 90000);
        copy.set(data, bytes.length - 90000);
        readAll(openTraceDat, copy);
      }),
      { ...runs, numRuns: 40 },
    );
  });
});

describe('descriptions', () => {
  const pieces = [
    'REC->a',
    'REC->list',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"%s"',
    '"%d %p"',
    '+',
    '-',
    '*',
    '?',
    ':',
    '~',
    '!',
    '<<',
    '==',
    '&&',
    '1',
    '0x10',
    '"x"',
  ];
  const calls = [
    '__print_flags(',
    '__print_symbolic(',
    '__get_str(',
    '__print_hex(',
    '__print_array(',
    '__get_dynamic_array(',
    'sizeof(',
    '(int)',
    '(u8 *)',
    'REC',
    '->',
    "'c'",
    'constructor',
    '__proto__',
    '{ toString, "valueOf" }',
    '"%*pbl"',
    '"%pISpc"',
    'a',
    ' ',
  ];
  const head =
    'name: e\nID: 5\nformat:\n\tfield:int a;\toffset:8;\tsize:4;\tsigned:1;\n\tfield:__data_loc u8[] list;\toffset:12;\tsize:4;\tsigned:0;\n\nprint fmt: ';

  test('any print format compiles to something that prints', () => {
    const context = { symbols: new Symbols(), longSize: 8 };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces, ...calls), { maxLength: 30 }),
        fc.uint8Array({ maxLength: 40 }),
        (parts, bytes) => {
          const format = parseEventFormat(`${head}"%s %d",${parts.join('')}\n`, 'fuzz');
          if (!format) throw new Error('the head is in order');
          const text = compileEvent(format, context)({ bytes, at: 0, size: bytes.length, slots: [] });
          expect(typeof text).toBe('string');
        },
      ),
      { ...runs, numRuns: 3000 },
    );
  });
});

describe('trace text', () => {
  test('damaged text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), damage, (bytes, list) => {
        const text = damaged(bytes, list, 1e9);
        isFtraceText(text);
        expect(readAll(openFtraceText, text)).toBeGreaterThanOrEqual(0);
      }),
      { ...runs, numRuns: 150 },
    );
  });

  test('any bytes, and lines that provoke backtracking', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readAll(openFtraceText, bytes)).toBe(0);
      }),
      runs,
    );
    for (const part of [' ', '-', '-1 ', 'a-1 [', '=> ', 'CPU:', '(', ': ', 'x-1 [000] 1.0: ']) {
      readAll(openFtraceText, Buffer.from(part.repeat(300000)));
      readAll(openFtraceText, Buffer.from(`${part.repeat(20)}\n`.repeat(20000)));
    }
  });
});
