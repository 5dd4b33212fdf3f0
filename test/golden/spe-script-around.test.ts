/** SPE text as people have it: mixed with other events, broken by mails, out of terminals and editors. The records are those of the plain text. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openSpeScript } from '../../core/formats/perf-script/spe-script.ts';
import type { TextOrder } from '../../core/formats/ftrace-text/text-columns.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { SpeColumns } from '../../core/formats/spe/columns.ts';
import { detectFormat } from '../../core/lab/import/detect.ts';

const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));
const fixture = (name: string) => gunzipSync(readFileSync(`${inputs}${name}.txt.gz`)).toString('latin1');
/** perf 7.2, `--itrace=i1iM -F +addr,+data_src,+weight`. */
const memory = fixture('mem72');
/** perf 7.2, `--itrace=i1i -F +addr`. */
const addresses = fixture('addr72');

function read(text: string, order: TextOrder = 'file') {
  const source = memorySource(new Uint8Array(Buffer.from(text, 'latin1')), 'spe.txt');
  expect(detectFormat(source)).toBe('perf-script-spe');
  const warnings = new Warnings();
  const script = openSpeScript(source, warnings, order);
  const records: unknown[] = [];
  script.read(new SpeColumns(100), (c, map) => {
    for (let i = 0; i < c.n; i++) {
      const [present, t, cpu, tid, op, total] = [c.present, c.t, c.cpu, c.tid, c.op, c.totalLat].map(
        (column) => column[i],
      );
      const binary = script.binaries[map[i]]?.file;
      records.push({ present, t, cpu, tid, op, total, pc: c.pc[i], va: c.va[i], pa: c.pa[i], to: c.to[i], binary });
    }
  });
  const told = Object.fromEntries(warnings.list().map(({ kind, count }) => [kind, count]));
  const symbols = script.symbols.map(({ name }) => name);
  return { records, comms: [...script.comms], binaries: script.binaries.map((b) => b.file), symbols, told };
}

const lines = (text: string) => text.trimEnd().split('\n');
const each = (text: string, change: (line: string, i: number) => string) =>
  lines(text)
    .map((line, i) => `${change(line, i)}\n`)
    .join('');
/** Blanks to one, and broken as a mail program does. */
function wrapped(text: string, width: number): string {
  return each(text, (line) => {
    let column = 0;
    return line
      .trim()
      .split(/\s+/)
      .map((word, i) => {
        const fits = column + 1 + word.length <= width;
        column = fits || i === 0 ? column + 1 + word.length : word.length;
        return i === 0 ? word : fits ? ` ${word}` : `\n${word}`;
      })
      .join('');
  });
}

const plain = read(memory);

describe('the records of the plain text, with their threads, functions and binaries', () => {
  test.each<[string, (text: string) => string]>([
    ['line numbers of grep', (text) => each(text, (line, i) => `${i + 1}:${line}`)],
    ['line numbers of cat', (text) => each(text, (line, i) => `${String(i + 1).padStart(6)}\t${line}`)],
    ['a syslog', (text) => each(text, (line) => `Nov 30 20:42:19 host perf[123]: ${line}`)],
    ['a diff', (text) => each(text, (line) => `+${line}`)],
    ['blanks as tabs', (text) => text.replace(/ {2,}/g, '\t')],
    ['colours', (text) => each(text, (line) => `\u001b[38;5;12m${line}\u001b[0m\u001b(B`)],
    ['colours, as ISO 8613-6 has them', (text) => each(text, (line) => `\u001b[38:5:12m${line}\u001b[0m`)],
    ['links', (text) => text.replaceAll('(/opt', '(\u001b]8;;file:///opt\u001b\\/opt')],
    ['a title, and modes of a shell', (text) => text.replace(/^/, '\u001b]0;root@board:~\u0007\u001b[?2004l\r')],
    ['underlined', (text) => text.replaceAll('instructions', '_\bi_\bn_\bs_\bt_\br_\bu_\bc_\bt_\bi_\bo_\bn_\bs')],
    ['bold', (text) => text.replaceAll('kvbench', 'k\bkv\bvb\bbe\ben\bnc\bch\bh')],
    ['broken at 72 columns', (text) => wrapped(text, 72)],
    ['broken at 120 columns', (text) => wrapped(text, 120)],
    ['quoted and broken', (text) => each(wrapped(text, 72), (line) => `> ${line}`)],
    ['folded at 80 columns', (text) => each(text, (line) => line.replace(/.{80}(?!$)/g, '$&\n'))],
  ])('%s', (_, change) => {
    const { told, ...found } = read(change(memory));
    const { told: usual, ...expected } = plain;
    expect(found).toEqual(expected);
    delete told['text-wrapped-lines'];
    expect(told).toEqual(usual);
  });

  test.each<[string, (line: string) => string]>([
    ['cycles', (line) => line.replace(/\S+:( +\S+) +\S+ \|/, 'cycles:P:$1 0 |')],
    [
      'events with call chains',
      (line) =>
        line.replace(
          /(?:memory|instructions): .*/,
          'cycles:\n\tffff800080 main+0x4 (/bin/x)\n\tffff8 _start (/bin/x)\n',
        ),
    ],
  ])('%s recorded beside SPE are left out, and counted', (_, other) => {
    const mixed = each(memory, (line, i) => (i % 3 ? line : `${line}\n${other(line)}`));
    const { told, ...found } = read(mixed);
    const { told: usual, ...expected } = plain;
    expect(found).toEqual(expected);
    expect(told).toEqual({ ...usual, 'script-other-events': Math.ceil(lines(memory).length / 3) });
  });
});

