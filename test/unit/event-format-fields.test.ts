/** Fields of events: from bytes, from text, and as JSON. */
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { fieldReader } from '../../core/formats/event-format/field-reader.ts';
import { textFields } from '../../core/formats/event-format/text-fields.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { Bytes, format, page, record, traceDat } from './trace-dat-writer.ts';

const fields = [
  'field:u64 wide;\toffset:8;\tsize:8;\tsigned:0;',
  'field:s16 small;\toffset:16;\tsize:2;\tsigned:1;',
  'field:u8 byte;\toffset:18;\tsize:1;\tsigned:0;',
  'field:int negative;\toffset:20;\tsize:4;\tsigned:1;',
  'field:long long big;\toffset:24;\tsize:8;\tsigned:1;',
  'field:u16 list[2];\toffset:32;\tsize:4;\tsigned:0;',
  'field:__data_loc char[] name;\toffset:36;\tsize:4;\tsigned:0;',
];

function open(body: Uint8Array): { columns: TraceColumns; printer: EventPrinter; read: (name: string) => unknown[] } {
  const systems = { test: [format('e', 300, fields, '"x"')] };
  const pages = [
    page({ time: 0x0020000000000001n, entries: [{ kind: 'event', delta: 1, payload: record(300, -5, body) }] }),
  ];
  const file = openTraceDat(memorySource(traceDat({ systems, cpus: [pages] })), new Warnings());
  const columns = new TraceColumns(4);
  const keep = new TraceColumns(4);
  file.read(columns, (c) => {
    keep.payload = c.payload.slice();
    for (const key of ['t', 'cpu', 'tid', 'comm', 'event', 'buffer', 'lostBefore', 'start'] as const)
      keep[key].set(c[key] as never);
    keep.n = c.n;
  });
  const read = (name: string): unknown[] => {
    const reader = fieldReader(file.dictionary.formats[0], name);
    return reader ? [reader.u32(keep, 0), reader.high(keep, 0), reader.u64(keep, 0), reader.text(keep, 0)] : [];
  };
  return { columns: keep, printer: new EventPrinter(file), read };
}

const body = new Bytes()
  .u64(0xffff000080001000n)
  .u16(0xfffe)
  .raw([200, 0])
  .u32(-7)
  .u64(-1n << 60n)
  .u16(1)
  .u16(65535);
const full = body
  .u32(40 | (6 << 16))
  .text('hello\0')
  .done();

test('numbers of every width, exact, signs extended', () => {
  const { read } = open(full);
  expect(read('wide')).toEqual([0x80001000, 0xffff0000, 0xffff000080001000n, '18446462600880328704']);
  expect(read('small')).toEqual([0xfffffffe, 0xffffffff, 0xfffffffffffffffen, '-2']);
  expect(read('byte')).toEqual([200, 0, 200n, '200']);
  expect(read('negative')).toEqual([0xfffffff9, 0xffffffff, 0xfffffffffffffff9n, '-7']);
  expect(read('name')[3]).toBe('hello');
  expect(read('missing')).toEqual([]);
});

test('a record that is too short reads as zeros', () => {
  const { read, printer, columns } = open(new Uint8Array(4));
  expect(read('wide')).toEqual([0, 0, 0n, '0']);
  expect(read('name')[3]).toBe('');
  expect(JSON.parse(printer.json(columns, 0)).fields).toMatchObject({ wide: '0x0', small: 0, list: [], name: '' });
});

test('JSON: exact times and addresses', () => {
  const { printer, columns } = open(full);
  expect(JSON.parse(printer.json(columns, 0))).toEqual({
    t: '9007199254740994',
    cpu: 0,
    pid: -5,
    comm: '<...>',
    event: 'e',
    fields: {
      wide: '0xffff000080001000',
      small: -2,
      byte: 200,
      negative: -7,
      big: '-1152921504606846976',
      list: [1, 65535],
      name: 'hello',
    },
  });
});

