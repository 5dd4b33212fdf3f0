/** The board kit on stand-ins of each kernel's symbols: which probes it sets, what it records of the host, and its tar imported. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importFiles } from '../../core/lab/import/import.ts';
import { writeKit } from '../../core/lab/board/kit.ts';
import { found, makeBoard, shells } from './stand-in-board.ts';
import { umbra } from './umbra.ts';

let root: string;
let script: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'umbra-kit-kernels-'));
  script = writeKit(join(root, 'kit'))[0];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const everywhere = ['map', 'unmap', 'wrprotect', 'relax_perms', 'mkyoung'];
/** Functions of each kernel (arch/arm64/include/asm/kvm_pgtable.h, virt/kvm/kvm_main.c), and what the kit probes. */
const kernels = [
  {
    kernel: '6.1',
    functions: [...everywhere, 'mkold', 'destroy'],
    memslot: '__kvm_set_memory_region',
    probes: ['s2_mkold', 's2_destroy'],
  },
  {
    kernel: '6.12',
    functions: [...everywhere, 'test_clear_young', 'split', 'destroy'],
    memslot: '__kvm_set_memory_region',
    probes: ['s2_test_clear_young', 's2_split', 's2_destroy'],
  },
  {
    kernel: '6.19',
    functions: [...everywhere, 'test_clear_young', 'split', 'destroy', 'destroy_range', 'destroy_pgd'],
    memslot: 'kvm_set_memory_region',
    probes: ['s2_test_clear_young', 's2_split', 's2_destroy_range', 's2_destroy_pgd'],
  },
];

const smaps = `ffff85580000-ffff85600000 rw-p 00000000 00:00 0 
KernelPageSize:       16 kB
VmFlags: rd wr mr mw me ac
ffff85600000-ffff85e00000 rw-s 00000000 00:01 1234 /memfd:ram (deleted)
KernelPageSize:       16 kB
VmFlags: rd wr sh mr mw me ms
ffff86000000-ffff88000000 rw-s 00000000 00:0f 99 /dev/hugepages/ram
KernelPageSize:     2048 kB
VmFlags: rd wr sh mr mw me ms ht
`;
const slots = [
  [0, '0x40000000', 131072, '0xffff85580000'],
  [1, '0x80000000', 8388608, '0xffff85600000'],
  [2, '0xc0000000', 33554432, '0xffff86000000'],
] as const;
const strace = slots
  .map(
    ([slot, gpa, size, hva]) =>
      `9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=${slot}, flags=0, guest_phys_addr=${gpa}, memory_size=${size}, userspace_addr=${hva}}) = 0\n`,
  )
  .join('');

it.each(kernels)('symbols of $kernel', ({ kernel, functions, memslot, probes }) => {
  const board = makeBoard(join(root, kernel), ['perf', 'trace-cmd'], { quick: true });
  const proc = join(board.folder, 'proc');
  const symbols = [...functions.map((f) => `kvm_pgtable_stage2_${f}`), memslot];
  writeFileSync(join(proc, 'kallsyms'), symbols.map((s) => `ffff800080000000 T ${s}\n`).join(''));
  mkdirSync(join(proc, 'self'), { recursive: true });
  writeFileSync(join(proc, 'self/smaps'), smaps);
  writeFileSync(join(proc, '347/smaps'), smaps);
  writeFileSync(join(board.folder, 'vmm.strace'), strace);
  const [command, ...first] = shells[0][1].map((word) => found(word) ?? word);
  const args = [...first, script, 'record', '-p', '-t', '1', '-l', 'vmm.strace', '-o', 'board.tar', '--', 'sleep', '1'];
  const ran = spawnSync(command, args, { cwd: board.folder, env: board.env, encoding: 'utf8', timeout: 150_000 });
  expect(ran.stderr).not.toMatch(/note: no/);
  expect(ran.status).toBe(0);
  const set = readFileSync(join(board.folder, 'tracefs/kprobe_events'), 'utf8')
    .split('\n')
    .flatMap((line) => /^[pr]:umbra\/(\w+) (\w+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  expect(set).toContain(`memslot ${memslot}`);
  const common = ['s2_map', 's2_map_ret', 's2_unmap', 's2_wrprotect', 's2_relax', 's2_relax_ret', 's2_mkyoung'];
  expect(set.map((probe) => probe.split(' ')[0]).sort()).toEqual(['memslot', ...common, ...probes].sort());
  // Each is set on a function that this kernel has.
  for (const probe of set) expect(symbols).toContain(probe.split(' ')[1]);

  const lab = join(board.folder, 'lab.umbra');
  importFiles(lab, [join(board.folder, 'board.tar')]);
  const said = umbra('sql', '--db', lab, "select vm, facts from capture where kind = 'kvm'", '--json');
  const [{ vm, facts }] = JSON.parse(said.stdout) as [{ vm: string; facts: string }];
  expect((JSON.parse(facts) as { host: object }).host).toMatchObject({
    pageSize: 16384,
    probes: expect.arrayContaining(probes) as string[],
  });
  const described = JSON.parse(vm) as { pageSize: number; vms: { slots: { backing: string }[] }[] };
  expect(described.pageSize).toBe(16384);
  expect(described.vms[0].slots.map((s) => s.backing)).toEqual(['anonymous', 'shared', 'hugetlb']);
});
