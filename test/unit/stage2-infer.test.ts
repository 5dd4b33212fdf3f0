import { describe, expect, test } from 'vitest';
import { unfollowedSentences } from '../../core/lab/captures/stage2.ts';
import { KvmEvents, KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import {
  blocks,
  description,
  HVA,
  KSMD,
  PERMISSION,
  RAM,
  READ,
  rowTexts,
  Trace,
  TRANSLATION,
  VCPU,
  VCPU2,
  VMM,
  WRITE,
} from './stage2-trace.ts';

const P = RAM + 0x240;

describe('translation faults', () => {
  test('map at the next entry; the page was unmapped until its first fault', () => {
    expect(new Trace().enter().touch(P).rows()).toEqual([
      '0 initial-unmapped 80240+1 first-touch first-fault',
      '4000 map 80240+1 W fault',
    ]);
  });

  test('of neighbouring pages give one initial row; a page that was unmapped first gives none', () => {
    const rows = new Trace()
      .enter()
      .unmap(P + 2)
      .touch(P)
      .touch(P + 1)
      .touch(P + 2)
      .rows();
    expect(rows.filter((r) => r.includes('initial'))).toEqual(['0 initial-unmapped 80240+2 first-touch first-fault']);
  });

  test('of a new VM: every page was unmapped', () => {
    expect(new Trace().create().enter().touch(P).rows()[0]).toBe(
      '0 initial-unmapped 80000+2048 first-touch vm-created',
    );
  });

  test('that are retried map only once, at the last entry', () => {
    const rows = new Trace().create().enter().touch(P).touch(P).touch(P).progress().rows();
    expect(rows.filter((r) => r.includes(' map '))).toEqual(['11000 map 80240+1 W fault']);
  });

  test('of a write make a page writable that was remapped read-only on the way', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P + 1)
      .progress();
    const rows = trace
      .push(KSMD, KvmKind.SET_SPTE, HVA + 0x240)
      .touch(P, TRANSLATION | 3, VCPU, WRITE)
      .progress()
      .rows();
    expect(rows.slice(-2).map((r) => r.replace(/^\d+ /, ''))).toEqual([
      'map 80240+1 R host-mm set-spte-hva',
      'map 80240+1 W fault',
    ]);
  });

  test('after an unmap are no retries', () => {
    const rows = new Trace().create().enter().touch(P).unmap(P).touch(P).rows();
    expect(rows.slice(1)).toEqual([
      '5000 map 80240+1 W fault',
      '6000 unmap 80240+1 host-mm unmap-hva',
      '9000 map 80240+1 W fault',
    ]);
  });

  test('of two vCPUs on one page map it once', () => {
    const rows = new Trace()
      .create()
      .enter(VCPU)
      .enter(VCPU2)
      .fault(P, 7, VCPU)
      .fault(P, 7, VCPU2)
      .enter(VCPU)
      .enter(VCPU2)
      .rows();
    expect(rows.slice(1)).toEqual(['8000 map 80240+1 W fault']);
  });

  test('that raced an unmap map nothing lasting, if the page is found unmapped next', () => {
    const trace = new Trace().create().enter().fault(P).unmap(P).enter();
    expect(trace.progress().touch(P).rows().slice(1)).toEqual([
      '5000 unmap 80240+1 host-mm unmap-hva',
      '11000 map 80240+1 W fault',
    ]);
    const kept = new Trace().create().enter().fault(P).unmap(P).enter().progress().unmap(P);
    expect(kept.rows()[2]).toBe('6000 map 80240+1 W fault');
  });

  test('with an error of KVM_RUN map nothing', () => {
    const trace = new Trace().create().enter().fault(P);
    trace.events.setFlags(trace.events.push(5000, VCPU, 0, KvmKind.USER_EXIT), 1);
    expect(trace.enter().rows()).toHaveLength(1);
  });

  test('outside the memslots, and those that kvm_mmio follows without slots, are no RAM', () => {
    expect(new Trace().create().enter().touch(0x9000).rows()).toHaveLength(1);
    expect(new Trace().enter().device(0x9000).touch(P).rows(undefined)).toEqual([
      '0 initial-unmapped 80240+1 first-touch first-fault',
      '8000 map 80240+1 W fault',
    ]);
  });

  test('on a mapped page that nothing explains: KVM unmapped it', () => {
    const rows = new Trace().create().enter().touch(P).progress().touch(P).rows();
    expect(rows.slice(2)).toEqual(['8000 unmap 80240+1 kvm missed-unmap', '10000 map 80240+1 W fault']);
  });

  test('of 64 KiB hosts map 16 pages', () => {
    const slots = [{ slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0410000' }];
    const vm = description(slots, undefined, 65536);
    expect(
      new Trace()
        .create()
        .enter()
        .touch(P + 5)
        .rows(vm)[1],
    ).toBe('5000 map 80240+16 W fault');
  });
});

describe('unmaps', () => {
  const causeOf = (trace: Trace): string =>
    trace
      .rows()
      .filter((r) => r.includes(' unmap '))[0]
      .split(' ')[3];

  test('inside the range of the memory call that the thread is in are the user’s', () => {
    expect(causeOf(new Trace().madvise(P, 4))).toBe('userspace');
  });

  test('outside of its range, after its return, by a kernel thread, or by a vCPU between exit and entry are the host’s', () => {
    expect(causeOf(new Trace().push(VMM, KvmKind.MEMORY_CALL, HVA + 0x600, HVA + 0x601).unmap(P))).toBe('host-mm');
    const call = (): Trace => new Trace().push(VMM, KvmKind.MEMORY_CALL, HVA, HVA + 2048);
    expect(causeOf(call().push(VMM, KvmKind.CALL_EXIT).unmap(P))).toBe('host-mm');
    expect(causeOf(call().unmap(P, 1, KSMD))).toBe('host-mm');
    expect(
      causeOf(
        new Trace()
          .push(VCPU, KvmKind.MEMORY_CALL, HVA, HVA + 2048)
          .push(VCPU, KvmKind.EXIT)
          .unmap(P, 1, VCPU),
      ),
    ).toBe('host-mm');
  });

  test('count for every slot that shares the host memory, clipped to it', () => {
    const shared = description([
      { slot: 1, gpa: '0x80000000', size: '0x10000', hva: '0xffffb0401000' },
      { slot: 2, gpa: '0xa0000000', size: '0x8000', hva: '0xffffb0405000' },
    ]);
    expect(new Trace().push(VMM, KvmKind.UNMAP, HVA - 4, HVA + 6).rows(shared)).toEqual([
      '1000 unmap 80000+6 host-mm unmap-hva',
      '1000 unmap a0000+2 host-mm unmap-hva',
    ]);
  });

  test('by a thread of one VM leave another VM with the same addresses alone; by a kernel thread they count for both', () => {
    const slots = [{ slot: 0, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000' }];
    const two = parseVmDescription(
      JSON.stringify({
        vms: [
          { pid: 1, slots, vcpus: [{ vcpu: 0, tid: 2 }] },
          { pid: 3, slots, vcpus: [{ vcpu: 0, tid: 4 }] },
        ],
      }),
    );
    const of = (tid: number): number[] =>
      reconstruct(new Trace().unmap(P, 1, tid).events, two).timelines.map((l) => l.n);
    expect(of(1)).toEqual([1, 0]);
    expect(of(4)).toEqual([0, 1]);
    expect(of(KSMD)).toEqual([1, 1]);
  });

  test('without memslots are counted, not placed', () => {
    const { unattributed, timelines } = reconstruct(new Trace().unmap(P).push(KSMD, KvmKind.SET_SPTE, HVA).events);
    expect([unattributed, timelines[0].n]).toEqual([2, 0]);
  });
});

describe('read-only pages', () => {
  test('kvm_set_spte_hva remaps read-only, and the write fault after it makes the page writable', () => {
    const rows = new Trace()
      .create()
      .enter()
      .touch(P)
      .progress()
      .unmap(P, 1, KSMD)
      .push(KSMD, KvmKind.SET_SPTE, HVA + 0x240);
    expect(
      rows
        .touch(P, PERMISSION | 3)
        .rows()
        .slice(3),
    ).toEqual(['9000 map 80240+1 R host-mm set-spte-hva', '12000 map 80240+1 W permission-fault']);
  });

  test('copy-on-write in the faulting thread itself makes KVM retry', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P)
      .progress()
      .unmap(P, 1, KSMD)
      .push(KSMD, KvmKind.SET_SPTE, HVA + 0x240);
    trace
      .fault(P, PERMISSION | 3)
      .unmap(P, 1, VCPU)
      .push(VCPU, KvmKind.SET_SPTE, HVA + 0x240)
      .enter();
    expect(
      trace
        .touch(P, PERMISSION | 3)
        .rows()
        .slice(4),
    ).toEqual([
      '12000 unmap 80240+1 host-mm unmap-hva',
      '13000 map 80240+1 R host-mm set-spte-hva',
      '17000 map 80240+1 W permission-fault',
    ]);
  });

  test('set_spte puts no page where no table is', () => {
    expect(
      new Trace()
        .create()
        .push(KSMD, KvmKind.SET_SPTE, HVA + 0x240)
        .rows(),
    ).toHaveLength(1);
  });

  test('a page read first and then found read-only was mapped read-only', () => {
    const rows = new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 3, VCPU, READ)
      .progress()
      .touch(P, PERMISSION | 3)
      .rows();
    expect(rows.slice(1)).toEqual(['5000 map 80240+1 R host-mm fault', '10000 map 80240+1 W permission-fault']);
  });

  test('an execute permission fault changes nothing', () => {
    expect(
      new Trace()
        .create()
        .enter()
        .touch(P)
        .touch(P, PERMISSION | 3, VCPU, 0x82000000)
        .rows(),
    ).toHaveLength(2);
  });
});

