/** DWARF line programs written by hand, opcode by opcode (DWARF 5, 6.2.5), and their tables of files in all versions. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ElfFile } from '../../core/formats/elf/elf.ts';
import { hasLines, readLines } from '../../core/formats/elf/line-table.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { Bytes } from './trace-dat-writer.ts';

const uleb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...uleb(Math.floor(value / 128))];
const sleb = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...sleb(value >> 7)];

type Section = readonly [name: string, bytes: Uint8Array, flags?: number, type?: number];
function elf(sections: readonly Section[], is64 = true): ElfFile {
  const all = new Bytes();
  const listed = sections.map(([name, bytes, flags = 0, type = 1]) => {
    const offset = all.length;
    all.raw(bytes);
    return { name, type, flags, offset, size: bytes.length, link: 0, entrySize: 0 };
  });
  return { source: memorySource(all.done(), 'x'), is64, type: 3, buildId: undefined, segments: [], sections: listed };
}

interface Header {
  readonly version?: number;
  readonly minimum?: number;
  readonly lineBase?: number;
  readonly lineRange?: number;
  readonly opcodeBase?: number;
  readonly wide?: boolean;
  /** Directories and files as the version has them. */
  readonly files?: readonly number[];
}
const chars = (text: string) => [...Buffer.from(`${text}\0`)];
const FILES4 = [
  ...chars('sub'),
  ...chars('/abs'),
  0,
  ...chars('a.c'),
  0,
  9,
  9,
  ...chars('b.c'),
  1,
  0,
  0,
  ...chars('c.c'),
  2,
  0,
  0,
  ...chars('/d.c'),
  1,
  0,
  0,
  0,
];

/** One table. */
function table(program: readonly number[], header: Header = {}): Uint8Array {
  const {
    version = 4,
    minimum = 4,
    lineBase = -5,
    lineRange = 14,
    opcodeBase = 13,
    wide = false,
    files = FILES4,
  } = header;
  const operands = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1].slice(0, opcodeBase - 1);
  const rest = new Bytes()
    .raw([minimum, ...(version >= 4 ? [1] : []), 1, lineBase & 255, lineRange, opcodeBase, ...operands])
    .raw(files)
    .done();
  const body = new Bytes().u16(version).raw(version === 5 ? [8, 0] : []);
  body
    .number(rest.length, wide ? 8 : 4)
    .raw(rest)
    .raw(program);
  const bytes = body.done();
  const all = new Bytes();
  if (wide) all.u32(0xffffffff).u64(bytes.length);
  else all.u32(bytes.length);
  return all.raw(bytes).done();
}

function lines(bytes: Uint8Array, more: readonly Section[] = []) {
  const warnings = new Warnings();
  const found: string[] = [];
  const files = readLines(elf([['.debug_line', bytes], ...more]), warnings, (from, to, file, line) =>
    found.push(`${from.toString(16)}-${to.toString(16)} ${file}:${line}`),
  );
  return { found, files, kinds: warnings.list().map(({ kind, count }) => `${kind} ${count}`) };
}
const set = (address: number) => [0, 9, 2, ...new Bytes().u64(address).done()];
const COPY = 1;
const END = [0, 1, 1];
const pc = (n: number) => [2, ...uleb(n)];
const run = (program: readonly number[], header: Header = {}) =>
  lines(table([...set(0x1000), ...program, ...END], header)).found;

