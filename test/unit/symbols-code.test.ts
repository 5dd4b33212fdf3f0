/** Machine code and source lines: against what objdump and addr2line say of the same files. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openElf } from '../../core/formats/elf/elf.ts';
import { elfSymbols } from '../../core/formats/elf/elf-symbols.ts';
import { hasLines, readLines } from '../../core/formats/elf/line-table.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { codeOf } from '../../core/lab/symbols/code.ts';
import { disassemble } from '../../core/lab/symbols/disassemble.ts';

const read = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../fixtures/symbols/${name}`, import.meta.url)));
const open = (name: string, bytes = read(name)) => openElf(memorySource(bytes, name), new Warnings());

test.each(['kv.a64', 'kv.a64.dwarf4'])('every instruction of %s has the line that addr2line gives', (name) => {
  const lines = new Map<string, string>();
  const stretches: [bigint, bigint, number, number][] = [];
  const files = readLines(open(name), new Warnings(), (...stretch) => stretches.push(stretch));
  for (const [from, to, file, line] of stretches) {
    for (let at = from; at < to; at += 4n) lines.set(`0x${at.toString(16)}`, `${files[file]}:${line}`);
  }
  const expected = Buffer.from(read('kv.a64.addr2line.txt')).toString().trim().split('\n');
  // DWARF 4 has the compilation's directory elsewhere: its paths are as the compiler was given them.
  const place = (text: string): string => (name === 'kv.a64' ? text : text.replace('/src/kv/', ''));
  expect([...lines].map(([at, line]) => `${at} ${line}`).sort()).toEqual(expected.map(place).sort());
});

test('binaries without line tables have none; a damaged one is left out with a warning', () => {
  expect(hasLines(open('kv.exec'))).toBe(false);
  const elf = open('kv.a64');
  const { offset, size } = elf.sections.find((s) => s.name === '.debug_line')!;
  let damaged = 0;
  for (let at = 0; at < size; at++) {
    const bytes = read('kv.a64');
    bytes[offset + at] ^= 0xff;
    const warnings = new Warnings();
    readLines(open('kv.a64', bytes), warnings, (from, to) => expect(to > from).toBe(true));
    damaged += warnings.list().length ? 1 : 0;
  }
  expect(damaged).toBeGreaterThan(10);
});

test('a function’s bytes and lines, by its place in the file', () => {
  const elf = open('kv.a64');
  const table = elfSymbols(elf, new Warnings());
  const functions = Array.from({ length: table.n }, (_, i) => ({ start: table.start[i], end: table.end[i] }));
  const names = functions.map((_, i) => table.name(i));
  const walk = names.indexOf('list_walk');
  const all = codeOf(elf, elf, functions, new Warnings());
  expect(all[walk].code).toHaveLength(0x28);
  expect(Buffer.from(all[walk].code!.subarray(0, 8)).toString('hex')).toBe('e10300aae00000b4');
  expect(all[walk].lines).toEqual({
    files: ['/src/kv/kv.c'],
    rows: [
      ...[
        [0, 0, 21],
        [4, 0, 23],
        [8, 0, 22],
        [12, 0, 24],
        [20, 0, 23],
        [28, 0, 26],
        [32, 0, 22],
        [36, 0, 25],
      ],
    ],
  });
  // Separate debug information has lines, but no code.
  expect(codeOf(undefined, elf, functions, new Warnings())[walk].code).toBeUndefined();
});

test('disassembly: instructions, branches within the function, and words that are none', async () => {
  const elf = open('kv.a64');
  const code = Uint8Array.from(elf.source.read(0x15c, 0x28));
  const list = await disassemble(code, 0x15c);
  expect(list.map(({ text }) => text)).toEqual([
    ...['mov x1, x0', 'cbz x0, #0x17c', 'mov x0, #0', 'ldr x2, [x1, #8]', 'add x0, x0, x2', 'ldr x1, [x1]'],
    ...['cbnz x1, #0x168', 'ret', 'mov x0, #0', 'b #0x178'],
  ]);
  expect(list.flatMap(({ at, to }) => (to === undefined ? [] : [[at, to]]))).toEqual([
    [4, 0x20],
    [0x18, 0xc],
    [0x24, 0x1c],
  ]);
  code.set([0xff, 0xff, 0xff, 0xff], 8);
  expect((await disassemble(code, 0x15c)).map(({ text }) => text).slice(1, 4)).toEqual([
    ...['cbz x0, #0x17c', '.inst 0xffffffff', 'ldr x2, [x1, #8]'],
  ]);
  expect(await disassemble(new Uint8Array(7), 0)).toHaveLength(1);
});
