/** The fast reader of sample lines gives the same as the thorough one, or nothing: on the fixtures' lines, and on damaged ones. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanLine, needsCleaning } from '../../core/formats/ftrace-text/clean-line.ts';
import { parseFields } from '../../core/formats/perf-script/fields.ts';
import { Wide } from '../../core/formats/perf-script/layout.ts';
import type { Layout, SampleNumbers } from '../../core/formats/perf-script/layout.ts';
import { PlainLines } from '../../core/formats/perf-script/plain-line.ts';
import { baseName, readScriptHead } from '../../core/formats/perf-script/script-head.ts';
import { parseScriptLine } from '../../core/formats/perf-script/script-line.ts';
import { isSideBand } from '../../core/formats/perf-script/side-band.ts';
import { memorySource } from '../../core/formats/source.ts';

const fixtures = ['mem72', 'addr72', 'flags72', 'brstack72', 'flags-old', 'sym-no-dso', 'side-band-first', 'default61'];
const texts = fixtures.map((name) => {
  const url = new URL(`../fixtures/inputs/${name}.txt.gz`, import.meta.url);
  const bytes = new Uint8Array(gunzipSync(readFileSync(url)));
  const { layout } = readScriptHead(memorySource(bytes, name));
  return { name, layout, lines: new TextDecoder('latin1').decode(bytes).split('\n') };
});

const bytesOf = (text: string) => Uint8Array.from(text, (ch) => ch.charCodeAt(0));

const plainly = ({ wide, weight, symbol }: SampleNumbers) => ({
  ...{ addr: wide[Wide.ADDR], pc: wide[Wide.PC], pa: wide[Wide.PA], weight, symbol },
});

/** What spe-script.ts makes of a line without the fast reader. */
function thorough(raw: string, layout: Layout): unknown {
  const bytes = bytesOf(raw);
  const line = { number: 1, bytes, start: 0, end: bytes.length, text: raw, offset: 0 };
  cleanLine(line, needsCleaning(raw));
  const sample = isSideBand(line.text) ? undefined : parseScriptLine(line.text);
  const fields = sample?.event ? parseFields(line.text.slice(sample.restAt)) : undefined;
  const numbers = fields && layout.assign(fields);
  if (!sample || !fields || !numbers || fields.branches.length) return undefined;
  const { comm, pid, tid, cpu, time, event } = sample;
  const { flags, binary, dataSource } = fields;
  return {
    comm,
    pid,
    tid,
    cpu,
    time,
    event,
    base: baseName(event),
    flags,
    binary,
    source: dataSource?.slice(-1),
    numbers: plainly(numbers),
  };
}

function fast(raw: string, reader: PlainLines): unknown {
  const bytes = bytesOf(`\n${raw}\n`);
  const found = reader.take(bytes, 1, bytes.length - 1);
  if (!found) return undefined;
  const { comm, pid, tid, cpu, event } = found.sample;
  const time = found.numbers.wide[Wide.TIME];
  const { flags, binary, dataSource } = found.fields;
  return {
    comm,
    pid,
    tid,
    cpu,
    time,
    event,
    base: found.event.name,
    flags,
    binary,
    source: dataSource,
    numbers: plainly(found.numbers),
  };
}

test.each(texts)('$name as it is', ({ name, layout, lines }) => {
  const reader = new PlainLines(layout);
  let left = 0;
  for (const line of lines) {
    const found = fast(line, reader);
    const truth = thorough(line, layout);
    if (found !== undefined) expect(found).toEqual(truth);
    else if (truth !== undefined) left++;
  }
  // It leaves physical addresses without a binary to the thorough one, and nothing else that this reads.
  expect(left).toBe(name === 'sym-no-dso' ? 60 : 0);
});

