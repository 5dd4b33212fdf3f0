/** Guards of the rules by which stage 2 is reconstructed (model.md section 3): the case on the other side of each. */
import { describe, expect, test } from 'vitest';
import { calibrate } from '../../core/model/calibration.ts';
import { KvmEvents, KvmIoctl, KvmKind, MemoryCall } from '../../core/model/kvm-events.ts';
import { exactTimelines, hasTableCalls } from '../../core/model/stage2/exact.ts';
import { pageUnitOf } from '../../core/model/stage2/host.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { accuracyTable } from '../../core/model/stage2/stage2-json.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import { blocks, description, effectTexts, HVA, PERMISSION, RAM, READ, rowTexts } from './stage2-trace.ts';
import { Trace, TRANSLATION, VCPU, VCPU2, VMM } from './stage2-trace.ts';

const P = RAM + 0x240;
/** Rows without their times. */
const untimed = (rows: string[]): string[] => rows.map((row) => row.replace(/^[\d.]+ /, ''));
const withoutVm = (trace: Trace): string[] => rowTexts(reconstruct(trace.events).timelines[0]);

describe('without a description', () => {
  test('a fault maps its page, unless kvm_mmio follows; every thread that runs a guest is one VM’s', () => {
    const trace = new Trace()
      .enter()
      .device(0x9000)
      .touch(P)
      .enter(VCPU2)
      .touch(P + 1, TRANSLATION | 3, VCPU2);
    expect(withoutVm(trace)).toEqual([
      '0 initial-unmapped 80240+2 first-touch first-fault',
      '8000 map 80240+1 W fault',
      '12000 map 80241+1 W fault',
    ]);
  });

  test('a page known to be RAM can be contradicted; KVM’s class, as there are no slots', () => {
    const rows = withoutVm(new Trace().enter().touch(P).progress().touch(P));
    expect(untimed(rows).slice(2)).toEqual(['unmap 80240+1 kvm missed-unmap', 'map 80240+1 W fault']);
  });

  test('a thread counts as a VM’s from the event on that shows it run a guest', () => {
    const rows = withoutVm(
      new Trace()
        .push(VCPU, KvmKind.OTHER_CALL)
        .touch(P)
        .touch(P + 1),
    );
    expect(rows.filter((row) => row.includes(' map '))).toHaveLength(2);
  });

  test('lost events leave every page unknown', () => {
    const rows = withoutVm(new Trace().enter().touch(P).push(0, KvmKind.LOST));
    expect(rows.at(-1)).toMatch(/^4000 unknown 0\+\d+ lost-events$/);
  });
});