describe('a program', () => {
  test('rows: each reaches to the next; the last to the end of the sequence', () => {
    expect(run([COPY, ...pc(1), 3, ...sleb(4), COPY, ...pc(2)])).toEqual(['1000-1004 0:1', '1004-100c 0:5']);
    // Two at one address: the later one counts.
    expect(run([COPY, 3, ...sleb(2), COPY, ...pc(1)])).toEqual(['1000-1004 0:3']);
    expect(run([COPY])).toEqual([]);
  });

  test('lines go back, by more than a byte; files by their number, unknown ones are -1', () => {
    expect(
      run([3, ...sleb(1000), COPY, ...pc(1), 3, ...sleb(-900), 4, 2, COPY, ...pc(1), 4, 77, COPY, ...pc(1)]),
    ).toEqual([...['1000-1004 0:1001', '1004-1008 1:101', '1008-100c -1:101']]);
  });

  test('special opcodes: address and line at once', () => {
    // (0x4b - 13) = 62: 62 / 14 = 4 instructions, -5 + 6 = 1 line. 13: none, -5.
    expect(run([3, ...sleb(9), COPY, 0x4b, 13, ...pc(1)])).toEqual(['1000-1010 0:10', '1010-1014 0:6']);
    expect(run([COPY, 255, ...pc(1)])).toEqual(['1000-1044 0:1', '1044-1048 0:0']);
    expect(run([COPY, 11, ...pc(1)], { lineBase: 1, lineRange: 1, opcodeBase: 10 })).toEqual([
      '1000-1004 0:1',
      '1004-1008 0:2',
    ]);
  });

  test('addresses: by special opcode 255, by a fixed 16 bits, by instructions of another size', () => {
    expect(run([COPY, 8, COPY, ...pc(1)])).toEqual(['1000-1044 0:1', '1044-1048 0:1']);
    expect(run([COPY, 9, 0x34, 0x12, COPY, ...pc(1)])).toEqual(['1000-2234 0:1', '2234-2238 0:1']);
    expect(run([COPY, ...pc(300), COPY], { minimum: 1 })).toEqual(['1000-112c 0:1']);
  });

  test('opcodes without a meaning here are skipped with their operands', () => {
    expect(run([COPY, 5, 7, 6, 7, 10, 11, 12, ...uleb(500), ...pc(1)])).toEqual(['1000-1004 0:1']);
    expect(run([COPY, 0, 3, 4, 99, 99, ...pc(1)])).toEqual(['1000-1004 0:1']);
    // An opcode base of 10 makes 10 a special one.
    expect(run([COPY, 10, ...pc(1)], { opcodeBase: 10 })).toEqual(['1000-1004 0:-4']);
  });

  test('sequences begin anew; addresses have four bytes or eight; a file may be defined on the way', () => {
    const again = [...END, 0, 5, 2, 0, 0x20, 0, 0, COPY, ...pc(1)];
    expect(run([3, ...sleb(8), 4, 2, COPY, ...pc(1), ...again])).toEqual(['1000-1004 1:9', '2000-2004 0:1']);
    const define = [0, 8, 3, ...chars('e.c'), 1, 0, 0];
    const { found, files } = lines(table([...set(0x1000), ...define, 4, 5, COPY, ...pc(1), ...END]));
    expect([found, files.at(-1)]).toEqual([['1000-1004 4:1'], 'sub/e.c']);
  });
});