const layoutOf = (name: string) => texts.find((text) => text.name === name)!.layout;
/** Fronts at the edges of what is usual, for `addr pc symbol (binary)`. */
const fronts = [
  'a 1 1.123456: e:',
  'a 1 [000] 1.123456: e:',
  'a 2147483647/9999999999  [0000032767]  1.123456789: 1 e:',
  '  a b 1/2 [32768] 8999999.999999: 12345  arm_spe_0/x=1/u:',
  'a 1 [000]  9000000.000001: e:',
  'a 1 [000] 17999999999.999999: e:',
  'a\t1\t[000]\t1.123456: e:',
  'a 1 [000]     1.123456:          1                e:',
  'a/1 1 [000] 1.123456: a:b:',
  '1 [000] 1.123456: e:',
  '  1/2 1.123456: e:',
  ':-1 1 [000] 4.294967296: e:',
];
const unusualFronts = [
  ...[
    'a 1.234567: 1 [000] 2.345678: e:',
    '> a 1 [000] 1.123456: e:',
    '| a 1 [000] 1.123456: e:',
    ' > a 1 [000] 1.123456: e:',
    '1.123456: e:',
  ],
  ...[
    'a 1 [000] 1.12345: e:',
    'a 1 [000] 1.1234567: e:',
    'a 1 [000] 1.1234567890: e:',
    'a 1 [000] 123456789012.123456: e:',
  ],
  ...[
    'a 1 [000] x1.123456: e:',
    'a 1 [000].123456: e:',
    'a 1 [] 1.123456: e:',
    'a 1 [x] 1.123456: e:',
    'a 1 [12345678901] 1.123456: e:',
  ],
  ...[
    'a 1[000] 1.123456: e:',
    'a 12345678901 [000] 1.123456: e:',
    'a x [000] 1.123456: e:',
    'a x1 [000] 1.123456: e:',
    'a -1 [000] 1.123456: e:',
  ],
  ...[
    'a /1 [000] 1.123456: e:',
    'a 12345678901/1 [000] 1.123456: e:',
    'a x1/1 [000] 1.123456: e:',
    'a 1 [000] 1.123456: 1e:',
    'a 1 [000] 1.123456: 12 e f:',
  ],
  ...[
    'a 1 [000] 1.123456: e f:',
    'a 1 [000] 1.123456: 9:',
    'a 1 [000] 1.123456: 1',
    '[000] 1.123456: e:',
    `${'a'.repeat(501)} 1 [000] 1.123456: e:`,
  ],
  ...[
    'a 1 [000] 1.123456: PERF_RECORD_COMM:',
    'a 1 [000]1.123456: e:',
    'a 1 (000] 1.123456: e:',
    'a 1 x000] 1.123456: e:',
    ...[4, 5, 6, 7, 8].map((n) => `a 1 [000] 1.123456:${' '.repeat(n)}x e:`),
    'a 1 (000) 1.123456: e:',
  ],
];
/** Rests at the edges, for the same. */
const rests = [
  'f 0 main (b)',
  ' ffffffffffffffff ffffffffffffffff main+0x1 (b)',
  '\t12345678\t123456789\tmain (b)  ',
  '80000000 180000000 main (/a b/c (deleted))',
  '0 1 [unknown] ([kernel.kallsyms]) 80000000000',
  '0 1 main (b) ffffffffffffffff',
  '0 1',
  '0 1 main',
  'jmp 0 1 main (b)',
  'br miss   0 1 main (b)',
  '  jcc/not_taken/ 0 1 main (b)',
  '0 1 [unknown] (b)\t9',
  '0 1 main (b) 12345678901234567',
  '0 1 main (b) x',
];
const unusualRests = [
  ...[
    '',
    '   ',
    '0 main (b)',
    '0 1 2 main (b)',
    '12345678901234567 1 main (b)',
    '0 12345678901234567 main (b)',
    'main (b)',
    'jmp',
    'jmp main (b)',
    'what 0 1 main (b)',
  ],
  ...['0 1 add (b)', '0 1 main 9', '0 1 2 3 4 5 6 7 8 main (b)', '0x1 1 main (b)', '0 1 main (b)9'],
  ...['0 1 main (b) 0x1 (b)/0x2 (b)/P/-/-/1//-', 'FF 1 main (b)', '0 1 main|g (b)'],
];

