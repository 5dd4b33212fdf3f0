/** Values of print formats, as libtraceevent has them: arithmetic in unsigned 64 bits, conversions, strings, pointers. One rule a row. */
import { describe, expect, test } from 'vitest';
import { parseEventFormat } from '../../core/formats/event-format/parse-format.ts';
import { compileEvent } from '../../core/formats/event-format/print-event.ts';
import { Symbols } from '../../core/formats/event-format/symbols.ts';
import { Bytes, format } from './trace-dat-writer.ts';

const context = {
  symbols: new Symbols(
    'ffff800008000000 T first\nffff800008001000 t second\nffff800008002000 t third\n',
    '0xffff800009000000 : "constant"\n',
  ),
  longSize: 8,
};

/** Name, declaration, bytes. */
type Field = readonly [name: string, declaration: string, bytes: readonly number[]];
const le = (value: number | bigint, size: 1 | 2 | 4 | 8) => [...new Bytes().number(value, size).done()];
const text = (s: string) => [...Buffer.from(s, 'latin1')];
const range = (from: number, n: number) => Array.from({ length: n }, (_, i) => from + i);

const fixed: readonly Field[] = [
  ['a', 'u32 a', le(6, 4)],
  ['b', 'int b', le(-3, 4)],
  ['c', 'u64 c', le(0xffff800008001008n, 8)],
  ['z', 'u64 z', le(0, 8)],
  ['h', 'u16 h', le(0xfffe, 2)],
  ['o', 'u8 o', le(0xfd, 1)],
  ['words', 'u16 words[4]', [1, 2, 3, 0x8004].flatMap((w) => le(w, 2))],
  ['longs', 'unsigned long longs[2]', [5n, 1n << 63n].flatMap((w) => le(w, 8))],
  ['comm', 'char comm[8]', text('task\0\0\0\0')],
  ['mac', 'u8 mac[6]', range(0x0a, 6)],
  ['ip', 'u8 ip[4]', [10, 0, 200, 1]],
  ['ip6', 'u8 ip6[16]', [0xfe, 0x80, ...Array<number>(13).fill(0), 1]],
  ['mapped', 'u8 mapped[16]', [...Array<number>(10).fill(0), 255, 255, 192, 168, 0, 1]],
  ['wide6', 'u8 wide6[16]', range(0x10, 16)],
  ['ptr', 'const char * ptr', le(0xffff800009000000n, 8)],
];
const dynamic: readonly Field[] = [
  ['str', '__data_loc char[] str', text('hello\0')],
  ['raw', '__data_loc u8[] raw', [0xde, 0xad, 0xbe, 0xef]],
  ['mask', '__data_loc unsigned long[] mask', [0x0f, 0x01, 0, 0, 0x80]],
  ['sock', '__data_loc u8[] sock', [2, 0, 0x1f, 0x90, 127, 0, 0, 1, ...Array<number>(8).fill(0)]],
  ['sock6', '__data_loc u8[] sock6', [10, 0, 0, 80, 0, 0, 0, 0, ...Array<number>(15).fill(0), 1, 0, 0, 0, 0]],
];

const declared: string[] = [];
const record = new Bytes().raw(new Uint8Array(8));
for (const [, declaration, bytes] of fixed) {
  declared.push(
    `field:${declaration};\toffset:${record.length};\tsize:${bytes.length};\tsigned:${Number(declaration.startsWith('int'))};`,
  );
  record.raw(bytes);
}
let tail = record.length + 4 * dynamic.length;
for (const [, declaration, bytes] of dynamic) {
  declared.push(`field:${declaration};\toffset:${record.length};\tsize:4;\tsigned:0;`);
  record.u32(tail | (bytes.length << 16));
  tail += bytes.length;
}
for (const [, , bytes] of dynamic) record.raw(bytes);
const bytes = record.done();

/** What the format prints of the record, or of its first `size` bytes. */
function print(printFormat: string, size = bytes.length): string {
  const parsed = parseEventFormat(format('e', 1, declared, printFormat), 'test');
  if (!parsed) throw new Error('no format');
  return compileEvent(parsed, context)({ bytes, at: 0, size, slots: [] });
}
const value = (expression: string): string => print(`"%llu", ${expression}`);