test.each([
  [
    'kvm_guest_fault',
    'ipa 0x80240000, hsr 0x92000007, hxfar 0x80240008, pc 0x00000040001000',
    { ipa: 0x80240000n, hsr: 0x92000007n, hxfar: 0x80240008n, vcpu_pc: 0x40001000n },
  ],
  [
    'kvm_guest_fault',
    'ipa 0, hsr 0x92000007, hxfar 0, pc 0x00000040001000',
    { ipa: 0n, hsr: 0x92000007n, hxfar: 0n, vcpu_pc: 0x40001000n },
  ],
  ['kvm_entry', 'CAN\'T FIND FIELD "vcpu_id"<CANT FIND FIELD rip>PC: 0x0000000040000000', { vcpu_pc: 0x40000000n }],
  [
    'kvm_exit',
    '<CANT FIND FIELD exit_reason>TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x0000000040000000',
    { ret: 'TRAP', esr_ec: 0x24n, vcpu_pc: 0x40000000n },
  ],
  [
    'kvm_exit',
    'IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x0000000040000000',
    { ret: 'IRQ', esr_ec: 0n, vcpu_pc: 0x40000000n },
  ],
  [
    'kvm_unmap_hva_range',
    'mmu notifier unmap range: 0x00ffff845fe000 -- 0x00ffff845ff000',
    { start: 0xffff845fe000n, end: 0xffff845ff000n },
  ],
  ['kvm_set_spte_hva', 'mmu notifier set pte hva: 0x00ffff845fe000', { hva: 0xffff845fe000n }],
  [
    'kvm_age_hva',
    'mmu notifier age hva: 0x00ffff845fe000 -- 0x00ffff845ff000',
    { start: 0xffff845fe000n, end: 0xffff845ff000n },
  ],
  ['kvm_test_age_hva', 'mmu notifier test age hva: 0x00ffff845fe000', { hva: 0xffff845fe000n }],
  ['kvm_access_fault', 'IPA: 80240000', { ipa: 0x80240000n }],
  ['kvm_mmio', 'mmio write len 4 gpa 0x9000000 val 0x8', { type: 2n, len: 4n, gpa: 0x9000000n, val: 8n }],
  ['kvm_userspace_exit', 'reason KVM_EXIT_MMIO (6)', { reason: 6n, errno: 0n }],
  ['kvm_userspace_exit', 'reason restart (4)', { errno: -4n }],
  [
    'sys_enter_madvise',
    'sys_madvise(start: ffff845de000, len_in: 20000, behavior: f)',
    { start: 0xffff845de000n, len_in: 0x20000n, behavior: 15n },
  ],
  [
    'sys_enter_madvise',
    'start: 0xffff845de000, len_in: 0x00020000, behavior: 0x0000000f',
    { start: 0xffff845de000n, len_in: 0x20000n, behavior: 15n },
  ],
  ['sys_exit_munmap', 'sys_munmap -> 0x0', { ret: 0n }],
  ['sys_exit_ioctl', '0xfffffffffffffff2', { ret: -14n }],
  [
    'sys_enter',
    'NR 215 (ffff845fe000, 1000, 0, 0, 0, 0)',
    {
      id: 215n,
      'args[0]': 0xffff845fe000n,
      'args[1]': 0x1000n,
      'args[2]': 0n,
      'args[3]': 0n,
      'args[4]': 0n,
      'args[5]': 0n,
    },
  ],
  ['sys_exit', 'NR 215 = -22', { id: 215n, ret: -22n }],
  [
    's2_map',
    '(kvm_pgtable_stage2_map+0x0/0x1a0) pgt=0xffff00000c73d900 ipa=0x40000000 prot=0x7 n=-3 s="a b"',
    {
      __probe_ip: 'kvm_pgtable_stage2_map+0x0/0x1a0',
      pgt: 0xffff00000c73d900n,
      ipa: 0x40000000n,
      prot: 7n,
      n: -3n,
      s: 'a b',
    },
  ],
  [
    's2_map_ret',
    '(kvm_handle_guest_abort+0x534/0xd8c <- kvm_pgtable_stage2_map) ret=0',
    { __probe_ip: 'kvm_handle_guest_abort+0x534/0xd8c', __probe_ret_ip: 'kvm_pgtable_stage2_map', ret: 0n },
  ],
  ['memslot', '(ffff80000804d100) slot=1', { __probe_ip: 0xffff80000804d100n, slot: 1n }],
  ['print', 'tracing_mark_write: umbra-gt: kind=slot', { ip: 'tracing_mark_write', buf: 'umbra-gt: kind=slot' }],
  ['kvm_mmio', 'garbage', {}],
  ['kvm_guest_fault', 'ipa 0xfffffffffffffffffff, hsr z, hxfar , pc', {}],
])('text of %s: %s', (event, text, expected) => {
  expect(textFields(event, text)).toEqual(expected);
});

test.each(['constructor', '__proto__', 'toString', 'kvm_mmio'])(
  'an event named %s, with fields of such names',
  (name) => {
    expect(() => textFields(name, 'mmio constructor len 1 gpa 1 val 1 __proto__=1 constructor=2')).not.toThrow();
  },
);

// A search that backtracks would take hours: the test's own limit ends it.
test('fields of a hostile text are found in one pass', () => {
  let fields = 0;
  for (const text of ['a'.repeat(1e6), 'a:'.repeat(5e5), '"'.repeat(1e6), '('.repeat(1e6), 'a="'.repeat(3e5)]) {
    for (const event of ['x', 'sys_enter_x', 'kvm_exit', 'kvm_entry', 'print', 'sys_exit'])
      fields += Object.keys(textFields(event, text)).length;
  }
  expect(fields).toBeLessThan(100);
});
