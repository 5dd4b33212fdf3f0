/** The text reader of the kernel's page-table calls: names of probes, and the fields of a line (kprobe events as ftrace prints them). */
import { describe, expect, test } from 'vitest';
import { KvmKind } from '../../core/model/kvm-events.ts';
import { parseTableCalls, tableCallKind } from '../../core/model/stage2/reference.ts';

describe('the name of a probe', () => {
  /** Function → kinds of its call and of its return; the return of most says nothing. */
  const functions: readonly (readonly [name: string, call: number, ret: number | undefined])[] = [
    ['map', KvmKind.S2_MAP, KvmKind.S2_MAP_RET],
    ['relax', KvmKind.S2_RELAX, KvmKind.S2_RELAX_RET],
    ['relax_perms', KvmKind.S2_RELAX, KvmKind.S2_RELAX_RET],
    ['unmap', KvmKind.S2_UNMAP, undefined],
    ['wrprotect', KvmKind.S2_WRPROTECT, undefined],
    ['mkyoung', KvmKind.S2_MKYOUNG, undefined],
    ['mkold', KvmKind.S2_MKOLD, undefined],
    ['age', KvmKind.S2_MKOLD, undefined],
    ['test_clear_young', KvmKind.S2_MKOLD, undefined],
    ['split', KvmKind.S2_SPLIT, undefined],
    ['destroy', KvmKind.S2_DESTROY, undefined],
    ['destroy_range', KvmKind.S2_DESTROY, undefined],
    ['destroy_pgd', KvmKind.S2_DESTROY, undefined],
  ];

  test.each(functions)('of %s, as perf probe, kprobe_events and the kit name it', (name, call, ret) => {
    const full = `kvm_pgtable_stage2_${name}`;
    for (const probe of [`s2_${name}`, full, `p_${full}`, `p_${full}_0`, `${full}_12`])
      expect(tableCallKind(probe), probe).toBe(call);
    for (const probe of [`s2_${name}_ret`, `${full}__return`, `r_${full}`, `r_${full}_0`, `${full}_3__return_12`])
      expect(tableCallKind(probe), probe).toBe(ret);
  });

  test('counts as a whole', () => {
    const others = [
      's2_mapx',
      'xs2_map',
      'p_s2_map',
      's2_map_',
      's2_map_0x',
      's2_map_return',
      'x_kvm_pgtable_stage2_map',
    ];
    for (const probe of [...others, 'kvm_pgtable_stage2_', 's2_map_a_ret', 'kvm_pgtable_hyp_map'])
      expect(tableCallKind(probe), probe).toBeUndefined();
  });
});

describe('a line', () => {
  const head = '       CPU 0/KVM-101     [003] d..1.    10.000250: ';
  const call = (text: string, origin?: bigint, start = head) => {
    const events = parseTableCalls([start + text], origin);
    expect(events.n).toBe(1);
    const { t, tid, cpu, kind, word } = events;
    const [page, end, table] = [events.page(0), events.end(0), events.other(0)];
    return { t: t[0], tid: tid[0], cpu: cpu[0], kind: kind[0], word: word[0], page, end, table };
  };
  const map =
    's2_map: (kvm_pgtable_stage2_map+0x0/0x1a0) pgt=0xf7e600 ipa=0x80240000 size=0x200000 pa=0x41931000 prot=0x106';

  test('gives thread, CPU, time, range, permissions (the low eight bits) and table', () => {
    expect(call(map, 10_000_000_000n)).toEqual({
      ...{ t: 250_000, tid: 101, cpu: 3, kind: KvmKind.S2_MAP, word: 6 },
      ...{ page: 0x80240, end: 0x80440, table: 0xf7e600 },
    });
  });

  test('without a size is about one page; a destruction about all, wherever it begins', () => {
    expect(call('s2_unmap: () pgt=0x1 ipa=0x5000')).toMatchObject({ page: 5, end: 6, word: 0 });
    expect(call('s2_unmap: () pgt=0x1 ipa=0x5000 size=0x0')).toMatchObject({ page: 5, end: 6 });
    expect(call('s2_destroy: () pgt=0x1 size=0x9000')).toMatchObject({ page: 0, end: 0, kind: KvmKind.S2_DESTROY });
  });

  test('takes decimal fields, a size that ends within a page, and addresses of 64 bits', () => {
    expect(call('s2_unmap: () pgt=17 ipa=20480 size=8191')).toMatchObject({ page: 5, end: 6, table: 17 });
    expect(call('s2_unmap: () ipa=-4096 pgt=0xffff00000bf7e600')).toMatchObject({
      page: 2 ** 52 - 1,
      table: 0x1f00000bf7e600,
    });
    expect(call('s2_unmap: () pgt=what ipa= size=-')).toMatchObject({ page: 0, end: 1, table: 0 });
  });

  test('of a return gives the error number: decimal, or the register in hex', () => {
    for (const ret of ['-11', '0xfffffffffffffff5']) {
      expect(call(`s2_map_ret: (a <- b) ret=${ret}`)).toMatchObject({ kind: KvmKind.S2_MAP_RET, word: 11 });
      expect(call(`s2_relax_ret: (a <- b) ret=${ret}`)).toMatchObject({ kind: KvmKind.S2_RELAX_RET, word: 11 });
    }
    expect(call('s2_map_ret: (a <- b) ret=0 prot=0x6').word).toBe(0);
  });

  test('of an aging that only looks (mkold = false) is left out', () => {
    for (const looks of ['mkold=0', 'old=0'])
      expect(parseTableCalls([`${head}s2_age: () ipa=0x5000 ${looks}`]).n).toBe(0);
    expect(call('s2_age: () ipa=0x5000 mkold=1').kind).toBe(KvmKind.S2_MKOLD);
    // Another call's field of that name means something else.
    expect(call('s2_unmap: () ipa=0x5000 old=0').kind).toBe(KvmKind.S2_UNMAP);
  });

  test('may lack flags, or have up to six; the seconds’ digits are a fraction', () => {
    for (const flags of ['', 'd... ', 'd..1. ', 'dNh1.. '])
      expect(call(map, 0n, `x-7 [0] ${flags}1.5: `)).toMatchObject({ t: 1_500_000_000, tid: 7, cpu: 0 });
    expect(call(map, 0n, 'x-y-7 [0] 1.000000001: ').t).toBe(1_000_000_001);
    for (const other of ['x-7 [0] ... 1.5: ', 'x-7 [0] dNh1... 1.5: ', 'x-7 [0] 1.5 ', 'x7 [0] 1.5: ', 'x-7 (0) 1.5: '])
      expect(parseTableCalls([other + map]).n, other).toBe(0);
  });
});

test('times count from the first call, unless an origin is given; the span reaches to the last', () => {
  const at = (s: number) => `x-1 [0] ${s}.0: s2_unmap: ipa=0x0`;
  const events = parseTableCalls(['x-1 [0] 1.0: sched_switch: ', at(5), at(7)]);
  expect([events.origin, events.span, events.t[0], events.t[1]]).toEqual([5_000_000_000n, 2e9, 0, 2e9]);
  const later = parseTableCalls([at(5), at(7)], 4_000_000_000n);
  expect([later.origin, later.span, later.t[0]]).toEqual([4_000_000_000n, 3e9, 1e9]);
  expect(parseTableCalls([])).toMatchObject({ n: 0, origin: 0n, span: 0 });
});