describe('arithmetic (eval_num_arg)', () => {
  test.each([
    ['REC->a != REC->b', '1'],
    ['REC->a != 6', '0'],
    ['REC->a == 6', '1'],
    ['REC->a == 7', '0'],
    ['REC->a < 6', '0'],
    ['REC->a < 7', '1'],
    ['REC->a <= 6', '1'],
    ['REC->a <= 5', '0'],
    ['REC->a > 6', '0'],
    ['REC->a > 5', '1'],
    ['REC->a >= 6', '1'],
    ['REC->a >= 7', '0'],
    ['REC->a && REC->b', '1'],
    ['REC->a && 0', '0'],
    ['0 && REC->a', '0'],
    ['REC->a || 0', '1'],
    ['0 || REC->a', '1'],
    ['0 || (u32)REC->z', '0'],
    ['REC->a & REC->b', '4'],
    ['REC->a | REC->b', '4294967295'],
    ['REC->b >> 1', '2147483646'],
    ['REC->b >> 31', '1'],
    ['REC->b >> 32', '0'],
    ['REC->b >> 64', '4294967293'],
    ['REC->b / 2', '2147483646'],
    ['REC->a / 0', '0'],
    ['REC->b % 4', '1'],
    ['REC->a % 0', '0'],
    ['REC->a + REC->b', '4294967299'],
    ['REC->a - REC->b', '18446744069414584329'],
    ['REC->b * REC->b', '18446744047939747849'],
    ['REC->a << 62', '9223372036854775808'],
    ['REC->a << 65', '12'],
    ['!REC->a', '0'],
    ['!(u32)REC->z', '1'],
  ])('narrow: %s = %s', (expression, expected) => expect(value(expression)).toBe(expected));

  test.each([
    ['REC->c & 0xff', '8'],
    ['REC->c & REC->c', '18446603336355418120'],
    ['REC->c == REC->c', '1'],
    ['REC->c == REC->z', '0'],
    ['REC->c != REC->z', '1'],
    ['REC->c < REC->a', '0'],
    ['REC->a < REC->c', '1'],
    ['REC->c <= REC->c', '1'],
    ['REC->c > REC->a', '1'],
    ['REC->c >= REC->a', '1'],
    ['REC->a >= REC->c', '0'],
    ['REC->c && REC->z', '0'],
    ['REC->c && REC->a', '1'],
    ['REC->z || REC->z', '0'],
    ['REC->z || REC->a', '1'],
    ['!REC->c', '0'],
    ['!REC->z', '1'],
    ['~REC->z', '18446744073709551615'],
    ['REC->c / 16', '1152912708522213632'],
    ['REC->c / REC->z', '0'],
    ['REC->c % 16', '8'],
    ['REC->c % REC->z', '0'],
    ['REC->c >> 44', '1048568'],
    ['REC->c << 60', '9223372036854775808'],
    ['REC->c | 1', '18446603336355418121'],
    ['REC->c - REC->c', '0'],
    ['REC->c + REC->c', '18446462599001284624'],
    // Folded where both are constants, unknown elsewhere.
    ['REC->c ^ 1', '0'],
    ['5 ^ 1', '4'],
    ['REC->z ? 1 : REC->c', '18446603336355418120'],
    ['REC->c ? REC->a : 2', '6'],
    ['REC->a ? REC->c : 0', '18446603336355418120'],
    ['(u32)REC->z ? 1 : 2', '2'],
  ])('wide: %s = %s', (expression, expected) => expect(value(expression)).toBe(expected));

  test.each([
    ['(u8)REC->b', '253'],
    ['(s8)REC->b', '253'],
    ['(u16)REC->b', '65533'],
    ['(u32)REC->b', '4294967293'],
    ['(u8)REC->c', '8'],
    ['(u16)REC->c', '4104'],
    ['(u32)REC->c', '134221832'],
    ['(u64)REC->c', '18446603336355418120'],
    ['(char)REC->b', '253'],
    ['(unsigned char)REC->c', '8'],
    ['(short)REC->c', '4104'],
    ['(unsigned short)REC->b', '65533'],
    ['(int)REC->c', '134221832'],
    ['(unsigned int)REC->c', '134221832'],
    ['(unsigned long)REC->c', '18446603336355418120'],
    ['(void *)REC->c', '18446603336355418120'],
    ['(u8 *)REC->c', '18446603336355418120'],
    ['REC->words[2]', '3'],
    ['REC->words[3]', '32772'],
    ['REC->longs[0]', '5'],
    ['REC->longs[1]', '9223372036854775808'],
    ['REC->longs[200]', '0'],
    ['__get_dynamic_array_len(str)', '6'],
    ['__get_dynamic_array_len(raw)', '4'],
    ['sizeof(int)', '4'],
    ['sizeof(unsigned)', '4'],
    ['sizeof(unsigned int)', '4'],
    ['sizeof(long)', '8'],
    ['sizeof(long long)', '8'],
    ['sizeof(unsigned long)', '8'],
    ['sizeof(REC->h)', '2'],
    ['first', '18446603336355414016'],
    ['nobody', '0'],
    ['017', '15'],
    ['0x1F', '31'],
    ['REC->h', '65534'],
    ['REC->o', '253'],
    ['__builtin_expect(REC->a, 1)', '6'],
  ])('%s = %s', (expression, expected) => expect(value(expression)).toBe(expected));

  test('beyond the record everything is 0', () => {
    expect([12, 11].map((size) => print('"%u", REC->a', size))).toEqual(['6', '0']);
    expect([24, 23].map((size) => print('"%llx", REC->c', size))).toEqual(['ffff800008001008', '0']);
    expect([24, 23].map((size) => print('"%llu", REC->c', size))).toEqual(['18446603336355418120', '0']);
    expect(print('"%u %s|", __get_dynamic_array_len(str), __get_str(str)', 40)).toBe('0 |');
    expect(print('"%u", REC->longs[1]', 50)).toBe('0');
  });
});

