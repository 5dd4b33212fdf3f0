import { expect, test } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { readKallsyms } from '../../core/formats/symbols/kallsyms.ts';
import { readPerfMap } from '../../core/formats/symbols/perf-map.ts';
import { Binding, findSymbol, kernelPlace, SymbolCollector } from '../../core/formats/symbols/symbol-table.ts';

const source = (text: string) => memorySource(new TextEncoder().encode(text), 'f');

test('kallsyms: functions reach to the next one, modules end at their page, data is left out', () => {
  const warnings = new Warnings();
  const table = readKallsyms(
    source(
      [
        'ffff800080010000 T _text',
        'ffff800080018200 t el0_svc',
        'ffff800080018200 T el0_svc_alias',
        'ffff8000800182c0 t $x',
        'ffff8000800183c0 W weak_one',
        'ffff800080019000 D some_data',
        'ffff80007a000100 t kvm_init\t[kvm]',
        'ffff80007b000000 t other_init\t[other]',
        'not a symbol',
      ].join('\n'),
    ),
    warnings,
  );
  const at = (address: bigint) => {
    const i = findSymbol(table, kernelPlace(address));
    return i < 0 ? undefined : table.name(i);
  };
  expect(at(0xffff8000800182bfn)).toBe('el0_svc_alias');
  expect(at(0xffff8000800183bfn)).toBe('el0_svc_alias');
  expect(at(0xffff8000800183c4n)).toBe('weak_one');
  expect(at(0xffff80007a001fffn)).toBe('kvm_init');
  expect(at(0xffff80007a002000n)).toBeUndefined();
  expect(at(0xffff80008000fffcn)).toBeUndefined();
  expect(warnings.list()).toMatchObject([{ kind: 'kallsyms-line', count: 1 }]);
});

test('kallsyms whose addresses the kernel hid', () => {
  expect(() => readKallsyms(source('0000000000000000 T _text\n0000000000000000 t x\n'), new Warnings())).toThrow(
    'f: byte 0: the kernel hid all addresses (they are 0): read it as root, or with kernel.kptr_restrict=0',
  );
  expect(() => readKallsyms(source('hello\n'), new Warnings())).toThrow('no kallsyms');
});

test('perf maps: names may hold blanks, later lines win', () => {
  const warnings = new Warnings();
  const text =
    '0xaaaa0000 0x40 old\naaaa0040 10 LazyCompile:~f /a b.js:1\nAAAA0000 20 new\nzz\nffffffffffffffff 10 far\n';
  const table = readPerfMap(source(text), warnings);
  const at = (place: number) => (findSymbol(table, place) < 0 ? '-' : table.name(findSymbol(table, place)));
  expect([0xaaaa0000, 0xaaaa001f, 0xaaaa0020, 0xaaaa0045].map(at)).toEqual([
    'new',
    'new',
    '-',
    'LazyCompile:~f /a b.js:1',
  ]);
  expect(warnings.list()).toMatchObject([{ kind: 'perf-map-line', count: 2 }]);
  expect(() => readPerfMap(source('a b\n'), warnings)).toThrow('no perf map');
});

/** perf: tools/perf/util/symbol.c, choose_best_symbol. */
test.each([
  [
    'one with a size',
    [
      ['_long_name', 0, Binding.GLOBAL],
      ['x', 4, Binding.LOCAL],
    ],
    'x',
  ],
  [
    'not weak over weak',
    [
      ['weak', 4, Binding.WEAK],
      ['local', 4, Binding.LOCAL],
    ],
    'local',
  ],
  [
    'global over local',
    [
      ['local', 4, Binding.LOCAL],
      ['glob', 4, Binding.GLOBAL],
    ],
    'glob',
  ],
  [
    'fewer underscores',
    [
      ['__read', 4, Binding.GLOBAL],
      ['_rd', 4, Binding.GLOBAL],
    ],
    '_rd',
  ],
  [
    'the longer name',
    [
      ['rd', 4, Binding.GLOBAL],
      ['read', 4, Binding.GLOBAL],
    ],
    'read',
  ],
  [
    'else the first',
    [
      ['abcd', 4, Binding.GLOBAL],
      ['read', 4, Binding.GLOBAL],
    ],
    'abcd',
  ],
] as const)('of aliases, %s', (_, symbols, best) => {
  for (const order of [symbols, [...symbols].reverse()]) {
    if (best === 'abcd' && order !== symbols) continue;
    const collector = new SymbolCollector((key) => order[key][0]);
    order.forEach(([, size, binding], key) => collector.add(64, size, binding, key));
    const table = collector.build();
    expect([table.n, table.name(0)]).toEqual([1, best]);
  }
});
