/** Captures: what a replay will rest on, which picks stay, what a dropped file is. */
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../core/contract/contract.ts';
import { previewAlignment } from '../../renderer/captures/align.ts';
import { twinOf } from '../../renderer/captures/import-files.ts';
import { isSymbolFile } from '../../renderer/captures/load-symbols.ts';
import { impossible, preflight } from '../../renderer/captures/preflight.ts';
import type { Pair } from '../../renderer/captures/preflight.ts';
import { pageSizeOf, setPageSize } from '../../renderer/captures/vm-text.ts';
import { worstFirst } from '../../renderer/components/warning-rows.ts';
import { chosenOf } from '../../renderer/state/pair.ts';
import { chosenWords } from '../../renderer/state/tidy.ts';

const capture = (over: Partial<Capture>): Capture => ({
  ...{ id: 1, kind: 'spe', name: 'spe', file: 'f', format: 'perf.data', bytes: 1, sha256: 'a', records: 1000 },
  ...{ t0: '1000', t1: '1001000', clock: 'perf (sched_clock)', cpus: [0, 1], hasVm: false, facts: {}, warnings: [] },
  ...over,
});
const spe = capture({ facts: { spe: { auxBufferBytes: 4 << 20 } } });
const kvm = capture({ id: 2, kind: 'kvm', name: 'kvm', clock: 'perf' });
const full = {
  pageSize: 4096,
  vms: [{ slots: [{ size: '0x10000000' }], vcpus: [{ vcpu: 0 }, { vcpu: 1 }], buffers: [] as unknown[] }],
};
function checksOf(over: Partial<Pair> = {}, mode: 'auto' | 'absolute' | 'fit' | 'loop' = 'auto', offset = 0) {
  const pair = { spe, kvm, vm: full, coverage: [{ binary: 'b', samples: 10, named: 10, functions: 2 }], ...over };
  const preview = previewAlignment(pair.spe, pair.kvm, mode, offset);
  const list = preflight({ ...pair, preview, aligned: preview?.mode ?? 'start', compared: preview?.compared ?? false });
  const by = Object.fromEntries(list.map((c) => [c.id, c]));
  return { list, by };
}

describe('pre-flight', () => {
  it('is settled for a pair on one clock that says all of itself', () => {
    const vm = { ...full, vms: [{ ...full.vms[0], buffers: [{}, {}] }] };
    const { list } = checksOf({ vm });
    expect(list.map((c) => c.state)).toEqual(Array.from(list, () => 'settled'));
    expect(list).toHaveLength(6);
    expect(impossible(list)).toBeUndefined();
  });

  it('stops what can’t be replayed, and names the way out', () => {
    const later = capture({ ...kvm, t0: '9000000', t1: '9900000' });
    const { by, list } = checksOf({ kvm: later }, 'absolute');
    expect(by['clocks']).toMatchObject({ state: 'stop' });
    expect(by['clocks'].fixes.map((f) => f.act)).toEqual(['align-start', 'align-fit']);
    expect(impossible(list)).toContain('don’t overlap');
    const untimed = capture({ t0: undefined, t1: undefined, name: 'old' });
    expect(impossible(checksOf({ spe: untimed }).list)).toMatch(/^old has no timestamps/);
    // By an offset that pushes the trace out of the samples' time.
    expect(impossible(checksOf({ kvm: later }, 'auto', 5e6).list)).toContain('outside');
  });

  it('says that a start that was chosen for want of one clock is assumed', () => {
    const other = capture({ ...kvm, clock: 'mono' });
    expect(checksOf({ kvm: other }).by['clocks']).toMatchObject({ state: 'assumed' });
    expect(checksOf({}, 'fit').by['clocks'].detail).toContain('stretch');
    expect(checksOf({}, 'loop').by['clocks'].state).toBe('assumed');
  });

  it('never says that a part is all', () => {
    const short = capture({ ...kvm, t1: '996001' });
    const { detail, state } = checksOf({ kvm: short }).by['clocks'];
    expect([state, detail]).toEqual(['settled', expect.stringContaining('covers 99 %')]);
    const named = [{ binary: 'b', samples: 100_000, named: 99_999, functions: 1 }];
    expect(checksOf({ coverage: named }).by['symbols'].detail).toMatch(/^99 %/);
    const brief = capture({ ...kvm, t1: '301000' });
    expect(checksOf({ kvm: brief }).by['clocks']).toMatchObject({ state: 'open' });
  });

  it('offers to fill in a description that is missing or lacks memslots', () => {
    expect(checksOf({ vm: undefined }).by['vm'].fixes[0].act).toBe('vm-draft');
    const bare = { vms: [{ slots: [], vcpus: [{ vcpu: 0 }] }] };
    const { by } = checksOf({ vm: bare });
    expect(by['vm']).toMatchObject({
      state: 'open',
      detail: expect.stringContaining('no memslots, 1 vCPU thread') as string,
    });
    expect(by['lanes']).toMatchObject({ state: 'open' });
    expect(by['lanes'].detail).toContain('CPU 1 has no vCPU');
  });

  it('sees that buffers don’t fit into the guest', () => {
    const small = { vms: [{ ...full.vms[0], slots: [{ size: '0x400000' }] }] };
    const { by } = checksOf({ vm: small });
    expect(by['buffer']).toMatchObject({ state: 'stop', detail: expect.stringMatching(/2 × 4.MiB/) as string });
    expect(checksOf().by['buffer'].state).toBe('assumed');
  });

  it('tells symbols that are missing from mappings that are', () => {
    const open = checksOf({ coverage: [{ binary: 'b', samples: 10, named: 0, functions: 0 }] }).by['symbols'];
    expect(open.fixes.map((f) => f.act)).toEqual(['symbols']);
    const none = checksOf({ coverage: [] }).by['symbols'];
    expect([none.detail, none.fixes]).toEqual([expect.stringContaining('No mapping'), []]);
    expect(checksOf({ coverage: undefined }).by['symbols']).toBeUndefined();
  });

  it('takes the page size from the description, then from the trace', () => {
    const plain = { vms: full.vms };
    expect(checksOf({ vm: plain }).by['pages']).toMatchObject({ state: 'assumed' });
    const told = capture({ ...kvm, facts: { pageSize: 65_536 } });
    expect(checksOf({ vm: plain, kvm: told }).by['pages'].detail).toMatch(/64.KiB, as the trace says/);
  });
});

