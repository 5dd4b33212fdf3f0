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

test.each(texts)('$name as it is', ({ layout, lines }) => {
  const reader = new PlainLines(layout);
  let taken = 0;
  for (const line of lines) {
    const found = fast(line, reader);
    if (found === undefined) continue;
    taken++;
    expect(found).toEqual(thorough(line, layout));
  }
  // Branch stacks, and physical addresses without a binary, are left to the thorough one.
  if (!layout.hasTrailing && !lines.some((line) => line.includes('/-/'))) expect(taken).toBeGreaterThan(25);
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