describe('dirty logging', () => {
  const logged = (): Trace =>
    new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .progress()
      .ioctl(KvmIoctl.GET_DIRTY_LOG)
      .wait(1e6);

  test('a write fault after fetching the log: all pages of the slot were protected then', () => {
    const rows = logged()
      .touch(P, PERMISSION | 3)
      .touch(P + 1, PERMISSION | 3)
      .rows();
    expect(rows.filter((r) => r.includes('protect'))).toEqual([
      '11000 write-protect 80000+2048 dirty-log dirty-log-ioctl',
    ]);
    expect(rows.slice(4)).toEqual(['1014000 map 80240+1 W permission-fault', '1017000 map 80241+1 W permission-fault']);
  });

  const protections = (trace: Trace, vm = description()): string[] =>
    trace.rows(vm).filter((r) => r.includes('protect'));
  const protectedAt = (t: number): string => `${t} write-protect 80000+2048 dirty-log dirty-log-ioctl`;

  /**
   * After a fetch that a fault in handling may hold up: that fault's answer after 1 ms, another one, answered `ns` after it, a write after 9 ms.
   * @param returned ns from that other fault to the fetch's return, if before its answer
   */
  const heldUp = (ns: number, returned = ns): Trace => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .progress();
    trace
      .fault(P + 2)
      .ioctl(KvmIoctl.GET_DIRTY_LOG)
      .wait(1e6)
      .enter();
    trace.fault(P + 3).wait(returned);
    if (returned < ns) trace.push(VMM, KvmKind.CALL_EXIT).wait(ns - returned);
    return trace
      .enter()
      .progress()
      .wait(9e6)
      .touch(P, PERMISSION | 3);
  };

  test('a fetch that nothing holds up protects at once, however late a write shows it', () => {
    const rows = logged()
      .wait(20e6)
      .touch(P, PERMISSION | 3)
      .rows();
    expect(rows.filter((r) => / unknown | write-protect /.test(r))).toEqual([protectedAt(11_000)]);
  });

  test('a fetch that a fault may hold up had its turn when the next fault is answered', () => {
    // 1 ms and a little: it isn't called unknown.
    expect(
      heldUp(10_000)
        .rows()
        .filter((r) => / unknown /.test(r)),
    ).toEqual([]);
    // Only while the fault that waits behind it waits nobody knows.
    const rows = heldUp(6e6).rows();
    expect(rows.filter((r) => / unknown | write-protect | R /.test(r))).toEqual([
      '1015000 write-protect 80000+2048 dirty-log dirty-log-ioctl',
      '1015000 unknown 80240+2 dirty-log-ioctl',
      '7017000 map 80240+2 R dirty-log dirty-log-ioctl',
    ]);
  });

  test('a fetch had protected when it returned', () => {
    const unknown = (trace: Trace): string[] => trace.rows().filter((r) => / unknown | R /.test(r));
    expect(unknown(heldUp(6e6, 5e6))).toEqual([
      '1015000 unknown 80240+2 dirty-log-ioctl',
      '6017000 map 80240+2 R dirty-log dirty-log-ioctl',
    ]);
    expect(unknown(heldUp(6e6, 2e6))).toEqual([]);
  });

  test('switching logging on is dated by how soon this guest writes to what fetches protected', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .progress();
    trace
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .wait(20e6)
      .touch(P, PERMISSION | 3);
    const shown = (rows: string[]): string[] => rows.filter((r) => / unknown | write-protect /.test(r));
    expect(shown(trace.rows())).toEqual([
      '11000 write-protect 80000+2048 dirty-log dirty-log-ioctl',
      '11000 unknown 80240+2 dirty-log-ioctl',
    ]);
    // Ten times the guest runs 1 ms until it hits the one page that was writable: one of two takes it half as long.
    for (let k = 0; k < 10; k++) {
      trace
        .progress()
        .ioctl(KvmIoctl.GET_DIRTY_LOG)
        .wait(1e6)
        .touch(P, PERMISSION | 3);
    }
    const [on] = shown(trace.rows());
    const before = 20_012_000 - Number(on.split(' ')[0]);
    expect(before).toBeGreaterThan(200_000);
    expect(before).toBeLessThan(300_000);
    expect(shown(trace.rows()).filter((r) => r.includes('unknown'))).toEqual([]);
  });

  test('a page that two fetches followed was protected by the first', () => {
    const trace = logged().ioctl(KvmIoctl.GET_DIRTY_LOG).wait(1e6);
    expect(protections(trace.touch(P, PERMISSION | 3))).toEqual([protectedAt(11_000), protectedAt(1_012_000)]);
  });

  test('a fetch protects a slot that is known to be logged, though no write follows', () => {
    const trace = logged()
      .touch(P, PERMISSION | 3)
      .ioctl(KvmIoctl.GET_DIRTY_LOG);
    expect(protections(trace)).toEqual([protectedAt(11_000), protectedAt(1_015_000)]);
  });

  test('the memslot call before the first fetch switched logging on', () => {
    const trace = new Trace().create().enter().touch(P).progress();
    trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
    trace.ioctl(KvmIoctl.GET_DIRTY_LOG).touch(P + 1);
    expect(protections(trace)).toEqual([protectedAt(8500), protectedAt(10_000)]);
  });

  test('of several slots only those that a write showed are protected; other fetches are counted', () => {
    const two = description([
      { slot: 0, gpa: '0x40000000', size: '0x100000', hva: '0xffffa0001000' },
      { slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000' },
    ]);
    expect(protections(logged(), two)).toEqual([]);
    expect(reconstruct(logged().events, two).unshownFetches).toBe(1);
    const shown = logged().touch(P, PERMISSION | 3);
    expect(protections(shown, two)).toEqual([protectedAt(11_000)]);
    expect(reconstruct(shown.events, two).unshownFetches).toBe(0);
  });

  test('a permission fault right after a translation fault is no retry: the page was protected in between', () => {
    const trace = new Trace().create().enter().touch(P).ioctl(KvmIoctl.GET_DIRTY_LOG);
    expect(
      trace
        .touch(P, PERMISSION | 3)
        .rows()
        .slice(1),
    ).toEqual(['5000 map 80240+1 W fault', protectedAt(6000), '9000 map 80240+1 W permission-fault']);
  });

  test('with KVM_CLEAR_DIRTY_LOG in use, fetching the log protects nothing', () => {
    const trace = logged()
      .ioctl(KvmIoctl.CLEAR_DIRTY_LOG)
      .touch(P, PERMISSION | 3)
      .ioctl(KvmIoctl.GET_DIRTY_LOG);
    expect(protections(trace).slice(-1)).toEqual(['1012000 write-protect 80240+1 dirty-log dirty-log-ioctl']);
    expect(reconstruct(trace.events, description()).unshownFetches).toBe(0);
  });

  test('a block that was mapped while the vCPU ran, protected, and then written by it, is split', () => {
    const trace = new Trace()
      .create()
      .enter(VCPU2)
      .enter(VCPU)
      .touch(P, TRANSLATION | 2, VCPU);
    trace.progress(VCPU).ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
    const rows = trace.touch(P + 3, PERMISSION | 2, VCPU2).rows(blocks);
    expect(rows.slice(-2)).toEqual([
      '13000 unmap 80200+512 dirty-log block-split',
      '13000 map 80243+1 W permission-fault',
    ]);
  });

  test('KVM_CLEAR_DIRTY_LOG protects what faults, no more', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .progress()
      .ioctl(KvmIoctl.CLEAR_DIRTY_LOG);
    expect(trace.touch(P, PERMISSION | 3).rows()[3]).toBe('11000 write-protect 80240+1 dirty-log dirty-log-ioctl');
  });

  test('a level 2 fault splits the block: one page is mapped, 511 are gone', () => {
    const rows = new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2)
      .progress()
      .ioctl(KvmIoctl.GET_DIRTY_LOG);
    expect(
      rows
        .touch(P + 3, PERMISSION | 2)
        .touch(P + 4)
        .rows(blocks)
        .slice(1),
    ).toEqual([
      '5000 map 80200+512 W block-found',
      '8000 write-protect 80000+2048 dirty-log dirty-log-ioctl',
      '11000 unmap 80200+512 dirty-log block-split',
      '11000 map 80243+1 W permission-fault',
      '14000 map 80244+1 W fault',
    ]);
  });
});