describe('threads', () => {
  test('that belong to no VM of the description are strangers, and change nothing', () => {
    const { strangers, timelines } = reconstruct(
      new Trace().create().touch(P, TRANSLATION | 3, 7).events,
      description(),
    );
    expect([strangers, timelines[0].n]).toEqual([1, 1]);
  });

  test('of the only VM without listed vCPUs are those that run a guest; of two such VMs nobody’s', () => {
    const slots = [{ slot: 0, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000' }];
    const vms = (...more: object[]) => parseVmDescription(JSON.stringify({ vms: [{ slots }, ...more] }));
    const rows = (vm: ReturnType<typeof vms>) => reconstruct(new Trace().touch(P, TRANSLATION | 3, 7).events, vm);
    expect(rows(vms()).timelines[0].n).toBe(2);
    expect(rows(vms({ vcpus: [{ vcpu: 0, tid: 9 }] })).timelines.map(({ n }) => n)).toEqual([2, 0]);
    expect(rows(vms({ slots: [] }))).toMatchObject({ strangers: 1, timelines: [{ n: 0 }, { n: 0 }] });
  });
});

describe('the host’s page size', () => {
  const ranges = (n: number, ...[page, end]: [number, number]) => {
    const events = new KvmEvents();
    for (let k = 0; k < n; k++) events.push(k, VMM, 0, KvmKind.UNMAP, page + k * 16, end + k * 16);
    return events;
  };
  const said = (pageSize?: number) => parseVmDescription(JSON.stringify({ ...(pageSize && { pageSize }), vms: [{}] }));

  test('by the description, if the host doesn’t contradict it; then by the host', () => {
    const none = new KvmEvents();
    expect(pageUnitOf(none, said(16384), {})).toEqual({ unit: 4, origin: 'description' });
    expect(pageUnitOf(none, said(16384), { pageSize: 16384 })).toEqual({ unit: 4, origin: 'description' });
    expect(() => pageUnitOf(none, said(16384), { pageSize: 65536 })).toThrow(
      'pageSize: the VM description says 16384, the trace was recorded on a host with pages of 65536 bytes',
    );
    expect(pageUnitOf(none, said(), { pageSize: 65536 })).toEqual({ unit: 16, origin: 'host' });
    // No page size of arm64's.
    expect(pageUnitOf(none, said(), { pageSize: 8192 })).toEqual({ unit: 1, origin: 'default' });
  });

  test('else by what 32 unmapped ranges have in common; huge pages don’t count', () => {
    const of = (events: KvmEvents) => pageUnitOf(events, said(), {});
    expect(of(ranges(32, 16, 32))).toEqual({ unit: 16, origin: 'values' });
    expect(of(ranges(31, 16, 32))).toEqual({ unit: 1, origin: 'default' });
    expect(of(ranges(32, 4, 8))).toEqual({ unit: 4, origin: 'values' });
    expect(of(ranges(32, 16, 20))).toEqual({ unit: 4, origin: 'values' });
    expect(of(ranges(32, 4, 16))).toEqual({ unit: 4, origin: 'values' });
    expect(of(ranges(40, 1, 2))).toEqual({ unit: 1, origin: 'default' });
    const huge = ranges(31, 16, 32);
    huge.push(99, VMM, 0, KvmKind.UNMAP, 512, 1024);
    expect(of(huge).origin).toBe('default');
    huge.push(99, VMM, 0, KvmKind.UNMAP, 512, 1040);
    expect(of(huge)).toEqual({ unit: 16, origin: 'values' });
    const other = ranges(32, 16, 32);
    other.push(99, VMM, 0, KvmKind.AGE, 1, 2);
    expect(of(other).unit).toBe(16);
  });

  test('is reported with the timeline', () => {
    const { pageUnit, pageSizeFrom } = reconstruct(ranges(32, 16, 32), said());
    expect([pageUnit, pageSizeFrom]).toEqual([16, 'values']);
    const calls = new KvmEvents();
    calls.push(0, VCPU, 0, KvmKind.S2_MAP, RAM, RAM + 4, 6);
    calls.push(1, VCPU, 0, KvmKind.S2_UNMAP, RAM, RAM + 4);
    expect(reconstruct(calls, said(), { pageSize: 16384 })).toMatchObject({
      ...{ pageUnit: 4, pageSizeFrom: 'host', protFrom: 'values', losses: 0, strangers: 0, unattributed: 0 },
    });
  });
});

describe('blocks', () => {
  const one = (): Trace =>
    new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2)
      .progress();

  test('need a region that lies in its slot as a whole, up to either edge, with addresses that agree within it', () => {
    const slot = (gpa: number, pages: number, hva: number) =>
      description([{ slot: 1, gpa: gpa * 4096, size: pages * 4096, hva: hva * 4096 }]);
    const block = (vm: ReturnType<typeof slot>) => one().rows(vm)[1].includes('80200+512');
    expect(block(slot(RAM + 0x200, 512, 0x7200))).toBe(true);
    expect(block(slot(RAM + 0x201, 511, 0x7201))).toBe(false);
    expect(block(slot(RAM + 0x200, 511, 0x7200))).toBe(false);
    // A slot that begins within a region of each.
    expect(block(slot(RAM + 0x80, 1024, 0x7080))).toBe(true);
    expect(block(slot(RAM + 0x80, 1024, 0x7180))).toBe(false);
  });

  test('one whose fault KVM retried maps nothing: the next fault’s row is the region’s only one', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2)
      .touch(P, TRANSLATION | 2);
    expect(trace.progress().rows(blocks).slice(1)).toEqual(['8000 map 80200+512 W block-fault']);
  });

  test('that a permission fault found read-only, mapped by a read under logging, stays read-only until written', () => {
    const logged = one()
      .ioctl(KvmIoctl.GET_DIRTY_LOG)
      .touch(P, PERMISSION | 3);
    const trace = logged.touch(RAM + 0x500, TRANSLATION | 2, VCPU, READ).progress();
    const rows = trace.touch(RAM + 0x500, PERMISSION | 2).rows(blocks);
    expect(untimed(rows).slice(-3)).toEqual([
      'map 80400+512 R dirty-log block-found',
      'unmap 80400+512 dirty-log block-split',
      'map 80500+1 W permission-fault',
    ]);
  });
});

