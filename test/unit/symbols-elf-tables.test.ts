/** Symbols of ELF files, field by field: headers, notes, what counts as a function; and how sizes and aliases are settled. */
import { describe, expect, test } from 'vitest';
import { elfSymbols, hasSymtab, isKernelElf } from '../../core/formats/elf/elf-symbols.ts';
import { fileOffset, openElf } from '../../core/formats/elf/elf.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { Binding, findSymbol, SymbolCollector } from '../../core/formats/symbols/symbol-table.ts';
import { buildElf } from './elf.builder.ts';

const ID = '00112233445566778899aabbccddeeff01234567';
const content = {
  buildId: ID,
  vaddr: 0x400000,
  symbols: ['one', 'two', 'three'].map((name, i) => ({ name, offset: 0x1000 + 0x100 * i, size: 0x80 })),
};
const SYMBOLS = 64 + 56 + 40;
const symbolAt = (i: number) => SYMBOLS + 24 * (i + 1);

/** The file, changed; its functions as `name start size`, and the warnings. */
function read(change: (view: DataView, bytes: Uint8Array) => void = () => {}, more: Partial<typeof content> = {}) {
  const bytes = buildElf({ ...content, ...more });
  change(new DataView(bytes.buffer), bytes);
  const warnings = new Warnings();
  const elf = openElf(memorySource(bytes, 'x'), warnings);
  const table = elfSymbols(elf, warnings);
  const names = Array.from(
    { length: table.n },
    (_, i) => `${table.name(i)} ${table.start[i].toString(16)} ${(table.end[i] - table.start[i]).toString(16)}`,
  );
  return { elf, names, kinds: warnings.list().map(({ kind, count }) => `${kind} ${count}`) };
}
const all = ['one 1000 80', 'two 1100 80', 'three 1200 80'];

describe('headers', () => {
  test('segments, sections, the build id, and functions by their offset in the file', () => {
    const { elf, names, kinds } = read();
    expect([names, kinds, elf.buildId, elf.type, elf.is64]).toEqual([all, [], ID, 3, true]);
    expect(elf.segments).toEqual([{ offset: 0, vaddr: 0x400000n, size: 0x4000000n }]);
    expect(elf.sections.map(({ type, link, entrySize }) => [type, link, entrySize])).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [7, 0, 0],
      [2, 4, 24],
      [3, 0, 0],
    ]);
    expect([hasSymtab(elf), isKernelElf(elf)]).toEqual([true, false]);
  });

  test('that no such file has are refused; a table beyond the file is read as far as it lies in it', () => {
    const throws = (at: number, value: number, words: string) =>
      expect(() => read((_, bytes) => (bytes[at] = value))).toThrow(words);
    throws(4, 3, 'x: byte 4: ELF class 3, byte order 1: there is no such ELF file');
    throws(5, 0, 'x: byte 4: ELF class 2, byte order 0: there is no such ELF file');
    throws(5, 2, 'x: byte 5: a big-endian ELF file');
    throws(3, 0, 'x: byte 0: no ELF file');
    expect(read((v) => v.setUint16(58, 63, true))).toMatchObject({ names: [], kinds: ['elf-table 1'] });
    expect(read((v) => v.setUint16(54, 55, true))).toMatchObject({ names: [], kinds: ['elf-table 1'] });
    expect(read((v) => v.setUint16(60, 6, true))).toMatchObject({ names: all, kinds: ['elf-table 1'] });
    expect(read((v) => v.setUint16(60, 3, true)).names).toEqual([]);
    expect(read((v) => v.setBigUint64(40, 0n, true))).toMatchObject({ names: [], kinds: [] });
    expect(read((v) => v.setBigUint64(40, 1n << 60n, true)).kinds).toEqual(['elf-table 1']);
    // Too many sections for the header: the first one's size is their number.
    const many = read((v) => {
      v.setUint16(60, 0, true);
      v.setBigUint64(Number(v.getBigUint64(40, true)) + 32, 5n, true);
    });
    expect(many.names).toEqual(all);
  });

  test('the build id is that of a note of GNU’s, of type 3, within its section', () => {
    const note = 64 + 56;
    const id = (change: Parameters<typeof read>[0]) => read(change).elf.buildId;
    expect(id((v) => v.setUint32(note, 5, true))).toBeUndefined();
    for (const byte of [0, 1, 2]) expect(id((_, b) => b[note + 12 + byte]++)).toBeUndefined();
    expect(id((v) => v.setUint32(note + 8, 1, true))).toBeUndefined();
    expect(id((v) => v.setUint32(note + 4, 19, true))).toBe(ID.slice(0, 38));
    expect(id((v) => v.setUint32(note + 4, 21, true))).toBeUndefined();
    expect(read(undefined, { buildId: 'ab'.repeat(64) }).elf.buildId).toBe('ab'.repeat(64));
    expect(read(undefined, { buildId: 'ab'.repeat(65) }).elf.buildId).toBeUndefined();
    // Behind another note, whose sizes are padded.
    const second = (v: DataView, b: Uint8Array) => {
      b.copyWithin(note + 20, note, note + 20);
      v.setUint32(note, 3, true);
      v.setUint32(note + 4, 1, true);
      v.setUint32(note + 24, 4, true);
    };
    expect(read(second, { buildId: 'ab'.repeat(24) }).elf.buildId).toBe('abababab');
  });

  test('a virtual address lies in the file where its segment does', () => {
    const segments = [
      { offset: 0x1000, vaddr: 0x400000n, size: 0x100n },
      { offset: 0x5000, vaddr: 0x500000n, size: 0x100n },
    ];
    const at = [0x3fffffn, 0x400000n, 0x4000ffn, 0x400100n, 0x500001n].map((address) => fileOffset(segments, address));
    expect(at).toEqual([undefined, 0x1000, 0x10ff, undefined, 0x5001]);
  });
});

