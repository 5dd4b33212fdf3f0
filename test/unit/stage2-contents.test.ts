/** Who announced an unmap and what became of the contents (model.md section 3.2), inferred and by the kernel's own calls. */
import { describe, expect, test } from 'vitest';
import { KvmKind, MemoryCall } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import type { VmDescription } from '../../core/model/vm.ts';
import { description, effectTexts, HVA, KSMD, RAM, Trace, VCPU, VMM } from './stage2-trace.ts';

const P = RAM + 0x240;
const backed = (backing?: string): VmDescription =>
  description([{ slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000', backing }]);
const effects = (trace: Trace, vm = backed()): string[] => effectTexts(reconstruct(trace.events, vm).timelines[0]);
const start = (): Trace => new Trace().create().enter().touch(P).progress();
const aged = (trace: Trace, page: number, pages: number, tid: number): Trace =>
  trace.push(tid, KvmKind.UNMAP, HVA + page - RAM, HVA + page - RAM + pages);

describe('advice', () => {
  test.each([
    [4, undefined, 'clear dropped assumed'],
    [4, 'anonymous', 'clear dropped measured'],
    [4, 'shared', 'clear kept measured'],
    [4, 'guest_memfd', 'clear kept measured'],
    [4, 'hugetlb', 'clear dropped assumed'],
    [8, 'anonymous', 'clear dropped measured'],
    [24, 'anonymous', 'clear dropped measured'],
    [24, 'shared', 'clear kept measured'],
    [9, 'shared', 'clear dropped measured'],
    [9, undefined, 'clear dropped measured'],
    [20, undefined, 'clear kept measured'],
    [21, undefined, 'clear kept measured'],
    [0xff, undefined, 'clear dropped assumed'],
    [0xff, 'shared', 'clear kept assumed'],
  ])('%i on %s memory: %s', (advice, backing, effect) => {
    expect(effects(start().madvise(P, 2, advice), backed(backing))).toEqual([`unmap 80240+2 ${effect}`]);
  });

  test('a huge page split at the edge of the range keeps what lies outside', () => {
    const trace = start()
      .call(MemoryCall.MADVISE, P, 4, 4)
      .unmap(P - 16, 32);
    expect(effects(trace, backed('anonymous'))).toEqual([
      'unmap 80230+16 clear kept measured',
      'unmap 80240+4 clear dropped measured',
      'unmap 80244+12 clear kept measured',
    ]);
  });

  test('a hole punched in the file behind the memory', () => {
    const punch = start().push(VMM, KvmKind.MEMORY_CALL, 0, 2 ** 44, MemoryCall.FALLOCATE | (3 << 8));
    expect(effects(punch.unmap(P, 2), backed('shared'))).toEqual(['unmap 80240+2 clear dropped measured']);
    const more = start().push(VMM, KvmKind.MEMORY_CALL, 0, 2 ** 44, MemoryCall.FALLOCATE);
    expect(effects(more.unmap(P, 2), backed('shared'))).toEqual(['unmap 80240+2 clear kept measured']);
  });
});

describe('mappings', () => {
  test('munmap leaves nothing to map, until an mmap over it: dropped', () => {
    const trace = start().call(MemoryCall.MUNMAP, P, 4).unmap(P, 4).call(MemoryCall.MMAP, P, 2, 1);
    expect(effects(trace)).toEqual(['unmap 80240+4 unmap gone measured', 'unmap 80240+2 unmap dropped measured']);
  });

  test('an mmap that the kernel places says where when it returns', () => {
    const trace = start().call(MemoryCall.MUNMAP, P, 4).unmap(P, 4).call(MemoryCall.MMAP, RAM, 4);
    expect(effects(trace)).toHaveLength(1);
    const at = HVA + P - RAM;
    expect(effects(trace.push(VMM, KvmKind.CALL_EXIT, at))[1]).toBe('unmap 80240+4 unmap dropped measured');
  });

  test('no other call over the hole brings anything back', () => {
    for (const call of [MemoryCall.MPROTECT, MemoryCall.MADVISE, MemoryCall.MREMAP]) {
      const trace = start().call(MemoryCall.MUNMAP, P, 4).unmap(P, 4).call(call, P, 4, 1);
      expect(effects(trace)).toEqual(['unmap 80240+4 unmap gone measured']);
    }
  });

  test('a mapping that was moved elsewhere takes nothing once the call has returned', () => {
    const trace = start().call(MemoryCall.MREMAP, RAM, 1, 3).push(VMM, KvmKind.CALL_EXIT);
    expect(effects(trace.unmap(P))).toEqual(['unmap 80240+1 clear kept assumed']);
  });

  test('a fault that maps the page shows that something is there: no second row', () => {
    const trace = start().call(MemoryCall.MUNMAP, P, 2).unmap(P, 2).touch(P).progress().call(MemoryCall.MMAP, P, 2, 1);
    expect(effects(trace)).toEqual(['unmap 80240+2 unmap gone measured', 'unmap 80241+1 unmap dropped measured']);
  });

  test('mmap over it, mremap, mprotect', () => {
    expect(effects(start().call(MemoryCall.MMAP, P, 1, 1).unmap(P))).toEqual(['unmap 80240+1 unmap dropped measured']);
    expect(effects(start().call(MemoryCall.MREMAP, P).unmap(P))).toEqual(['unmap 80240+1 unmap gone measured']);
    expect(effects(start().call(MemoryCall.MREMAP, RAM, 1, 3).unmap(P))).toEqual([
      'unmap 80240+1 unmap dropped measured',
    ]);
    expect(effects(start().call(MemoryCall.MPROTECT, P).unmap(P))).toEqual(['unmap 80240+1 protect kept measured']);
  });
});

test('the host: reclaim and copy-on-write clear, NUMA hinting protects, KSM remaps; contents are kept', () => {
  expect(effects(aged(start(), P, 1, KSMD))).toEqual(['unmap 80240+1 clear kept assumed']);
  expect(effects(aged(start().fault(P + 1), P, 1, VCPU))).toEqual(['unmap 80240+1 clear kept assumed']);
  expect(effects(aged(start(), P, 1, VCPU))).toEqual(['unmap 80240+1 protect kept assumed']);
  const ksm = start().push(KSMD, KvmKind.SET_SPTE, HVA + 0x240);
  expect(effects(ksm)).toEqual(['map 80240+1 clear kept assumed']);
});

describe('memslots', () => {
  const gone = 'unmap 80000+2048 memslot gone';

  test('given back with the same memory: kept; with other memory: dropped', () => {
    const taken = (): Trace => start().memslot(1, RAM, 0, 0);
    expect(effects(taken().memslot(1, RAM, 2048, HVA))).toEqual([
      `${gone} measured`,
      'unmap 80000+2048 memslot kept measured',
    ]);
    expect(effects(taken().memslot(1, RAM, 2048, HVA + 0x10000))).toEqual([
      `${gone} measured`,
      'unmap 80000+2048 memslot dropped measured',
    ]);
  });

  test('what was thrown away while the slot was gone is dropped, the rest kept', () => {
    const trace = start().memslot(1, RAM, 0, 0).madvise(P, 2).memslot(1, RAM, 2048, HVA);
    expect(effects(trace)).toEqual([
      `${gone} measured`,
      'unmap 80000+576 memslot kept measured',
      'unmap 80240+2 memslot dropped measured',
      'unmap 80242+1470 memslot kept measured',
    ]);
  });

  describe('whose memory the VMM had munmapped', () => {
    const rest = ['unmap 80000+576 memslot kept measured', 'unmap 80242+1470 memslot kept measured'];
    const hole = 'unmap 80240+2 unmap gone measured';

    test('bring nothing back there, until an mmap does', () => {
      const trace = start().call(MemoryCall.MUNMAP, P, 2).unmap(P, 2);
      trace.memslot(1, RAM, 0, 0).memslot(1, RAM, 2048, HVA).call(MemoryCall.MMAP, P, 2, 1);
      expect(effects(trace)).toEqual([hole, `${gone} measured`, ...rest, 'unmap 80240+2 unmap dropped measured']);
    });

    test('nor if it went while they were away', () => {
      const trace = start().memslot(1, RAM, 0, 0).call(MemoryCall.MUNMAP, P, 2).unmap(P, 2);
      expect(effects(trace.memslot(1, RAM, 2048, HVA))).toEqual([`${gone} measured`, ...rest]);
    });

    test('bring fresh memory back that was mapped meanwhile', () => {
      const trace = start().call(MemoryCall.MUNMAP, P, 2).unmap(P, 2).memslot(1, RAM, 0, 0);
      trace.call(MemoryCall.MMAP, P, 2, 1).memslot(1, RAM, 2048, HVA);
      const fresh = 'unmap 80240+2 memslot dropped measured';
      expect(effects(trace)).toEqual([hole, `${gone} measured`, rest[0], fresh, rest[1]]);
    });
  });

  test('moved to other guest pages: dropped there, still gone where it was', () => {
    const trace = start()
      .memslot(1, RAM, 0, 0)
      .memslot(1, RAM + 1024, 2048, HVA);
    expect(effects(trace)).toEqual([`${gone} measured`, 'unmap 80400+1024 memslot dropped measured']);
  });

  test('by faults alone: gone and kept, assumed', () => {
    const trace = start().ioctl(0x4020ae46).device(P).ioctl(0x4020ae46).touch(P).progress();
    expect(effects(trace)).toEqual([`${gone} assumed`, 'unmap 80000+2048 memslot kept assumed']);
  });
});

describe("by the kernel's own page-table calls", () => {
  const calls = (): Trace => {
    const trace = new Trace().create();
    trace.push(VCPU, KvmKind.S2_MAP, P, P + 4, 7);
    return trace;
  };
  const unmapped = (trace: Trace, page: number, pages: number): Trace =>
    trace.push(VMM, KvmKind.S2_UNMAP, page, page + pages);

  test('the call that its thread is in tells', () => {
    const trace = unmapped(calls().madvise(P, 2), P, 2);
    expect(effects(unmapped(trace.call(MemoryCall.MPROTECT, P + 2).unmap(P + 2), P + 2, 1))).toEqual([
      'unmap 80240+4 clear kept assumed',
      'unmap 80240+2 clear dropped assumed',
      'unmap 80242+1 protect kept measured',
    ]);
  });

  test('a slot that goes and comes back with other memory', () => {
    const trace = unmapped(calls().memslot(1, RAM, 0, 0), P, 4);
    expect(effects(trace.memslot(1, RAM, 2048, HVA + 0x1000))).toEqual([
      'unmap 80240+4 memslot gone measured',
      'unmap 80240+4 memslot dropped measured',
    ]);
  });

  test('a slot whose return was not traced came back before what it maps', () => {
    const trace = unmapped(calls().ioctl(0x4020ae46), P, 4).ioctl(0x4020ae46);
    trace.push(VCPU, KvmKind.S2_MAP, P, P + 4, 7);
    expect(effects(trace)).toEqual(['unmap 80240+4 memslot gone measured', 'unmap 80240+4 memslot kept assumed']);
  });
});