describe('conversions', () => {
  test.each([
    ['%d', 'b', '-3'],
    ['%i', 'b', '-3'],
    ['%hd', 'b', '-3'],
    ['%hhd', 'b', '-3'],
    ['%hu', 'b', '65533'],
    ['%hhu', 'b', '253'],
    ['%ld', 'b', '4294967293'],
    ['%x', 'b', 'fffffffd'],
    ['%X', 'b', 'FFFFFFFD'],
    ['%lx', 'b', 'fffffffd'],
    ['%o', 'o', '375'],
    ['%#o', 'o', '0375'],
    ['%#x', 'o', '0xfd'],
    ['%d', 'c', '134221832'],
    ['%hd', 'c', '4104'],
    ['%hhx', 'c', '8'],
    ['%u', 'c', '134221832'],
    ['%ld', 'c', '-140737354133496'],
    ['%lld', 'c', '-140737354133496'],
    ['%zd', 'c', '-140737354133496'],
    ['%Lu', 'c', '18446603336355418120'],
    ['%lX', 'c', 'FFFF800008001008'],
    ['%20llx|', 'c', '    ffff800008001008|'],
    ['%lx', 'z', '0'],
    ['%5d|', 'b', '   -3|'],
    ['%-5d|', 'b', '-3   |'],
    ['%05d|', 'b', '-0003|'],
    ['%.3u', 'a', '006'],
    ['%5.2u|', 'a', '   06|'],
    ['%c', 'a', '>c<'],
    ['100%% %u', 'a', '100% 6'],
    ['\\\\t%u\\\\n', 'a', '\\t6\\n'],
  ])('%s of %s: %s', (conversion, field, expected) => expect(print(`"${conversion}", REC->${field}`)).toBe(expected));

  test('stars take an argument of their own; a format that ends within a conversion prints no more', () => {
    expect(print('"%*u|", 4, REC->a')).toBe('   6|');
    expect(print('"%.*s|", 2, REC->comm')).toBe('ta|');
    expect(print('"%-*s|", 6, REC->comm')).toBe('task  |');
    expect(print('"%u %", REC->a')).toBe('6 ');
    expect(print('"%u %-#0.5", REC->a')).toBe('6 ');
  });

  test('too many modifiers, or arguments too few, can’t be read', () => {
    for (const bad of ['"%llld", REC->a', '"%hhhd", REC->a', '"%u %u", REC->a', '"%*u", 1'])
      expect(print(bad), bad).toMatch(/^\[FAILED TO PARSE\] a=6 b=-3 /);
  });
});