describe('blocks', () => {
  const BLOCK = '5000 map 80200+512 W block-fault';
  const PAGE = '5000 map 80240+1 W fault';
  const one = (): Trace =>
    new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2)
      .progress();
  const first = (trace: Trace, vm = blocks): string => trace.rows(vm)[1];
  const hva = 0xffffb0400;
  const unmap = (trace: Trace, from: number, pages: number): Trace =>
    trace.push(VMM, KvmKind.UNMAP, hva + from, hva + from + pages);

  test('one fault of an unmapped region and no other: a block', () => {
    expect(first(one())).toBe(BLOCK);
    expect(
      first(
        unmap(one(), 0x200, 512)
          .touch(P, TRANSLATION | 2)
          .touch(P + 1),
      ),
    ).toBe(BLOCK);
  });

  test('a second page that faults: pages', () => {
    expect(first(one().touch(P + 1))).toBe(PAGE);
  });

  test('a second page that another vCPU faulted on before the first was answered: a block still', () => {
    const two = new Trace().create().enter(VCPU).enter(VCPU2);
    const both = two.fault(P, TRANSLATION | 2, VCPU).fault(P + 9, TRANSLATION | 2, VCPU2);
    expect(first(both.enter(VCPU).enter(VCPU2))).toBe('8000 map 80200+512 W block-fault');
    // One after it tells.
    const late = new Trace()
      .create()
      .enter(VCPU2)
      .enter(VCPU)
      .touch(P, TRANSLATION | 2, VCPU);
    expect(first(late.progress().touch(P + 9, TRANSLATION | 3, VCPU2))).toBe('6000 map 80240+1 W fault');
  });

  test('a part unmapped: a block only if the whole is split too', () => {
    expect(first(unmap(one(), 0x240, 1).touch(P, TRANSLATION | 2))).toBe(PAGE);
    expect(first(unmap(unmap(one(), 0x240, 1), 0x200, 512).touch(P, TRANSLATION | 2))).toBe(BLOCK);
  });

  test('a table found after the region was unmapped, or a permission fault at level 3: pages', () => {
    expect(first(unmap(one(), 0x200, 512).touch(P, TRANSLATION | 3))).toBe(PAGE);
    expect(first(one().touch(P, PERMISSION | 3, VCPU, 0x82000000))).toBe(PAGE);
  });

  test('none where host and guest addresses differ within a block, nor where most regions fill up page by page', () => {
    expect(first(one(), description())).toBe(PAGE);
    const trace = one();
    for (const page of [RAM, RAM + 1, RAM + 0x400, RAM + 0x401]) trace.touch(page);
    expect(first(trace)).toBe(PAGE);
  });

  test('pages that khugepaged collapsed: the next fault maps a block, however the region filled up before', () => {
    // The first two regions fill up page by page, so that blocks don't appear to be in use on this host.
    const pages = (): Trace =>
      new Trace()
        .create()
        .enter()
        .touch(P, TRANSLATION | 2)
        .touch(P + 1)
        .touch(RAM)
        .touch(RAM + 1);
    const again = (trace: Trace): Trace => trace.touch(P + 5, TRANSLATION | 2).progress();
    const last = (trace: Trace): string | undefined =>
      trace
        .rows(blocks)
        .filter((row) => row.includes(' map '))
        .at(-1);
    expect(last(again(unmap(pages(), 0x200, 512)))).toMatch(/ map 80200\+512 W block-fault$/);
    // Tried twice before anything faulted: still so.
    expect(last(again(unmap(unmap(pages(), 0x200, 512), 0x200, 512)))).toMatch(/ map 80200\+512 W block-fault$/);
    // It failed: another page faults, too.
    expect(last(again(unmap(pages(), 0x200, 512)).touch(P + 6))).toMatch(/ map 80246\+1 W fault$/);
    // More than one region at once is no collapse.
    expect(last(again(unmap(pages(), 0, 1024)))).toMatch(/ map 80245\+1 W fault$/);
  });

  test('a guest that ran on to a device has got past its fault: no table after a part was unmapped proves a block', () => {
    const DEVICE = 0x9000;
    const unmapped = unmap(one().touch(P + 1), 0x200, 512)
      .touch(P, TRANSLATION | 2)
      .fault(DEVICE, TRANSLATION | 1)
      .enter();
    const rows = unmap(unmapped, 0x268, 7)
      .touch(P, TRANSLATION | 2)
      .rows(blocks);
    expect(rows.filter((row) => row.includes('block-found'))).toEqual([
      expect.stringMatching(/ map 80200\+512 W block-found$/),
    ]);
    expect(rows.some((row) => / unmap 80200\+512 host-mm unmap-hva$/.test(row))).toBe(true);
  });

  test('unmapping a part of a block takes all of it', () => {
    const trace = one()
      .ioctl(KvmIoctl.GET_DIRTY_LOG)
      .fault(P, PERMISSION | 2);
    expect(unmap(trace, 0x200, 1).rows(blocks).slice(-2)).toEqual([
      '11000 unmap 80200+512 host-mm unmap-hva',
      '11000 unmap 80200+1 host-mm unmap-hva',
    ]);
  });

  test('the level of a fault on a stage 1 walk tells nothing', () => {
    const S1PTW = 0x80;
    const rows = one()
      .touch(P + 1)
      .touch(P + 9, TRANSLATION | 1 | S1PTW, VCPU, READ)
      .rows(blocks);
    expect(rows.filter((r) => r.includes('unmap '))).toEqual([]);
  });
});

