/** Every kind of event that the model reads comes from some event of the kernel, decoded by its name. */
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { KvmEventReader } from '../../core/lab/captures/decode-kvm.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';

/** An event for each kind: the type checker asks for that of a new one. A lost event has no name. */
const names: Readonly<Record<Exclude<keyof typeof KvmKind, 'LOST'>, string>> = {
  ENTRY: 'kvm_entry',
  EXIT: 'kvm_exit',
  GUEST_FAULT: 'kvm_guest_fault',
  ACCESS_FAULT: 'kvm_access_fault',
  MMIO: 'kvm_mmio',
  USER_EXIT: 'kvm_userspace_exit',
  UNMAP: 'kvm_unmap_hva_range',
  SET_SPTE: 'kvm_set_spte_hva',
  AGE: 'kvm_age_hva',
  MEMORY_CALL: 'sys_enter_munmap',
  OTHER_CALL: 'sys_enter_read',
  IOCTL: 'sys_enter_ioctl',
  CALL_EXIT: 'sys_exit_munmap',
  MEMSLOT: 'p___kvm_set_memory_region_0',
  S2_MAP: 'kvm_pgtable_stage2_map',
  S2_MAP_RET: 'r_kvm_pgtable_stage2_map_0',
  S2_UNMAP: 'kvm_pgtable_stage2_unmap',
  S2_WRPROTECT: 'kvm_pgtable_stage2_wrprotect',
  S2_RELAX: 'kvm_pgtable_stage2_relax_perms',
  S2_RELAX_RET: 'r_kvm_pgtable_stage2_relax_perms_0',
  S2_MKYOUNG: 'kvm_pgtable_stage2_mkyoung',
  S2_MKOLD: 'kvm_pgtable_stage2_mkold',
  S2_DESTROY: 'kvm_pgtable_stage2_destroy',
  S2_SPLIT: 'kvm_pgtable_stage2_split',
  NESTED: 'kvm_nested_eret',
};

test('each kind has an event that decodes to it, also without any of its fields', () => {
  const events = Object.values(names);
  const formats = [...events, 'sched_switch'].map((name, id) => {
    return { id, name, system: '', fields: [], printFormat: '', text: '' };
  });
  const batch = new TraceColumns(formats.length);
  batch.n = formats.length;
  formats.forEach((_, i) => {
    batch.event[i] = i;
    batch.t[i] = BigInt(100 + i);
  });
  const reader = new KvmEventReader({ formats, comms: [''] });
  reader.take(batch);
  const found = Array.from({ length: reader.events.n }, (_, i) => [reader.events.t[i], reader.events.kind[i]]);
  expect(found).toEqual(Object.keys(names).map((name, i) => [i, KvmKind[name as keyof typeof names]]));
  expect(reader.events.span).toBe(formats.length - 1);
});

test.each([
  ['reason KVM_EXIT_MMIO (6)', 0],
  ['reason error (14)', 1],
  ['reason restart (4)', 0],
  // What trace-cmd and perf print for an error, and for a signal.
  ['reason KVM_EXIT_UNKNOWN (0)', 1],
  ['reason KVM_EXIT_INTR (10)', 0],
  ['reason=6 errno=0', 0],
  ['reason=0 errno=-14', 1],
  ['reason=10 errno=-4', 0],
])('an exit to user space: %s: failed %i', (text, failed) => {
  const formats = [{ id: 0, name: 'kvm_userspace_exit', system: 'kvm', fields: [], printFormat: '', text: '' }];
  const batch = new TraceColumns(1);
  batch.n = 1;
  batch.payload = new TextEncoder().encode(text);
  batch.start[1] = text.length;
  const reader = new KvmEventReader({ formats, comms: [''] });
  reader.take(batch);
  expect(reader.events.flags(0)).toBe(failed);
});

test('kinds fit the bits of a block’s index (kvm-pack.ts)', () => {
  const kinds = Object.values(KvmKind);
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(Math.max(...kinds)).toBeLessThan(32);
});