test('SPE’s samples below many others', () => {
  const cycles = memory.replaceAll('instructions', 'cycles').replaceAll('memory', 'cpu-clock');
  expect(read(cycles.repeat(10) + memory).records).toEqual(plain.records);
});

test('source lines that debug info doesn’t tell', () => {
  const { records, told } = read(each(memory, (line) => `${line}\n  kvbench[2d4c]`));
  expect(records).toEqual(plain.records);
  expect(told).toEqual(plain.told);
});

test('an address of data isn’t taken for the instruction’s', () => {
  const bare = each(addresses, (line) => line.replace(/(instructions: +\S+).*/, '$1'));
  expect(() => read(bare)).toThrow(/no address of their instruction: add it with `perf script -F \+ip`/);
  // `addr,data_src,weight`; weights are no PCs either.
  const weights = each(memory, (line) => line.replace(/(N\/A +\d+) .*/, '$1'));
  expect(() => read(weights)).toThrow(/no address of their instruction/);
});

test.each([
  ['ins_lat and retire_lat, which SPE has no values for', '$1$2 0 0 '],
  ['latencies that are all 0', '$1 0 0 '],
])('%s', (_, columns) => {
  const { records, told } = read(memory.replace(/(BLK +N\/A +)(\d+)(?= )/g, columns));
  const expected = columns.includes('$2') ? plain.records : records;
  expect(records).toEqual(expected);
  expect(records.map((r) => inspect(r).match(/pc: \w+/)?.[0])).toEqual(
    plain.records.map((r) => inspect(r).match(/pc: \w+/)?.[0]),
  );
  expect(told).toEqual(plain.told);
});

test('bars in functions’ names aren’t a data source', () => {
  const name = 'operator|(a|b, c)';
  const { told, ...found } = read(memory.replaceAll('[unknown] (/opt', `${name} (/opt`));
  expect(found.records).toEqual(plain.records);
  expect(found.symbols).toContain(name);
  expect(told).toEqual(plain.told);
  const short = read(addresses.replaceAll('[unknown] (/opt', 'a|b (/opt'));
  expect(short.records).toEqual(read(addresses).records);
  expect(short.symbols).toContain('a|b');
});

test('names are UTF-8', () => {
  const utf8 = (text: string) => Buffer.from(text).toString('latin1');
  const text = memory
    .replaceAll('         kvbench', utf8('        d\u00e4mon'))
    .replaceAll('/opt/demo', utf8('/home/j\u00fcrgen'));
  const found = read(text.replaceAll('[unknown] (/home', utf8('\u03bb::f (/home')));
  expect(found.comms.map(([, name]) => name)).toContain('d\u00e4mon');
  expect(found.binaries).toContain('/home/j\u00fcrgen/bin/kvbench');
  expect(found.symbols).toContain('\u03bb::f');
});

