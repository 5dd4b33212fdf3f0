import { describe, expect, test } from 'vitest';
import { unfollowedSentences } from '../../core/lab/captures/stage2.ts';
import { KvmEvents, KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import { description, HVA, KSMD, RAM, rowTexts, Trace, TRANSLATION, VCPU, VMM, WRITE } from './stage2-trace.ts';

const P = RAM + 0x240;

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
