import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openElf } from '../../core/formats/elf/elf.ts';
import { elfSymbols, hasSymtab } from '../../core/formats/elf/elf-symbols.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { findSymbol } from '../../core/formats/symbols/symbol-table.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/symbols/${name}`, import.meta.url)));

function open(name: string, bytes = fixture(name)) {
  const warnings = new Warnings();
  const elf = openElf(memorySource(bytes, name), warnings);
  return { elf, warnings };
}

function table(name: string) {
  const { elf, warnings } = open(name);
  return elfSymbols(elf, warnings);
}

/** Where perf's choice differs from addr2line's: it prefers strong names, sees labels, and ends functions at their size. */
const perfs: Readonly<Record<string, string>> = { hash_probe_alias: 'hash_probe' };

test.each([
  ['kv.pie', 0],
  ['kv.exec', 0x400000],
])('%s: each address has the function that addr2line names', (name, base) => {
  const symbols = table(name);
  const lines = new TextDecoder()
    .decode(fixture(`${name}.addr2line.txt`))
    .trim()
    .split('\n');
  expect(lines).toHaveLength(121);
  const differences = lines.flatMap((line) => {
    const [address, told] = line.split(' ');
    const i = findSymbol(symbols, Number(address) - base);
    const own = i < 0 ? '-' : symbols.name(i);
    return own === (perfs[told] ?? told) ? [] : [`${own} for ${told}`];
  });
  expect(differences).toEqual([
    'inner_label for outer_function',
    'inner_label for outer_function',
    'inner_label for outer_function',
    '- for local_only',
  ]);
});

test('a function without size reaches to the next one; labels lie within functions', () => {
  const symbols = table('kv.pie');
  const at = (name: string) => Array.from({ length: symbols.n }, (_, i) => i).find((i) => symbols.name(i) === name)!;
  const size = (name: string) => symbols.end[at(name)] - symbols.start[at(name)];
  expect(size('label_without_size')).toBe(4);
  expect(symbols.outer[at('inner_label')]).toBe(at('outer_function'));
});

test('a stripped library: its build id, and its functions by the file of debug information', () => {
  const stripped = open('kv.so');
  const debug = open('kv.so.debug');
  expect(stripped.elf.buildId).toBe('4895700e94ce3d5886a20414b667fe7bef61e185');
  expect(debug.elf.buildId).toBe(stripped.elf.buildId);
  expect([hasSymtab(stripped.elf), hasSymtab(debug.elf)]).toEqual([false, true]);
  const dynamic = elfSymbols(stripped.elf, stripped.warnings);
  const full = elfSymbols(debug.elf, debug.warnings, stripped.elf.segments);
  const names = (t: typeof full) => Array.from({ length: t.n }, (_, i) => t.name(i));
  expect(names(dynamic)).not.toContain('local_only');
  expect(names(full)).toContain('local_only');
  expect(names(full)).toEqual(expect.arrayContaining(names(dynamic)));
  expect(full.name(findSymbol(full, 0x497))).toBe('local_only');
});

test('32-bit files', () => {
  const symbols = table('kv.elf32');
  expect(symbols.name(findSymbol(symbols, 0x104))).toBe('hash_probe');
  expect(symbols.end[findSymbol(symbols, 0x104)]).toBe(0x113);
});

test('a big-endian file, and what is no ELF file, say so', () => {
  const big = fixture('kv.pie');
  big[5] = 2;
  expect(() => open('x', big)).toThrow('x: byte 5: a big-endian ELF file: only little-endian ones are read');
  expect(() => open('x', new Uint8Array(64))).toThrow(InputError);
  expect(() => open('x', fixture('kv.pie').slice(0, 40))).toThrow('ends in its header');
});

test('a file that is cut gives what is left, and says so', () => {
  const bytes = fixture('kv.pie');
  const { elf, warnings } = open('cut', bytes.slice(0, bytes.length - 400));
  const symbols = elfSymbols(elf, warnings);
  expect(symbols.n).toBeLessThanOrEqual(10);
  expect(warnings.list().map((w) => w.kind)).toContain('elf-table');
});