test('columns that the text lacks are named', () => {
  const bare = each(addresses, (line) => line.replace(/\[\d+\]/, '').replace(/(instructions: +)\S+/, '$1'));
  expect(read(bare).told).toMatchObject({ 'script-no-cpu': 60, 'script-no-columns': 60 });
  // Recorded per thread, wherever it ran.
  expect(read(addresses.replace(/\[\d+\]/g, '[-01]')).told).not.toHaveProperty('script-no-cpu');
  expect(plain.told).not.toHaveProperty('script-no-columns');
  const tenth = addresses.replace(/ 1( +instructions)/g, '10$1');
  expect(read(tenth).told).toMatchObject({ 'script-not-whole': 1 });
  expect(read(addresses).told).not.toHaveProperty('script-not-whole');
});

/** Records of one time in whatever order. */
const unordered = (records: readonly unknown[]) => records.map((r) => inspect(r)).toSorted();

describe('lines moved by other tools: as many records, with the same data', () => {
  const ofTime = (line: string) => line.slice(line.indexOf('.')).trim().split(/\s+/).join(' ');
  const sorted = lines(memory).toSorted();
  const byTime = lines(memory).toSorted((a, b) => (ofTime(a) < ofTime(b) ? -1 : 1));
  const byKind = ['memory:', 'instructions:'].flatMap((kind) => lines(memory).filter((line) => line.includes(kind)));
  test.each<[string, string[], TextOrder]>([
    ['sort', sorted, 'sorted'],
    ['sort -k4', byTime, 'checked'],
    ['grep of one kind, then of another', byKind, 'sorted'],
  ])('%s', (_, moved, order) => {
    expect(moved).not.toEqual(lines(memory));
    const { records, told } = read(moved.join('\n') + '\n', order);
    expect(unordered(records)).toEqual(unordered(plain.records));
    expect(told).toHaveProperty('script-scattered');
  });

  test('newest first is said to be so, though neighbours have one time', () => {
    const reversed = `${lines(memory).toReversed().join('\n')}\n`;
    expect(() => read(reversed)).toThrow(/newest first; reverse it with `tac`/);
  });
});

test.each<[string, string, RegExp]>([
  ['the binary', memory, /\S+\n$/],
  ['the PC', memory, /[0-9a-f]{3} \S+ \S+\n$/],
  ['the PC, in text of nothing behind it', each(addresses, (line) => line.replace(/ \S+ \S+$/, '')), /...\n$/],
])('a text cut off within %s of its last line: that is no sample', (_, text, cut) => {
  const [all, shorter] = [read(text), read(text.replace(cut, ''))];
  expect(shorter.told).toHaveProperty('text-unread-line', 1);
  expect(all.records.length - shorter.records.length).toBe(1);
  expect(read(text.trimEnd()).records).toEqual(all.records);
});

test('threads that perf doesn’t know are -1, and said so', () => {
  const text = addresses.replace(/^ *\S+ +\d+ /gm, '             :-1      -1 ');
  const found = read(text);
  expect(found.records).toHaveLength(60);
  expect(found.told).toHaveProperty('script-unknown-thread', 60);
  expect(found.told).not.toHaveProperty('script-no-tid');
  expect(read(text.replaceAll(':-1      -1 ', ':-1      -1/-1      ')).records).toEqual(found.records);
});

test('functions without binaries are said to be left out', () => {
  const text = each(addresses, (line) => line.replace(/ \S+ \(\S+$/, ' main'));
  expect(read(text).told).toMatchObject({ 'script-no-dso': 60 });
  expect(plain.told).not.toHaveProperty('script-no-dso');
});

test('call chains below other columns are refused with the way out', () => {
  const chains = each(memory, (line) =>
    line.replace(/ ([0-9a-f]+ \S+ \(\S+)(?: .*)?$/, '\n\t$1\n\tffff8ab42abc main (/bin/x)\n'),
  );
  expect(() => read(chains)).toThrow(/`perf script -G`/);
});

test('samples of an event named by its PMU', () => {
  const found = read(addresses.replaceAll('instructions:', 'arm_spe_0/ts_enable=1/:'));
  expect(found.records).toHaveLength(60);
});