describe('functions', () => {
  const second = (change: (view: DataView, at: number) => void) =>
    read((v) => change(v, symbolAt(1))).names.includes(all[1]);

  test('are symbols of type FUNC or IFUNC, and labels in executable sections', () => {
    const typed = (info: number) => second((v, at) => v.setUint8(at + 4, info));
    expect([0x12, 0x02, 0x22, 0x1a, 0x10].map(typed)).toEqual([true, true, true, true, true]);
    expect([0x11, 0x13, 0x14, 0x16].map(typed)).toEqual([false, false, false, false]);
    // A label in a section without code; a mapping symbol.
    const label = (section: number, first?: number) =>
      read((v, b) => {
        v.setUint8(symbolAt(1) + 4, 0x10);
        v.setUint16(symbolAt(1) + 6, section, true);
        if (first !== undefined) b[b.indexOf('t'.charCodeAt(0), symbolAt(3))] = first;
      }).names.length;
    expect([label(1), label(2), label(77), label(1, 0x24)]).toEqual([3, 2, 2, 2]);
  });

  test('are defined here, have a name, and lie in a segment', () => {
    const section = (index: number) => second((v, at) => v.setUint16(at + 6, index, true));
    expect([1, 0xfeff, 0xffff].map(section)).toEqual([true, true, true]);
    expect([0, 0xff00, 0xfff1].map(section)).toEqual([false, false, false]);
    for (const name of [0, 13, 1000])
      expect(
        second((v, at) => v.setUint32(at, name, true)),
        String(name),
      ).toBe(false);
    expect(second((v, at) => v.setBigUint64(at + 8, 0x3fffffn, true))).toBe(false);
  });

  test('of a table whose entries have another size, or that doesn’t lie in its file', () => {
    const section = (v: DataView) => Number(v.getBigUint64(40, true)) + 3 * 64;
    expect(read((v) => v.setBigUint64(section(v) + 56, 0n, true)).names).toEqual(all);
    expect(read((v) => v.setBigUint64(section(v) + 56, 23n, true))).toMatchObject({
      names: [],
      kinds: ['elf-symbols 1'],
    });
    expect(read((v) => v.setBigUint64(section(v) + 56, 4097n, true)).kinds).toEqual(['elf-symbols 1']);
    expect(read((v) => v.setBigUint64(section(v) + 32, 1n << 20n, true)).kinds).toEqual(['elf-symbols 1']);
    expect(read((v) => v.setUint32(section(v) + 40, 99, true)).names).toEqual([]);
    expect(read((v) => v.setUint32(section(v) + 4, 8, true)).names).toEqual([]);
    expect(read((v) => v.setUint32(section(v) + 4, 11, true)).names).toEqual(all);
    // Strings that go beyond the file.
    expect(read((v) => v.setBigUint64(section(v) + 64 + 32, 1n << 20n, true))).toMatchObject({
      names: all,
      kinds: ['elf-strings 1'],
    });
  });

  test('of a relocatable file lie in their sections', () => {
    const { names } = read((v) => {
      v.setUint16(16, 1, true);
      for (const i of [0, 1, 2]) v.setBigUint64(symbolAt(i) + 8, BigInt(0x10 * i), true);
    });
    expect(names.map((name) => name.split(' ')[1])).toEqual(['1000', '1010', '1020']);
  });

  test('of a kernel are linked for the upper half', () => {
    const kernel = (vaddr: bigint) =>
      isKernelElf(openElf(memorySource(buildElf({ vaddr, symbols: [] }), 'vmlinux'), new Warnings()));
    expect([kernel(0xffff800080000000n), kernel(0xfffefffffc000000n), kernel(0xfffefffffc000001n)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('a symbol table (perf: symbols__fixup_end, choose_best_symbol)', () => {
  type Symbol = [name: string, start: number, size: number, binding?: number, group?: number];
  const build = (...symbols: Symbol[]) => {
    const collector = new SymbolCollector((key) => symbols[key][0]);
    symbols.forEach(([, start, size, binding = Binding.GLOBAL, group = 0], key) =>
      collector.add(start, size, binding, key, group),
    );
    return collector.build();
  };
  const ends = (...symbols: Symbol[]) => Array.from(build(...symbols).end);

  test('without a size reach to the next one; the last of a group to the end of the page after its own', () => {
    expect(ends(['a', 16, 0], ['b', 64, 8])).toEqual([64, 72]);
    expect(ends(['a', 16, 0])).toEqual([8192]);
    expect(ends(['a', 4096, 0])).toEqual([8192]);
    expect(ends(['a', 4097, 0])).toEqual([12288]);
    expect(ends(['a', 16, 0, 1, 1], ['b', 20_000, 0, 1, 2])).toEqual([8192, 24576]);
    expect(ends(['a', 16, 0, 1, 1], ['b', 20_000, 0, 1, 1])[0]).toBe(20_000);
    expect(ends(['a', 16, 0, 1, 1], ['b', 100, 0, 1, 2])[0]).toBe(100);
  });

  test('of one address: the better one, whichever comes first', () => {
    const better = (a: Symbol, b: Symbol) =>
      [build(a, b), build(b, a)].map((table) => (table.n === 1 ? table.name(0) : '?'));
    const { LOCAL, GLOBAL, WEAK } = Binding;
    expect(better(['x', 0, 4, LOCAL], ['_long', 0, 0, GLOBAL])).toEqual(['x', 'x']);
    expect(better(['x', 0, 4, LOCAL], ['weak', 0, 4, WEAK])).toEqual(['x', 'x']);
    expect(better(['g', 0, 4, GLOBAL], ['local', 0, 4, LOCAL])).toEqual(['g', 'g']);
    expect(better(['read', 0, 4], ['_reading', 0, 4])).toEqual(['read', 'read']);
    expect(better(['_a', 0, 4], ['__abc', 0, 4])).toEqual(['_a', '_a']);
    expect(better(['ab', 0, 4], ['abc', 0, 4])).toEqual(['abc', 'abc']);
    expect(better(['ab', 0, 4], ['cd', 0, 4])).toEqual(['ab', 'cd']);
  });

  test('is looked up: the innermost that holds the place, climbing out of those that end before it', () => {
    const table = build(['outer', 0, 100], ['in', 10, 10], ['deep', 12, 4], ['next', 200, 10]);
    const at = (place: number) => {
      const i = findSymbol(table, place);
      return i < 0 ? '-' : table.name(i);
    };
    expect([-1, 0, 9, 10, 12, 15, 16, 19, 20, 99, 100, 199, 200, 209, 210].map(at).join(' ')).toBe(
      '- outer outer in deep deep in in outer outer - - next next -',
    );
  });

  test('grows beyond its first room, whatever the order', () => {
    const n = 3000;
    const table = build(...Array.from({ length: n }, (_, i): Symbol => [`f${(i * 7) % n}`, ((i * 7) % n) * 16, 8]));
    expect([table.n, table.name(0), table.name(n - 1), table.start[n - 1], table.end[n - 1]]).toEqual([
      n,
      'f0',
      'f2999',
      47984,
      47992,
    ]);
    expect(Array.from(table.outer).every((outer) => outer === -1)).toBe(true);
  });
});

describe('tables that claim the same bytes again and again', () => {
  const sections = (
    bytes: readonly (readonly [type: number, offset: number, size: number, link: number])[],
    size: number,
  ) => {
    const at = 64 + size;
    const file = new Uint8Array(at + 64 * (bytes.length + 1));
    const view = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setBigUint64(40, BigInt(at), true);
    view.setUint16(58, 64, true);
    view.setUint16(60, bytes.length + 1, true);
    bytes.forEach(([type, offset, length, link], i) => {
      const o = at + 64 * (i + 1);
      view.setUint32(o + 4, type, true);
      view.setBigUint64(o + 24, BigInt(offset), true);
      view.setBigUint64(o + 32, BigInt(length), true);
      view.setUint32(o + 40, link, true);
      view.setBigUint64(o + 56, 24n, true);
    });
    return file;
  };

  test('notes: no more is searched than one section may hold', () => {
    const file = sections(
      Array.from({ length: 20_000 }, () => [7, 64, 1 << 20, 0] as const),
      1 << 20,
    );
    const start = performance.now();
    expect(openElf(memorySource(file, 'x'), new Warnings()).buildId).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('symbol tables: one of each kind is read, and names at one place are compared without reading the best again', () => {
    const n = 20_000;
    const file = sections(
      [[3, 64, 20_000, 0], ...Array.from({ length: 5000 }, () => [2, 20_064, 24 * n, 1] as const)],
      20_000 + 24 * n,
    );
    file.fill(0x61, 64, 20_063);
    const view = new DataView(file.buffer);
    for (let i = 0; i < n; i++) {
      view.setUint32(20_064 + 24 * i, 1 + (i & 1), true);
      file[20_064 + 24 * i + 4] = 0x12;
      view.setUint16(20_064 + 24 * i + 6, 1, true);
    }
    const elf = openElf(memorySource(file, 'x'), new Warnings());
    const start = performance.now();
    const table = elfSymbols({ ...elf, segments: [{ offset: 0, vaddr: 0n, size: 1n << 40n }] }, new Warnings());
    expect(performance.now() - start).toBeLessThan(10_000);
    expect([table.n, table.name(0).length]).toEqual([1, 16384]);
  });
});
