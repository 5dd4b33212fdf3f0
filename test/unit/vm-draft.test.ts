import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { vmDraft } from '../../core/lab/captures/vm-draft.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { draftVm, vcpuNumber } from '../../core/model/vm-draft.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import { getCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

it('finds vCPU threads and memslots in a trace, as its description has them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-draft-'));
  const lab = join(folder, 'lab.umbra');
  const { id } = importFiles(lab, [fixture('stage2/memslot-probe.trace.txt.gz')])[0];
  const db = openLabFile(lab, 'read');
  // No description lies beside the trace under the name that import looks for.
  const { text, notes } = vmDraft(db, { ...getCapture(db, id, 'kvm'), vm: undefined });
  db.close();
  rmSync(folder, { recursive: true });
  const [vm] = parseVmDescription(text).vms;
  expect(vm.vcpus).toEqual([{ vcpu: 0, tid: 313 }]);
  // As test/fixtures/stage2/memslot-probe.vm.json.
  expect(vm.slots.map(({ slot, page, pages, hva }) => [slot, page, pages, hva])).toEqual([
    [0, 0x40000, 0x20, 0xffff84ef9],
    [1, 0x80000, 0x800, 0xffff84600],
    [2, 0xa0000, 0x80, 0xffff84400],
  ]);
  expect(notes.join(' ')).toMatch(/1 vCPU thread, numbered as their names say \(CPU 0\/KVM\).*3 memslots/);
});

it('keeps what a description says, and adds what it lacks', () => {
  const stored = { pageSize: 16384, vms: [{ pid: 9, slots: [{ slot: 0, gpa: '0x0', size: '0x1000', hva: '0x0' }] }] };
  const slot = (n: number, size = 4096n) => ({ slot: n, gpa: 4096n * BigInt(n), size, hva: 8192n });
  const { text, notes } = draftVm([{ tid: 40, name: 'vcpu1' }], [slot(0), slot(1), slot(2, 0n)], stored, 4096);
  expect(JSON.parse(text)).toEqual({
    pageSize: 16384,
    vms: [
      {
        pid: 9,
        slots: [stored.vms[0].slots[0], { slot: 1, gpa: '0x1000', size: '0x1000', hva: '0x2000' }],
        vcpus: [{ vcpu: 1, tid: 40 }],
        buffers: [],
      },
    ],
  });
  expect(notes).toHaveLength(2);
});

it('takes numbers that come again for another VM, and says so', () => {
  const named = (tid: number, n: number) => ({ tid, name: `CPU ${n}/KVM` });
  const { text, notes } = draftVm([named(10, 0), named(11, 1), named(20, 0)], [], undefined, undefined);
  expect((JSON.parse(text) as { vms: { vcpus: unknown }[] }).vms.map((vm) => vm.vcpus)).toEqual([
    [
      { vcpu: 0, tid: 10 },
      { vcpu: 1, tid: 11 },
    ],
    [{ vcpu: 0, tid: 20 }],
  ]);
  expect(notes.join(' ')).toContain('2 VMs');
  expect(notes.join(' ')).toContain('No memslot');
});

it('numbers threads by their ids where names say nothing', () => {
  const { text, notes } = draftVm(
    [
      { tid: 7, name: 'vmm' },
      { tid: 9, name: 'vmm' },
    ],
    [],
    undefined,
    undefined,
  );
  expect((JSON.parse(text) as { vms: [{ vcpus: unknown }] }).vms[0].vcpus).toEqual([
    { vcpu: 0, tid: 7 },
    { vcpu: 1, tid: 9 },
  ]);
  expect(notes[0]).toContain('Check the numbers');
});

it.each([
  ['CPU 12/KVM', 12],
  ['fc_vcpu 3', 3],
  ['kvm-vcpu-0', 0],
  ['crosvm_vcpu5', 5],
  ['vcpu2', 2],
  ['qemu-system-aar', undefined],
  ['worker3', undefined],
])('thread %s runs vCPU %s', (name, n) => expect(vcpuNumber(name)).toBe(n));