describe('memslots', () => {
  const filled = (): Trace =>
    new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .touch(P + 2)
      .progress();

  test('a fault that becomes MMIO after an ioctl: the whole slot went, between the two', () => {
    const trace = filled()
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .device(P, TRANSLATION | 2);
    expect(trace.rows().at(-1)).toBe('14500 unmap 80000+2048 userspace memslot-ioctl');
  });

  test('a fault at level 3 on a page that was unmapped anyway comes before the removal', () => {
    const trace = filled()
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .device(P + 7)
      .push(VMM, KvmKind.CALL_EXIT);
    const [t, ...rest] = trace.rows().at(-1)!.split(' ');
    expect(rest.join(' ')).toBe('unmap 80000+2048 userspace memslot-ioctl');
    expect([Number(t) > 15000, Number(t) < 18000]).toEqual([true, true]);
  });

  test('a slot found gone with its pages there loses them within a millisecond of the call, or a third of what is left of it later', () => {
    const removedAfter = (held: number, left: number): number => {
      const trace = filled().ioctl(KvmIoctl.SET_USER_MEMORY_REGION);
      const called = trace.t;
      const rows = trace
        .wait(held)
        .device(P + 7)
        .wait(left)
        .push(VMM, KvmKind.CALL_EXIT)
        .rows();
      return (Number(rows.at(-1)!.split(' ')[0]) - called) / 1e6;
    };
    expect(removedAfter(0, 3.6e6)).toBe(1);
    expect(removedAfter(0, 1.5e6)).toBeCloseTo(0.5, 2);
    // It was held up longer than on an idle machine.
    expect(removedAfter(2e6, 1.5e6)).toBeCloseTo(2.5, 2);
  });

  test('a page found unmapped with the slot there: deleted by the call before the last', () => {
    const trace = filled()
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .touch(P, TRANSLATION | 2);
    const rows = trace.rows().slice(4);
    expect(rows[0]).toMatch(/^14\d\d\d(\.\d+)? unmap 80000\+2048 userspace memslot-ioctl$/);
    expect(rows[1]).toBe('15000 unmap 80000+2048 userspace memslot-ioctl');
    expect(rows[2]).toBe('18000 map 80240+1 W fault');
  });

  test('a fault on the same page after a call that began since is no retry', () => {
    const trace = new Trace().create().enter().touch(P);
    trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
    trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
    expect(trace.touch(P).rows()[1]).toBe('5000 map 80240+1 W fault');
  });

  describe('dated by how soon this guest touches a slot that went', () => {
    /** The slot goes, the guest runs, touches a page of it, and has it back. */
    const removed = (trace: Trace, run: (trace: Trace) => Trace): Trace => {
      run(trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION)).device(P, TRANSLATION | 2);
      trace.push(VMM, KvmKind.CALL_EXIT).ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
      for (const page of [P, P + 1, P + 2]) trace.touch(page);
      return trace.progress();
    };
    /** Removals that it touches within 1 ms, then one that takes longer: from and until when it is unknown, ms before the touch. */
    const unknown = (quick: number, run: (trace: Trace) => Trace): number[] => {
      const trace = filled();
      for (let k = 0; k < quick; k++) removed(trace, (t) => t.wait(1e6));
      const called = trace.t + 1000;
      let touched = 0;
      removed(trace, (t) => {
        run(t);
        touched = t.t + 1000;
        return t;
      });
      const rows = trace.rows().filter((row) => Number(row.split(' ')[0]) >= called);
      const [first] = rows.filter((row) => row.includes(' unknown '));
      const [gone] = rows.filter((row) => row.includes(' unmap '));
      return [first, gone].map((row) => (touched - Number(row.split(' ')[0])) / 1e6);
    };
    const inTurns = (ms: number) => (trace: Trace) => {
      for (let k = 0; k < ms; k++) trace.wait(1e6).progress();
      return trace;
    };

    test('while it ran for longer without touching it, the slot was there', () => {
      const [from, until] = unknown(7, inTurns(20));
      expect(from).toBeGreaterThan(0.99);
      expect(from).toBeLessThan(1.02);
      expect(until).toBe(0);
    });

    test('where fewer than seven others show the habit, from the call on', () => {
      expect(unknown(6, inTurns(20))[0]).toBeGreaterThan(20);
    });

    test('a run that no tick of the host ended may have stood still', () => {
      expect(unknown(7, (trace) => inTurns(5)(trace).wait(9e6))[0]).toBeGreaterThan(13.9);
      // It says nothing of the time after it.
      const [from] = unknown(7, (trace) => inTurns(5)(trace.wait(9e6).progress()));
      expect(from).toBeLessThan(1.02);
    });

    test('the fewer of its pages were mapped, the later it touches one', () => {
      const [from] = unknown(7, (trace) => inTurns(20)(trace.unmap(P + 1, 2)));
      expect(from).toBeGreaterThan(2.97);
      expect(from).toBeLessThan(3.06);
    });
  });

  test('a block that went with its slot, and another page of it faults next, was a block', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P, TRANSLATION | 2)
      .progress();
    trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).wait(9000);
    const rows = trace.device(P + 7, TRANSLATION | 2).rows(blocks);
    expect(rows[1]).toBe('5000 map 80200+512 W block-fault');
    expect(rows[2]).toContain('unmap 80000+2048 userspace memslot-ioctl');
  });

  test('the call itself in the trace tells slot and new host address', () => {
    const trace = filled().ioctl(KvmIoctl.SET_USER_MEMORY_REGION);
    trace.push(VMM, KvmKind.MEMSLOT, RAM, RAM, 1).push(VMM, KvmKind.CALL_EXIT).ioctl(KvmIoctl.SET_USER_MEMORY_REGION);
    trace.push(VMM, KvmKind.MEMSLOT, RAM, RAM + 2048, 1);
    trace.events.setOther(trace.events.n - 1, 0x1000);
    const rows = trace.push(VMM, KvmKind.UNMAP, 0x1240, 0x1241).unmap(P).rows();
    expect(rows.slice(4).map((r) => r.replace(/^\d+/, ''))).toEqual([
      ' unmap 80000+2048 userspace memslot-call',
      ' unmap 80000+2048 userspace memslot-call',
      ' unmap 80240+1 host-mm unmap-hva',
    ]);
  });

  test('MMIO in a read-only slot says nothing of its pages', () => {
    const flash = description([
      { slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000', readonly: true },
    ]);
    const trace = filled()
      .ioctl(KvmIoctl.SET_USER_MEMORY_REGION)
      .device(P + 7);
    expect(trace.rows(flash).filter((r) => r.includes('memslot'))).toEqual([]);
  });
});