it('a pick stays, whatever is selected or comes in', () => {
  const there = [1, 2, 3].map((id) => capture({ id }));
  expect(chosenOf(there, undefined, undefined)?.id).toBe(3);
  expect(chosenOf(there, undefined, 1)?.id).toBe(1);
  expect(chosenOf(there, 2, 1)?.id).toBe(2);
  expect(chosenOf(there, 9, 1)?.id).toBe(1);
  expect(chosenOf([], 2, 1)).toBeUndefined();
});

it('a file that was imported before is known by its bytes', () => {
  const before = capture({ id: 1, sha256: 'x' });
  const trace = capture({ id: 2, kind: 'kvm', sha256: 'x' });
  expect(twinOf([3], [before, trace, capture({ id: 3, sha256: 'x' })])?.id).toBe(1);
  expect(twinOf([3], [before, capture({ id: 3, sha256: 'y' })])).toBeUndefined();
  expect(twinOf([3], [trace, capture({ id: 3, sha256: 'x' })])).toBeUndefined();
  // The two halves of one file don't count as each other's.
  expect(twinOf([1, 2], [before, trace])).toBeUndefined();
});

it.each([
  ['kvbench', '\x7fELF\x02', true],
  ['kallsyms', '', true],
  ['kallsyms.txt', 'ffff800080000000 T _text\n', true],
  ['/srv/vmlinux', '', true],
  ['perf-312.map', '', true],
  ['libfoo.so.debug', '', true],
  ['perf.data', 'PERFILE2', false],
  ['trace.txt', '  vmm-312  [001]  127.05: sys_enter', false],
])('%s: symbols or not', (name, head, is) => expect(isSymbolFile(name, head)).toBe(is));

it('the page size of a description is set and taken away', () => {
  const text = JSON.stringify({ vms: [{ slots: [] }], note: 'kept' });
  const set = setPageSize(text, '16384');
  expect(pageSizeOf(set)).toBe('16384');
  expect(JSON.parse(setPageSize(set, ''))).toEqual({ vms: [{ slots: [] }], note: 'kept' });
  expect(setPageSize('{', '4096')).toBe('{');
});

it('what was deleted is said in words', () => {
  expect(chosenWords({ captures: [3], runs: [1, 2] })).toBe('capture 3 and 2 runs');
  expect(chosenWords({ captures: [], runs: [] })).toBe('nothing');
});

it('warnings come worst first, those of one severity as they were found', () => {
  const found = ['info', 'data-loss', 'undecoded', 'data-loss', 'info'] as const;
  const warnings = found.map((severity, i) => ({ severity, kind: `k${i}`, message: '', count: 1 }));
  const rows = worstFirst(warnings);
  expect(rows.map(({ warning }) => warning.kind)).toEqual(['k1', 'k3', 'k2', 'k0', 'k4']);
  expect(rows.map(({ severity }) => severity.id)).toEqual(['data-loss', 'data-loss', 'undecoded', 'info', 'info']);
});