/** The same with a data source before the latency: for `addr data_src |…| weight pc symbol (binary)`. */
const OF_LOAD = '|OP LOAD|LVL L1 hit|SNP None|TLB Walker hit|LCK No|BLK  N/A';
const sourced = [
  `ffffb038f280 288100142 ${OF_LOAD}  13 aaaac2d09218 main (b)`,
  `288100142 ${OF_LOAD} 99999 aaaac2d09218 main+0x8 (b)`,
  `0 f ${OF_LOAD} 100000 1 [unknown] (b)`,
  `0 1 |OP STORE|BLK Data Blk  0 1 main (b)`,
];
const unusualSourced = [
  ...[
    `${OF_LOAD} 13 1 main (b)`,
    `x 1 ${OF_LOAD} 13 1 main (b)`,
    `0 1 ${OF_LOAD} 1 main (b)`,
    `0 1 ${OF_LOAD} 13 1 2 main (b)`,
  ],
  ...[
    '0 1 |OP LOAD|BLK 13 1 main (b)',
    '0 1 |OP LOAD|BLK  N/A',
    `0 1 |OP (LOAD|BLK  N/A 13 1 main (b)`,
    '0 1 f|g (h|i) 13 1 main (b)',
  ],
];

test('the edges of what is usual', () => {
  const lines = (front: readonly string[], rest: readonly string[]) =>
    front.flatMap((f) => rest.map((r) => `${f} ${r}`));
  const usual = fronts.slice(1, 2);
  const check = (layout: Layout, taken: readonly string[], left: readonly string[]) => {
    const reader = new PlainLines(layout);
    const found = [...taken, ...left].map((line) => [line, fast(line, reader)] as const);
    expect(found.flatMap(([line, sample]) => (sample ? [line] : []))).toEqual(taken);
    for (const [line, sample] of found) if (sample) expect(sample).toEqual(thorough(line, layout));
  };
  check(
    layoutOf('addr72'),
    [...lines(fronts, rests.slice(0, 1)), ...lines(usual, rests)],
    [...lines(unusualFronts, rests.slice(0, 1)), ...lines(usual, unusualRests)],
  );
  check(layoutOf('mem72'), lines(usual, sourced), lines(usual, unusualSourced));
});

test('damaged lines', () => {
  const piece = fc.constantFrom(
    ...[
      ' ',
      '  ',
      '\t',
      ':',
      ': ',
      '.',
      '/',
      '[',
      ']',
      '(',
      ')',
      '|',
      '-',
      '0',
      '7',
      'ff',
      'add',
      'br',
      'foo',
      '1.000000: ',
    ],
    ...[
      '\u00a0',
      '\u00c2\u00a0',
      '\u000b',
      '> ',
      '+0x10',
      '0x',
      '-1',
      'PERF_RECORD_MMAP2',
      '4K',
      ' 12',
      '123456 ',
      '[000]',
    ],
  );
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(6), piece });
  const readers = texts.map(({ layout }) => new PlainLines(layout));
  let taken = 0;
  fc.assert(
    fc.property(
      fc.nat(texts.length - 1),
      fc.nat(),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (which, n, edits) => {
        const { lines, layout } = texts[which];
        let line = lines[n % lines.length];
        for (const { at, drop, piece } of edits) {
          const place = Math.floor(at * line.length);
          line = line.slice(0, place) + piece + line.slice(place + drop);
        }
        const found = fast(line, readers[which]);
        if (found === undefined) return;
        taken++;
        expect(found).toEqual(thorough(line, layout));
      },
    ),
    { numRuns: 8000 },
  );
  expect(taken).toBeGreaterThan(800);
});

test('a thread’s name that holds a time, where the line before has blanks or a name as long', () => {
  const layout = layoutOf('addr72');
  const tail = ' 0 ffff8000 main (b)';
  const reader = new PlainLines(layout);
  // All with the event's time in the same column.
  for (const front of [
    'a a.234567a 1 [000] 2.345678: e:',
    'a 1.234567: 1 [000] 2.345678: e:',
    'a 1 [000] 11 [000] 2.345678: e:',
  ])
    for (let i = 0; i < 2; i++) {
      const found = fast(front + tail, reader);
      if (found !== undefined) expect(found).toEqual(thorough(front + tail, layout));
    }
  expect(fast(`a a.234567a 1 [000] 2.345678: e:${tail}`, reader)).toMatchObject({
    comm: 'a a.234567a',
    time: 2_345_678_000n,
  });
});