describe('age and access', () => {
  test('clear the flag, and set it again', () => {
    const trace = new Trace()
      .create()
      .enter()
      .touch(P)
      .push(KSMD, KvmKind.AGE, HVA + 0x240, HVA + 0x241);
    expect(trace.touch(P, 0x0b).rows().slice(2)).toEqual([
      '6000 access-clear 80240+1 host-mm age-hva',
      '9000 map 80240+1 W access-fault',
    ]);
  });
});

test('an access fault maps nothing that was unmapped: the unmap had been announced, and had yet to do its work', () => {
  const trace = new Trace().create().enter().touch(P).progress().unmap(P).touch(P, 0x0b);
  expect(trace.rows().filter((r) => r.includes('access-fault'))).toEqual([]);
  expect(trace.rows().at(-1)).toContain('unmap 80240+1');
});

describe('lost events', () => {
  const lossy = (): Trace =>
    new Trace()
      .create()
      .enter()
      .touch(P)
      .touch(P + 1)
      .wait(50_000)
      .push(0, KvmKind.LOST);

  test('make everything unknown from the CPU’s last event on, until new evidence', () => {
    expect(lossy().touch(P).rows().slice(3)).toEqual([
      '8000 unknown 80000+2048 lost-events',
      '59000 unmap 80240+1 host-mm first-fault',
      '62000 map 80240+1 W fault',
    ]);
  });

  test('count as unknown page-time', () => {
    const trace = lossy().wait(33_000);
    trace.push(VMM, KvmKind.OTHER_CALL);
    const { timelines, losses } = reconstruct(trace.events, description());
    const { certainty } = summarise(timelines[0], [{ page: P, pages: 2 }]);
    expect(losses).toBe(1);
    expect(certainty.unknown).toBeCloseTo((93_000 - 8_000) / 93_000);
    expect(certainty.observed + certainty.inferred + certainty.unknown).toBeCloseTo(1);
  });

  test('take back what other CPUs showed meanwhile', () => {
    const trace = new Trace().create().enter().touch(P);
    trace.events.push(20_000, VMM, 1, KvmKind.UNMAP, HVA + 0x240, HVA + 0x241);
    trace.wait(50_000).push(0, KvmKind.LOST);
    expect(trace.rows().filter((r) => r.includes(' unmap '))).toEqual([]);
  });
});

