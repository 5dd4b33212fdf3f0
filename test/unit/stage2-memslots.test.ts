import { describe, expect, test } from 'vitest';

import { KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';

import { blocks, description, RAM, Trace, TRANSLATION, VMM } from './stage2-trace.ts';

const P = RAM + 0x240;

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