describe('permission faults', () => {
  test('of a write to a page nothing is known of: it was mapped read-only since events are known', () => {
    const rows = new Trace()
      .enter()
      .touch(P, PERMISSION | 3)
      .rows();
    expect(rows).toEqual(['0 map 80240+1 R dirty-log found-read-only', '4000 map 80240+1 W permission-fault']);
  });

  test('of a write to a page believed unmapped: it was mapped read-only by then', () => {
    const rows = new Trace()
      .create()
      .enter()
      .touch(P, PERMISSION | 3)
      .rows();
    expect(rows.slice(1)).toEqual([
      '3000 map 80240+1 R dirty-log found-read-only',
      '5000 map 80240+1 W permission-fault',
    ]);
  });

  test('of a write to a page that pre-faulting left unknown, with no row of its own', () => {
    const rows = new Trace()
      .create()
      .enter()
      .ioctl(KvmIoctl.PRE_FAULT_MEMORY)
      .touch(P, PERMISSION | 3)
      .rows();
    expect(untimed(rows)).toContain('map 80240+1 R dirty-log found-read-only');
  });

  test('at level 2 outside of logging make the whole block writable', () => {
    const block = new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2, VCPU, READ)
      .progress();
    const rows = block.touch(P + 3, PERMISSION | 2).rows(blocks);
    expect(untimed(rows).slice(1)).toEqual(['map 80200+512 R host-mm block-found', 'map 80200+512 W permission-fault']);
  });
});

describe('memslots', () => {
  const region = (trace: Trace, id: number, page: number, pages: number, flags: number) =>
    trace.memslot(id, page, pages, 0xfff000, flags).push(VMM, KvmKind.CALL_EXIT);

  test('that a call adds hold its pages; those marked read-only or of a guest_memfd are so', () => {
    const [READONLY, GUEST_MEMFD] = [2, 4];
    const added = (flags: number) => region(new Trace().create().enter(), 7, 0x1000, 16, flags);
    expect(untimed(added(0).touch(0x1004).rows()).slice(1)).toEqual([
      'initial-unmapped 1000+16 first-touch vm-created',
      'map 1004+1 W fault',
    ]);
    // A read-only slot's MMIO says nothing of the slot.
    const device = (flags: number) => {
      const trace = added(flags).touch(0x1004).progress().ioctl(KvmIoctl.SET_USER_MEMORY_REGION);
      return untimed(trace.device(0x1005).rows()).filter((row) => row.startsWith('unmap'));
    };
    expect([device(0).length, device(READONLY)]).toEqual([1, []]);
    const freed = (flags: number) => {
      const trace = added(flags).push(VMM, KvmKind.MEMORY_CALL, 0xfff004, 0xfff005, MemoryCall.MADVISE | (4 << 8));
      trace.push(VMM, KvmKind.UNMAP, 0xfff004, 0xfff005);
      return effectTexts(reconstruct(trace.events, description()).timelines[0]);
    };
    expect(freed(0)).toEqual(['unmap 1004+1 clear dropped assumed']);
    expect(freed(GUEST_MEMFD)).toEqual(['unmap 1004+1 clear kept measured']);
    // A call that deletes a slot nobody knows.
    expect(region(new Trace().create().enter(), 7, 0x1000, 0, 0).rows()).toHaveLength(1);
  });

  test('of which a call says that they are a guest_memfd’s from now on keep what a munmap takes', () => {
    const trace = region(new Trace().create().enter(), 1, RAM, 2048, 4);
    trace
      .push(VMM, KvmKind.MEMORY_CALL, 0xfff004, 0xfff005, MemoryCall.MUNMAP)
      .push(VMM, KvmKind.UNMAP, 0xfff004, 0xfff005);
    expect(effectTexts(reconstruct(trace.events, description()).timelines[0])).toEqual([
      'unmap 80004+1 unmap kept measured',
    ]);
  });
});