describe('strings (print_str_arg)', () => {
  test.each([
    ['"%s", REC->comm', 'task'],
    ['"%7s|", REC->comm', '   task|'],
    ['"%-7s|", REC->comm', 'task   |'],
    ['"%.2s|", REC->comm', 'ta|'],
    ['"%s", "literal"', 'literal'],
    ['"%s", REC->ptr', 'constant'],
    ['"%s", REC->c', 'ffff800008001008'],
    ['"%s", __get_str(str)', 'hello'],
    ['"%.3s", __get_str(str)', 'hel'],
    ['"%s", __get_bitmask(mask)', '80,0000010f'],
    ['"%s", __get_cpumask(mask)', '0-3,8,39'],
    ['"%s", REC->a ? "yes" : "no"', 'yes'],
    ['"%s", REC->z ? "yes" : "no"', 'no'],
    ['"%s", __print_symbolic(REC->a, { 5, "five" }, { 6, "six" }, { 6, "again" })', 'six'],
    ['"%s", __print_symbolic(REC->o, { 5, "five" })', '0xfd'],
    ['"%s", __print_symbolic(REC->c, { 5, "five" })', '0xffff800008001008'],
    ['"%s", __print_symbolic(REC->c, { 0xffff800008001008, "there" })', 'there'],
    ['"%5s|", __print_symbolic(REC->a, { 6, "six" })', '  six|'],
    ['"%s", __print_flags(REC->a, "|", { 1, "one" }, { 2, "two" }, { 4, "four" })', 'two|four'],
    ['"%s", __print_flags(REC->a, "", { 2, "two" }, { 4, "four" })', 'twofour'],
    ['"%s", __print_flags(REC->a, ",", { 2, "two" })', 'two,0x4'],
    ['"%s", __print_flags(REC->a, ",", { 8, "eight" })', '0x6'],
    ['"%s", __print_flags(REC->a, ",", { 6, "both" }, { 2, "two" })', 'both'],
    ['"%s", __print_flags(REC->z, ",", { 1, "one" })', ''],
    ['"%s", __print_flags(REC->z, ",", { -1, "minus" }, { 0, "none" })', 'minus'],
    ['"%s", __print_flags(REC->z, ",", { SOMETHING, "unknown" })', 'unknown'],
    ['"%s", __print_symbolic(REC->a, { RCU_SOFTIRQ - 3, "rcu" }, { SCHED_SOFTIRQ, "sched" })', '0x6'],
    ['"%s", __print_hex(__get_dynamic_array(raw), __get_dynamic_array_len(raw))', 'de ad be ef'],
    ['"%s", __print_hex_str(__get_dynamic_array(raw), 2)', 'dead'],
    ['"%s", __print_hex(REC->mac, 6)', '0a 0b 0c 0d 0e 0f'],
    ['"%s", __print_hex(REC->mac, 0)', ''],
    ['"%s", __print_hex(REC->mac, -1)', ''],
    ['"%s", __print_array(REC->words, 4, 2)', '1 2 3 32772'],
    ['"%s", __print_array(REC->longs, 2, 8)', '5 9223372036854775808'],
    ['"%s", __print_array(REC->mac, 3, 1)', '10 11 12'],
    ['"%s", __print_array(REC->ip, 1, 4)', '29884426'],
    ['"%s", __print_array(REC->mac, 2, 3)', 'BAD SIZE:3 0xa BAD SIZE:3 0xb'],
  ])('%s: %s', (printFormat, expected) => expect(print(printFormat)).toBe(expected));
});

