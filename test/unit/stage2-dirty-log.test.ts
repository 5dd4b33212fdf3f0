import { describe, expect, test } from 'vitest';

import { KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';

import { blocks, description, PERMISSION, RAM, Trace, TRANSLATION, VCPU, VCPU2, VMM } from './stage2-trace.ts';

const P = RAM + 0x240;

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