describe('guest_memfd', () => {
  const vm = description([
    { slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000', backing: 'guest_memfd' },
  ]);

  test.each([
    ['munmap', MemoryCall.MUNMAP, 'unmap kept'],
    ['mremap', MemoryCall.MREMAP, 'unmap kept'],
    ['mmap', MemoryCall.MMAP, 'unmap kept'],
    ['mprotect', MemoryCall.MPROTECT, 'protect kept'],
  ])('keeps its pages over a %s of the VMM’s', (_, call, effect) => {
    const trace = new Trace().create().enter().touch(P).progress().call(call, P).unmap(P);
    expect(effectTexts(reconstruct(trace.events, vm).timelines[0])).toEqual([`unmap 80240+1 ${effect} measured`]);
  });
});

describe('the kernel’s own calls', () => {
  test('count if they both map and unmap', () => {
    const has = (...kinds: number[]) => {
      const events = new KvmEvents();
      for (const kind of kinds) events.push(0, 1, 0, kind, 1, 2);
      return hasTableCalls(events);
    };
    const { S2_MAP, S2_UNMAP, S2_DESTROY, S2_WRPROTECT } = KvmKind;
    expect([
      has(S2_MAP),
      has(S2_UNMAP),
      has(S2_MAP, S2_WRPROTECT),
      has(S2_MAP, S2_UNMAP),
      has(S2_MAP, S2_DESTROY),
    ]).toEqual([...[false, false, false, true, true]]);
  });

  const exact = (
    fill: (events: KvmEvents, table: (kind: number, page: number, word?: number, tid?: number) => void) => void,
  ) => {
    const events = new KvmEvents();
    let t = 0;
    fill(events, (kind, page, word = 6, tid = VCPU) => {
      events.setOther(events.push((t += 1000), tid, 0, kind, page, page + 1, word), 0xff00);
      events.span = t;
    });
    return exactTimelines(events, description())[0];
  };

  test('are told from what nested guests do, which names no table', () => {
    const rows = rowTexts(
      exact((events, table) => {
        events.push(0, VCPU, 0, KvmKind.NESTED);
        table(KvmKind.S2_MAP, RAM, 6, 7);
      }),
    );
    expect(rows.at(-1)).toBe('1000 map 80000+1 W table-call');
  });

  test('return once: a second return is of another call, that of a relaxation counts as one', () => {
    const rows = rowTexts(
      exact((_, table) => {
        table(KvmKind.S2_MAP, RAM);
        table(KvmKind.S2_MAP_RET, 0, 0);
        table(KvmKind.S2_MAP_RET, 0, 0);
        table(KvmKind.S2_RELAX, RAM);
        table(KvmKind.S2_RELAX_RET, 0, 0);
        table(KvmKind.S2_RELAX, RAM);
        table(KvmKind.S2_RELAX_RET, 0, 11);
      }),
    );
    expect(rows).toEqual([
      '0 initial-unmapped 80000+1 first-touch first-fault',
      '2000 map 80000+1 W table-call',
      '5000 map 80000+1 W table-call',
    ]);
  });

  test('a munmap leaves nothing to map until an mmap over it; other calls bring nothing back', () => {
    const effects = (call: number) =>
      effectTexts(
        exact((events, table) => {
          table(KvmKind.S2_MAP, RAM);
          events.push(1001, VMM, 0, KvmKind.MEMORY_CALL, HVA, HVA + 1, MemoryCall.MUNMAP);
          events.push(1002, VMM, 0, KvmKind.UNMAP, HVA, HVA + 1);
          table(KvmKind.S2_UNMAP, RAM, 0, VMM);
          events.push(2001, VMM, 0, KvmKind.MEMORY_CALL, HVA, HVA + 1, call);
          events.span = 3000;
        }),
      );
    const gone = 'unmap 80000+1 unmap gone measured';
    expect(effects(MemoryCall.MMAP | (1 << 8))).toEqual([gone, 'unmap 80000+1 unmap dropped measured']);
    for (const call of [MemoryCall.MMAP, MemoryCall.MPROTECT | (1 << 8), MemoryCall.MADVISE])
      expect(effects(call)).toEqual([gone]);
  });
});

test('latencies: what else the thread does between exit and entry ends nothing', () => {
  const { events } = new Trace().push(VCPU, KvmKind.EXIT, 0, 0, 0x16).push(VCPU, KvmKind.ACCESS_FAULT, P).enter();
  events.push(9000, VCPU, 0, KvmKind.EXIT, 0, 0, 0x24);
  events.push(9100, VCPU, 0, KvmKind.GUEST_FAULT, P, 0, 7);
  events.push(9150, VCPU, 0, KvmKind.OTHER_CALL);
  events.push(9400, VCPU, 0, KvmKind.ENTRY);
  const { mapNs, trapNs } = calibrate(events);
  expect([mapNs?.count, mapNs?.median, trapNs?.count, trapNs?.median]).toEqual([1, 300, 1, 2000]);
});

test('accuracy as a table: shares with two digits, page-time with three', () => {
  const accuracy = {
    pageSeconds: 1.23456,
    valid: 0.99991,
    mapped: 1,
    unknown: 0.005,
    validGuessed: 0.5,
    stays: 7,
    missed: 1,
    false: 2,
  };
  expect(accuracyTable([{ name: 'vCPU 0', accuracy }])).toEqual([
    ['pages', 'page·s', 'valid for write', 'mapped', 'unknown', 'valid, unknown guessed', 'stays', 'missed', 'false'],
    ['vCPU 0', '1.235', '99.99 %', '100.00 %', '0.50 %', '50.00 %', '7', '1', '2'],
  ]);
});