describe('pointers (print_arg_pointer)', () => {
  test.each([
    ['%p', 'REC->c', '0xffff800008001008'],
    ['%p', 'REC->z', '(nil)'],
    ['%px', 'REC->a', '0x6x'],
    ['%ps', 'REC->c', 'second'],
    ['%pf', 'REC->c', 'second'],
    ['%pS', 'REC->c', 'second+0x8'],
    ['%pF', 'REC->c', 'second+0x8'],
    ['%pS', 'REC->a', '0x6'],
    ['%pM', 'REC->mac', '0a:0b:0c:0d:0e:0f'],
    ['%pMF', 'REC->mac', '0a-0b-0c-0d-0e-0f'],
    ['%pMR', 'REC->mac', '0f:0e:0d:0c:0b:0a'],
    ['%pm', 'REC->mac', '0a0b0c0d0e0f'],
    ['%pmR', 'REC->mac', '0f0e0d0c0b0a'],
    ['%pM', 'REC->ip', 'INVALIDMAC'],
    ['%pM', '(void *)REC->mac', '0a:0b:0c:0d:0e:0f'],
    ['%pM', '6', 'ARG TYPE NOT FIELD BUT 1'],
    ['%pM', 'REC->a + 1', 'ARG TYPE NOT FIELD BUT 11'],
    ['%pI4', 'REC->ip', '10.0.200.1'],
    ['%pi4', 'REC->ip', '010.000.200.001'],
    ['%pI4h', 'REC->ip', '1.200.0.10'],
    ['%pI4l', 'REC->ip', '1.200.0.10'],
    ['%pI4n', 'REC->ip', '10.0.200.1'],
    ['%pI4b', 'REC->ip', '10.0.200.1'],
    ['%pI4', 'REC->mac', 'INVALIDIPv4'],
    ['%pI6', 'REC->ip6', 'fe80:0000:0000:0000:0000:0000:0000:0001'],
    ['%pi6', 'REC->ip6', 'fe800000000000000000000000000001'],
    ['%pI6c', 'REC->ip6', 'fe80::1'],
    ['%pI6c', 'REC->mapped', '::ffff:192.168.0.1'],
    ['%pI6c', 'REC->wide6', '1011:1213:1415:1617:1819:1a1b:1c1d:1e1f'],
    ['%pI6', 'REC->ip', 'INVALIDIPv6'],
    ['%pU', 'REC->wide6', '10111213-1415-1617-1819-1a1b1c1d1e1f'],
    ['%pUb', 'REC->wide6', '10111213-1415-1617-1819-1a1b1c1d1e1f'],
    ['%pUB', 'REC->wide6', '10111213-1415-1617-1819-1A1B1C1D1E1F'],
    ['%pUl', 'REC->wide6', '13121110-1514-1716-1819-1a1b1c1d1e1f'],
    ['%pUL', 'REC->wide6', '13121110-1514-1716-1819-1A1B1C1D1E1F'],
    ['%pU', 'REC->ip', 'INVALIDUUID'],
    ['%pISpc', '__get_dynamic_array(sock)', '127.0.0.1:8080'],
    ['%pIS', '__get_dynamic_array(sock)', '127.0.0.1'],
    ['%piS', '__get_dynamic_array(sock)', '127.000.000.001'],
    ['%pISpc', '__get_dynamic_array(sock6)', '[::1]:80'],
    ['%pISc', '__get_dynamic_array(sock6)', '::1'],
    ['%pIS', '__get_dynamic_array(sock6)', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['%pISpc', '__get_dynamic_array(raw)', ''],
    ['%pISpc', '7', 'ARG NOT FIELD NOR DYNAMIC ARRAY BUT TYPE 1'],
    ['%pI', 'REC->ip', ''],
    ['%ph', '__get_dynamic_array(raw)', 'de'],
    ['%phC', 'REC->mac', 'ARG TYPE NOT FIELD BUT 2'],
  ])('%s of %s: %s', (conversion, arg, expected) => expect(print(`"${conversion}", ${arg}`)).toBe(expected));

  test.each([
    ['%*ph', 3, 'de ad be'],
    ['%*phC', 4, 'de:ad:be:ef'],
    ['%*phD', 2, 'de-ad'],
    ['%*phN', 9, 'deadbeef'],
    ['%*ph', 0, ''],
  ])('%s of %i bytes: %s', (conversion, n, expected) =>
    expect(print(`"${conversion}", ${n}, __get_dynamic_array(raw)`)).toBe(expected),
  );
});

test('a format that can’t be read prints the fields: arrays as text where it prints, else as bytes; pointers in hex', () => {
  expect(print('"%d", strange(REC->a)')).toBe(
    '[FAILED TO PARSE] a=6 b=-3 c=18446603336355418120 z=0 h=65534 o=253 words=ARRAY[01, 00, 02, 00, 03, 00, 04, 80] ' +
      'longs=ARRAY[05, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 80] comm=task mac=ARRAY[0a, 0b, 0c, 0d, 0e, 0f] ' +
      'ip=\n ip6=ARRAY[fe, 80, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 01] mapped= ' +
      'wide6=ARRAY[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 1a, 1b, 1c, 1d, 1e, 1f] ptr=0xffff800009000000 str=hello ' +
      'raw=ARRAY[de, ad, be, ef] mask=ARRAY[0f, 01, 00, 00, 80] sock=ARRAY[02, 00, 1f, 90, 7f, 00, 00, 01, 00, 00, 00, 00, 00, 00, 00, 00] ' +
      'sock6=\n',
  );
});

test('nesting is followed to a depth that no kernel’s format has, and no further', () => {
  const nested = (n: number) => print(`"%u", ${'('.repeat(n)}REC->a${')'.repeat(n)}`).slice(0, 8);
  expect([nested(100), nested(499), nested(501)]).toEqual(['6', '6', '[FAILED ']);
});