describe('files', () => {
  const program = [...set(0x1000), COPY, ...pc(1), ...END];

  test('of versions 2 to 4: directory 0 isn’t named; absolute paths stay', () => {
    for (const version of [2, 3, 4])
      expect(lines(table(program, { version }))).toEqual({
        found: ['1000-1004 0:1'],
        files: ['a.c', 'sub/b.c', '/abs/c.c', '/d.c'],
        kinds: [],
      });
  });

  test('of version 5, in every form: strings here and elsewhere, numbers of any size', () => {
    const strings: Section[] = [
      ['.debug_line_str', Uint8Array.from([0, ...chars('/src'), ...chars('l.c')])],
      ['.debug_str', Uint8Array.from([0, ...chars('i.c')])],
    ];
    const word = (n: number) => [...new Bytes().u32(n).done()];
    const directories = [1, 1, 0x1f, 3, ...word(1), ...word(99), ...word(6)];
    const entry = (
      form: number,
      number: readonly number[],
      path = chars('n.c'),
      pathForm = 0x08,
      more: readonly number[] = [],
      moreForm?: number,
    ) => [
      ...[moreForm === undefined ? 2 : 3, 1, pathForm, 2, form, ...(moreForm === undefined ? [] : [5, moreForm]), 1],
      ...[...path, ...number, ...more],
    ];
    const read = (files: readonly number[]) =>
      lines(table(program, { version: 5, files: [...directories, ...files] }), strings);
    // File 1 is the second entry here: there is none, so its number is unknown.
    expect(read(entry(0x0b, [0]))).toEqual({ found: ['1000-1004 -1:1'], files: ['/src/n.c'], kinds: [] });
    expect(read(entry(0x0f, uleb(2))).files).toEqual(['/src/l.c/n.c']);
    expect(read(entry(0x05, [1, 0])).files).toEqual(['n.c']);
    expect(read(entry(0x06, word(0))).files).toEqual(['/src/n.c']);
    expect(read(entry(0x07, [...word(0), ...word(0)])).files).toEqual(['/src/n.c']);
    expect(read(entry(0x0b, [0], word(6), 0x1f)).files).toEqual(['/src/l.c']);
    expect(read(entry(0x0b, [0], word(1), 0x0e)).files).toEqual(['/src/i.c']);
    expect(read(entry(0x0b, [0], chars('m.c'), 0x08, Array<number>(16).fill(7), 0x1e)).files).toEqual(['/src/m.c']);
    expect(read(entry(0x0b, [0], chars('m.c'), 0x08, [2, 7, 7], 0x09)).files).toEqual(['/src/m.c']);
    expect(read(entry(0x01, [0])).kinds).toEqual(['elf-lines 1']);
  });

  test('each path has one number, in all tables; a damaged table ends alone', () => {
    const good = table(program);
    const both = new Bytes()
      .raw(good)
      .raw(table(program, { version: 6 }))
      .raw(good)
      .done();
    expect(lines(both)).toEqual({
      found: ['1000-1004 0:1', '1000-1004 0:1'],
      files: ['a.c', 'sub/b.c', '/abs/c.c', '/d.c'],
      kinds: ['elf-lines 1'],
    });
    for (const header of [{ version: 1 }, { lineRange: 0 }])
      expect(lines(table(program, header)).kinds, JSON.stringify(header)).toEqual(['elf-lines 1']);
    expect(lines(good.slice(0, -1))).toMatchObject({ found: [], kinds: ['elf-lines 1'] });
    // Numbers of more than nine bytes.
    expect(lines(table([...set(0), 2, ...Array<number>(10).fill(0x80), 1])).kinds).toEqual(['elf-lines 1']);
    expect(lines(table([...set(0), 3, ...Array<number>(10).fill(0x80), 1])).kinds).toEqual(['elf-lines 1']);
    expect(lines(Uint8Array.of(0, 0, 0)).kinds).toEqual([]);
  });

  test('of the 64-bit format, and of sections that are packed', () => {
    expect(lines(table(program, { wide: true })).found).toEqual(['1000-1004 0:1']);
    const packed = (type: number, is64: boolean) => {
      const header = new Bytes().u32(type).padTo(is64 ? 24 : 12);
      const bytes = header.raw(deflateSync(table(program))).done();
      const found: bigint[] = [];
      readLines(elf([['.debug_line', bytes, 1 << 11]], is64), new Warnings(), (from) => found.push(from));
      return found;
    };
    expect([packed(1, true), packed(1, false), packed(2, true)]).toEqual([[0x1000n], [0x1000n], []]);
  });

  test('are there if their section is, with bytes of its own', () => {
    const NOBITS = 8;
    const has = (...sections: Section[]) => hasLines(elf(sections));
    expect([
      has(['.debug_line', new Uint8Array(1)]),
      has(['.debug_line', new Uint8Array(0)]),
      has(['.debug_info', new Uint8Array(1)]),
    ]).toEqual([...[true, false, false]]);
    expect(has(['.debug_line', new Uint8Array(1), 0, NOBITS])).toBe(false);
    expect(
      readLines(elf([['.debug_line', table(program), 0, NOBITS]]), new Warnings(), () => expect.fail('rows')),
    ).toEqual([]);
  });
});

describe('tables that would make much work', () => {
  /** Version 5: a list of formats, then so many entries of a list. */
  const listed = (formats: readonly number[], n: number, entry: (i: number) => readonly number[]) => [
    ...[formats.length / 2, ...formats, ...uleb(n)],
    ...Array.from({ length: n }, (_, i) => entry(i)).flat(),
  ];
  const word = (n: number) => [...new Bytes().u32(n).done()];

  test('entries without content: no list of nothing is read', () => {
    const none = [0, ...uleb(65535), 0, ...uleb(65535)];
    expect(lines(table([...set(0x1000), COPY, ...END], { version: 5, files: none }))).toEqual({
      ...{ found: [], files: [] },
      kinds: ['elf-lines 1'],
    });
  });

  test('names that all lie in one long string: cut to a path, and no more of them than real files have', () => {
    const string = new Uint8Array(1 << 20).fill(0x61);
    const files = [
      ...listed([1, 0x1f], 1, () => word(0)),
      ...listed([1, 0x1f, 2, 0x0b], 65536, (i) => [...word(i), 0]),
    ];
    const all = lines(table([...set(0x1000), COPY, ...END], { version: 5, files }), [['.debug_line_str', string]]);
    expect(all.kinds).toEqual(['elf-lines-much 1']);
    expect(Math.max(...all.files.map((path) => path.length))).toBe(2 * 4096 + 1);
  });
});
