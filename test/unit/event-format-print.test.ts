/** Print formats, one rule per row. The full set is in golden/trace-dat (formats.v6.dat). */
import { describe, expect, test } from 'vitest';
import { Unreadable } from '../../core/formats/event-format/arg.ts';
import { parsePrintFormat } from '../../core/formats/event-format/expression.ts';
import { integer, layoutInteger, layoutText, parseConversion } from '../../core/formats/event-format/integers.ts';
import { parseEventFormat } from '../../core/formats/event-format/parse-format.ts';
import { compileEvent } from '../../core/formats/event-format/print-event.ts';
import { Symbols } from '../../core/formats/event-format/symbols.ts';
import { format, record } from './trace-dat-writer.ts';

const context = {
  symbols: new Symbols('ffff800008000000 T first\nffff800008001000 t second\nffff800008002000 t third\n'),
  longSize: 8,
};
const fields = [
  'field:u32 a;\toffset:8;\tsize:4;\tsigned:0;',
  'field:int b;\toffset:12;\tsize:4;\tsigned:1;',
  'field:u64 c;\toffset:16;\tsize:8;\tsigned:0;',
];

/** Prints a = 6, b = -3, c = 0xffff800008001008. */
function print(text: string): string {
  const parsed = parseEventFormat(format('e', 1, fields, text), 'test');
  if (!parsed) throw new Error('no format');
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, 6, true);
  view.setInt32(4, -3, true);
  view.setBigUint64(8, 0xffff800008001008n, true);
  const bytes = record(1, 1, body);
  return compileEvent(parsed, context)({ bytes, at: 0, size: bytes.length, slots: [] });
}

test.each([
  ['"%d %u", REC->b, REC->b', '-3 4294967293'],
  ['"%llx %lu", REC->c, REC->c', 'ffff800008001008 18446603336355418120'],
  ['"%ps %pS", REC->c, (void *)REC->c', 'second second+0x8'],
  ['"%d", REC->a + 2 * 3', '12'],
  ['"%d", REC->a ? 1 : 2', '1'],
  ['"%d", (REC->a >> 1) & 1', '1'],
  ['"%s", __print_symbolic(REC->a, { 6, "six" })', 'six'],
  ['"%s", __print_flags(REC->a, "|", { 2, "two" }, { 4, "four" })', 'two|four'],
  ['"%lld", ~REC->c', '140737354133495'],
  ['"%x", ~0', 'ffffffff'],
  ['"%d", REC->a / 0', '0'],
  // Operators of one rank group to the right in libtraceevent: 10 - (4 - 6).
  ['"%d", 10 - 4 - REC->a', '12'],
])('%s', (text, expected) => {
  expect(print(text)).toBe(expected);
});

test.each([
  '"%d"',
  '"%s", strange(REC->a)',
  '"%d", *REC->a',
  '"%d %d", REC->a',
  '"%d", (REC->a',
  '"%*.*d", 1, 2, REC->a',
])('%s can’t be read: the fields print instead', (text) => {
  expect(print(text)).toBe('[FAILED TO PARSE] a=6 b=-3 c=18446603336355418120');
});

test('deep nesting ends in Unreadable, not in a stack overflow', () => {
  for (const text of ['('.repeat(1e5), `${'~'.repeat(1e5)}1`, '1+'.repeat(1e5), `${'1 ? '.repeat(1e5)}`]) {
    expect(() => parsePrintFormat(`"%d", ${text}`, [], 8), text.slice(0, 4)).toThrow(Unreadable);
  }
});

describe('C’s integers', () => {
  test.each([
    ['0x10', 16n],
    ['010', 8n],
    ['12abc', 12n],
    ['-1', 0xffffffffffffffffn],
    ['1UL', 1n],
    ['', 0n],
    ['x', 0n],
    ['99999999999999999999', 0xffffffffffffffffn],
  ])('%s', (text, value) => {
    expect(integer(text)).toBe(value);
  });

  test.each([
    ['%5d', '42', false, '   42'],
    ['%-5d|', '42', false, '42   '],
    ['%05d', '42', true, '-0042'],
    ['%#x', 'ff', false, '0xff'],
    ['%#x', '0', false, '0'],
    ['%#06x', 'ff', false, '0x00ff'],
    ['%.4d', '7', false, '0007'],
    ['%8.3d', '7', true, '    -007'],
    ['%X', 'ff', false, 'FF'],
    ['%#o', '17', false, '017'],
    ['%.0d', '0', false, ''],
  ])('%s of %s', (conversion, digits, negative, expected) => {
    expect(layoutInteger(parseConversion(conversion), digits, negative)).toBe(expected);
  });

  test('a star fills the width or the precision', () => {
    expect(layoutInteger(parseConversion('%*d'), '7', false, 3)).toBe('  7');
    expect(layoutText(parseConversion('%.*s'), 'abcdef', 3)).toBe('abc');
    expect(layoutText(parseConversion('%-8.2s'), 'abc')).toBe('ab      ');
  });
});

test('descriptions: types, arrays and dynamic data', () => {
  const text = format(
    'e',
    7,
    [
      'field:char comm[16];\toffset:8;\tsize:16;\tsigned:0;',
      'field:__data_loc char[] name;\toffset:24;\tsize:4;\tsigned:0;',
      'field:__rel_loc u32[] list;\toffset:28;\tsize:4;\tsigned:0;',
      'field:unsigned long args[6];\toffset:32;\tsize:48;\tsigned:0;',
      'field:const char * ptr;\toffset:80;\tsize:8;\tsigned:0;',
      'field:u64[16] regs;\toffset:88;\tsize:128;\tsigned:0;',
    ],
    '"x"',
  );
  const parsed = parseEventFormat(text, 'sys');
  expect(parsed?.fields.slice(4).map((f) => [f.name, f.type, f.kind, f.count])).toEqual([
    ['comm', 'char[16]', 'string', 16],
    ['name', '__data_loc char[]', 'data-loc', 1],
    ['list', '__rel_loc u32[]', 'rel-loc', 1],
    ['args', 'unsigned long[6]', 'array', 6],
    ['ptr', 'const char *', 'number', 1],
    ['regs', 'u64[16]', 'array', 16],
  ]);
  expect(parseEventFormat('name: x\nformat:\n', 'sys')).toBeUndefined();
});