describe('calls that map or unmap without an event', () => {
  test('KVM_PRE_FAULT_MEMORY: what was unmapped is unknown until its next fault, what was mapped stays', () => {
    const trace = new Trace().create().enter().touch(P).progress().ioctl(KvmIoctl.PRE_FAULT_MEMORY);
    const rows = trace.touch(P + 8).rows();
    expect(rows.filter((row) => row.includes('pre-fault-ioctl')).map((row) => row.replace(/^\d+ /, ''))).toEqual([
      'unknown 80000+576 pre-fault-ioctl',
      'unknown 80241+1471 pre-fault-ioctl',
    ]);
    expect(rows.filter((row) => row.includes(' map ')).map((row) => row.replace(/^\d+ /, ''))).toEqual([
      'map 80240+1 W fault',
      'map 80248+1 W fault',
    ]);
    expect(reconstruct(trace.events, description()).unfollowed).toMatchObject({ preFaults: 1, nested: 0 });
  });

  test('guest_memfds, attributes and nested guests are counted', () => {
    const trace = new Trace().create().ioctl(KvmIoctl.CREATE_GUEST_MEMFD).ioctl(KvmIoctl.SET_MEMORY_ATTRIBUTES);
    trace.push(VCPU, KvmKind.NESTED).push(VCPU, KvmKind.NESTED);
    const { unfollowed, timelines } = reconstruct(trace.events, description());
    expect(unfollowed).toEqual({ preFaults: 0, guestMemfds: 1, attributes: 1, nested: 2 });
    expect(unfollowedSentences({ unfollowed, timelines })).toEqual([
      '1 KVM_CREATE_GUEST_MEMFD ioctl: holes punched into a guest_memfd unmap guest pages that no event names',
      '1 KVM_SET_MEMORY_ATTRIBUTES ioctl: pages that became private or shared are unmapped, and no event names them',
      '2 events of nested guests: these run on stage 2 tables of their own, which are not followed',
    ]);
  });
});

test('work grows with the number of events, not with what they cover', () => {
  const events = new KvmEvents();
  let t = 0;
  const push = (tid: number, kind: number, page = 0, end = 0, word = 0): void =>
    void events.push((t += 500), tid, 0, kind, page, end, word);
  for (let k = 0; events.n < 200_000; k++) {
    const page = (k * 7919) % 2048;
    push(VCPU, KvmKind.EXIT, 0, 0, 0x24);
    push(VCPU, KvmKind.GUEST_FAULT, RAM + page, 0, WRITE | TRANSLATION | 3);
    push(VCPU, KvmKind.ENTRY);
    if (k % 4 === 3) push(VMM, KvmKind.UNMAP, HVA + page - 64, HVA + page + 64);
  }
  events.span = t;
  // Work that grew with the product would take hours here: the test's own limit ends it.
  const { timelines } = reconstruct(events, description());
  expect(timelines[0].n).toBeGreaterThan(50_000);
  expect(rowTexts({ ...timelines[0], n: 1 })).toHaveLength(1);
});
