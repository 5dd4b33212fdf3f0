import { expect, test } from 'vitest';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { exactTimelines } from '../../core/model/stage2/exact.ts';
import { parseTableCalls, tableCallKind } from '../../core/model/stage2/reference.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';
import { confidenceOf } from '../../core/model/stage2/confidence.ts';
import { stage2Rows } from '../../core/model/stage2/stage2-json.ts';
import { description, rowTexts, VCPU, VMM } from './stage2-trace.ts';

const line = (us: number, call: string, tid = VCPU): string =>
  `       CPU 0/KVM-${tid}     [000] d....    10.${String(us).padStart(6, '0')}: ${call}`;
const probe = (name: string, rest: string): string =>
  `${name}: (kvm_pgtable_stage2_x+0x0/0x1a0) pgt=0xffff00000bf7e600 ${rest}`;
const ret = (code: number): string =>
  `s2_map_ret: (kvm_handle_guest_abort+0x534/0xd8c <- kvm_pgtable_stage2_map) ret=${code}`;
const map = (ipa: string, size = '0x1000', prot = '0x6'): string =>
  probe('s2_map', `ipa=${ipa} size=${size} pa=0x41931000 prot=${prot}`);
const rows = (lines: readonly string[]): string[] =>
  rowTexts(exactTimelines(parseTableCalls(lines, 10_000_000_000n), description())[0]).map((r) =>
    r.replace(/^1000/, ''),
  );

test('a map counts when it has returned without an error; -EAGAIN and others change nothing', () => {
  expect(
    rows([
      line(10, map('0x80240000')),
      line(11, ret(0)),
      line(20, map('0x80241000')),
      line(21, ret(-11)),
      line(30, map('0x80242000')),
      line(31, ret(-12)),
      line(40, map('0x80243000', '0x1000', '0x4')),
      line(41, ret(0)),
    ]),
  ).toEqual([
    '0000000 initial-unmapped 80240+1 first-touch first-fault',
    '0000000 initial-unmapped 80243+1 first-touch first-fault',
    '0011000 map 80240+1 W table-call',
    '0041000 map 80243+1 R host-mm table-call',
  ]);
});

test('ranges are what was asked for, blocks what was mapped: a part takes the whole', () => {
  const block = [line(10, map('0x80200000', '0x200000')), line(11, ret(0))];
  const unmap = line(20, probe('s2_unmap', 'ipa=0x80210000 size=0x1000'), VMM);
  const protect = line(20, probe('s2_wrprotect', 'ipa=0x80210000 size=0x1000'), VMM);
  expect(rows([...block, unmap])[2]).toBe('0020000 unmap 80200+512 host-mm table-call');
  expect(rows([...block, protect])[2]).toBe('0020000 write-protect 80200+512 dirty-log table-call');
  expect(rows([...block, line(12, map('0x80210000')), line(13, ret(0)), unmap]).slice(2)).toEqual([
    '0013000 unmap 80200+512 dirty-log table-call',
    '0013000 map 80210+1 W table-call',
    '0020000 unmap 80210+1 host-mm table-call',
  ]);
});

test('a page mapped before anything else was unmapped until then; without return probes calls count at once', () => {
  expect(rows([line(10, map('0x80240000')), line(20, map('0x80241000'))])).toEqual([
    '0000000 initial-unmapped 80240+2 first-touch first-fault',
    '0010000 map 80240+1 W table-call',
    '0020000 map 80241+1 W table-call',
  ]);
});

test('probes are known by the function, however they are named', () => {
  expect(tableCallKind('p_kvm_pgtable_stage2_map_0')).toBe(KvmKind.S2_MAP);
  expect(tableCallKind('kvm_pgtable_stage2_map__return')).toBe(KvmKind.S2_MAP_RET);
  expect(tableCallKind('r_kvm_pgtable_stage2_relax_perms_0')).toBe(KvmKind.S2_RELAX_RET);
  expect(tableCallKind('kvm_pgtable_stage2_unmap')).toBe(KvmKind.S2_UNMAP);
  expect(tableCallKind('kvm_unmap_hva_range')).toBeUndefined();
});

test('lines that are no such call are skipped, whatever they hold', () => {
  expect(
    parseTableCalls(['', '# tracer: nop', 'x-1 [0] 1.5: s2_map: pgt=zz ipa=- size=', line(1, 'print: s2_map'), '\0']).n,
  ).toBe(1);
});

test('accuracy: shares of page-time, and changes that were never seen', () => {
  const vm = description();
  const calls = (lines: string[]): ReturnType<typeof exactTimelines>[0] =>
    exactTimelines(parseTableCalls(lines, 10_000_000_000n), vm)[0];
  const destroy = line(100, probe('s2_destroy', ''), VMM);
  const truth = calls([
    line(0, map('0x80240000')),
    line(0, ret(0)),
    line(50, probe('s2_unmap', 'ipa=0x80240000 size=0x1000')),
    destroy,
  ]);
  const claimed = calls([line(0, map('0x80240000')), line(0, ret(0)), destroy]);
  const accuracy = measureAccuracy(claimed, truth, [{ page: 0x80240, pages: 1 }]);
  expect(accuracy).toEqual({
    pageSeconds: 100e-6,
    valid: 0.5,
    mapped: 0.5,
    unknown: 0,
    validGuessed: 0.5,
    stays: 2,
    missed: 1,
    false: 0,
  });
});

test('JSON: times in the trace’s clock, as strings from 2^53 on; the rows of one page', () => {
  const [timeline] = exactTimelines(
    parseTableCalls(
      [line(10, map('0x80240000')), line(11, ret(0)), line(20, map('0x80250000')), line(21, ret(0))],
      10_000_000_000n,
    ),
    description(),
  );
  expect([...stage2Rows(timeline, 0x80250)]).toEqual([
    {
      t: 10_000_000_000,
      kind: 'initial-unmapped',
      ipa: '0x80250000',
      pages: 1,
      cause: 'first-touch',
      evidence: 'first-fault',
      confidence: confidenceOf('first-fault').atLeast,
      withinNs: null,
    },
    {
      t: 10_000_021_000,
      kind: 'map',
      ipa: '0x80250000',
      pages: 1,
      cause: null,
      evidence: 'table-call',
      writable: true,
      confidence: 1,
      withinNs: 0,
    },
  ]);
  expect([...stage2Rows({ ...timeline, origin: 1n << 60n })].at(-1)?.t).toBe('1152921504606867976');
});
