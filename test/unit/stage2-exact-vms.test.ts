/** Page-table calls of several VMs, tables and kernels in one trace: whose they are, and what they say. */
import { describe, expect, test } from 'vitest';
import { KvmEvents, KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';
import { exactTimelines } from '../../core/model/stage2/exact.ts';
import { protWriteBit } from '../../core/model/stage2/host.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import { rowTexts } from './stage2-trace.ts';

const RAM = 0x80000;
const HVA = 0x7f000;
const [TABLE, OTHER] = [0xff00, 0xee00];
const READ_WRITE = 6;

/** VM v: thread 10 v + 1 runs its vCPU, 10 v is its VMM; 1024 pages from RAM on. */
const vms = (n: number, pageSize = 4096) =>
  parseVmDescription(
    JSON.stringify({
      pageSize,
      vms: Array.from({ length: n }, (_, v) => ({
        pid: 10 * v + 100,
        slots: [{ slot: 0, gpa: '0x80000000', size: '0x400000', hva: `0x${(HVA + 0x10000 * v).toString(16)}000` }],
        vcpus: [{ vcpu: 0, tid: 10 * v + 101 }],
      })),
    }),
  );

class Calls {
  readonly events = new KvmEvents();
  #t = 0;

  call(tid: number, kind: number, page: number, pages: number, word = READ_WRITE, table = TABLE): this {
    this.#t += 1000;
    this.events.setOther(this.events.push(this.#t, tid, 0, kind, page, page + pages, word), table);
    this.events.span = this.#t + 1000;
    return this;
  }

  event(tid: number, kind: number, page = 0, end = 0, word = 0, cpu = 0): this {
    this.#t += 1000;
    this.events.push(this.#t, tid, cpu, kind, page, end, word);
    this.events.span = this.#t + 1000;
    return this;
  }

  map(tid: number, page: number, pages = 1, table = TABLE): this {
    return this.call(tid, KvmKind.S2_MAP, page, pages, READ_WRITE, table);
  }

  rows(n = 1, pageSize?: number): string[][] {
    return exactTimelines(this.events, vms(n, pageSize)).map(rowTexts);
  }
}

describe('a table belongs', () => {
  test('to the VM whose threads map into it; calls of other threads go there, too', () => {
    const calls = new Calls()
      .map(101, RAM)
      .map(111, RAM + 4, 1, OTHER)
      .call(5, KvmKind.S2_UNMAP, RAM, 1);
    expect(calls.rows(2)).toEqual([
      [
        '0 initial-unmapped 80000+1 first-touch first-fault',
        '1000 map 80000+1 W table-call',
        '3000 unmap 80000+1 host-mm table-call',
      ],
      ['0 initial-unmapped 80004+1 first-touch first-fault', '2000 map 80004+1 W table-call'],
    ]);
  });

  test('to the only VM if it is the only table; else nobody knows', () => {
    expect(new Calls().map(5, RAM).rows()).toEqual([
      ['0 initial-unmapped 80000+1 first-touch first-fault', '1000 map 80000+1 W table-call'],
    ]);
    expect(
      new Calls()
        .map(5, RAM)
        .map(5, RAM + 1, 1, OTHER)
        .rows(),
    ).toEqual([[]]);
    expect(new Calls().map(5, RAM).rows(2)).toEqual([[], []]);
    // A table that a vCPU maps into leaves the other one without an owner.
    expect(
      new Calls()
        .map(101, RAM)
        .map(5, RAM + 1, 1, OTHER)
        .rows()[0],
    ).toHaveLength(2);
  });
});

describe('calls', () => {
  const since = (calls: Calls, n: number) => calls.rows()[0]!.slice(n);

  test('of whole host pages, whatever address they name', () => {
    const calls = new Calls().map(101, RAM + 4, 4).call(5, KvmKind.S2_UNMAP, RAM + 6, 1);
    expect(calls.rows(1, 16384)[0]!.slice(1)).toEqual([
      '1000 map 80004+4 W table-call',
      '2000 unmap 80004+4 host-mm table-call',
    ]);
  });

  test('that age, split, relax and destroy', () => {
    const block = () => new Calls().map(101, RAM, 512);
    expect(since(block().call(5, KvmKind.S2_MKOLD, RAM + 1, 1), 2)).toEqual([
      '2000 access-clear 80000+512 host-mm table-call',
    ]);
    expect(since(block().call(5, KvmKind.S2_MKYOUNG, RAM + 1, 1), 2)).toEqual([]);
    expect(
      since(
        block()
          .call(5, KvmKind.S2_SPLIT, RAM, 512)
          .call(5, KvmKind.S2_UNMAP, RAM + 3, 1),
        2,
      ),
    ).toEqual(['3000 unmap 80003+1 host-mm table-call']);
    expect(since(block().call(101, KvmKind.S2_RELAX, RAM + 7, 1), 2)).toEqual(['2000 map 80000+512 W table-call']);
    expect(since(block().call(101, KvmKind.S2_RELAX, RAM + 7, 1, 4), 2)).toEqual([]);
    const destroyed = since(
      block()
        .call(5, KvmKind.S2_DESTROY, 0, 0)
        .map(101, RAM + 2),
      2,
    );
    expect(destroyed[0]).toMatch(/^2000 unmap 0\+\d+ userspace table-call$/);
    expect(destroyed.slice(1)).toEqual(['3000 map 80002+1 W table-call']);
  });

  test('without a length touch one page', () => {
    expect(since(new Calls().map(101, RAM).call(5, KvmKind.S2_WRPROTECT, RAM, 0), 2)).toEqual([
      '2000 write-protect 80000+1 dirty-log table-call',
    ]);
  });

  test('unmap for what the thread was asked to: a range of the host, or a memslot', () => {
    const asked = (...by: ((c: Calls) => Calls)[]) =>
      since(
        by.reduce((c, add) => add(c), new Calls().map(101, RAM).map(101, RAM + 1)).call(100, KvmKind.S2_UNMAP, RAM, 1),
        3,
      ).filter((row) => row.includes('unmap'));
    const range = (c: Calls) => c.event(100, KvmKind.UNMAP, HVA, HVA + 1);
    const region = (command: number) => (c: Calls) => c.event(100, KvmKind.IOCTL, 0, 0, command);
    expect(asked(range)).toEqual(['4000 unmap 80000+1 host-mm table-call']);
    expect(asked(region(KvmIoctl.SET_USER_MEMORY_REGION))).toEqual(['4000 unmap 80000+1 userspace table-call']);
    expect(asked(region(KvmIoctl.SET_USER_MEMORY_REGION2))).toEqual(['4000 unmap 80000+1 userspace table-call']);
    expect(asked(region(KvmIoctl.GET_DIRTY_LOG))).toEqual(['4000 unmap 80000+1 host-mm table-call']);
    expect(asked(region(KvmIoctl.SET_USER_MEMORY_REGION), range)).toEqual(['5000 unmap 80000+1 host-mm table-call']);
  });

  test('of a memslot concern the VM of their thread', () => {
    const calls = new Calls().map(101, RAM).map(111, RAM, 1, OTHER);
    for (const tid of [100, 110]) calls.event(tid, KvmKind.IOCTL, 0, 0, KvmIoctl.SET_USER_MEMORY_REGION);
    calls.call(100, KvmKind.S2_UNMAP, RAM, 1).call(110, KvmKind.S2_UNMAP, RAM, 1, 0, OTHER);
    calls.event(100, KvmKind.MEMSLOT, RAM, RAM + 1024);
    const [first, second] = calls.rows(2).map((rows) => rows.filter((row) => row.includes('unmap ')));
    expect(first).toEqual(['5000 unmap 80000+1 userspace table-call', '7000 unmap 80000+1 userspace memslot-call']);
    expect(second).toEqual(['6000 unmap 80000+1 userspace table-call']);
  });

  test('after a loss say what was unmapped since; its CPU may have lost from its last event on', () => {
    const calls = new Calls().map(101, RAM).event(5, KvmKind.OTHER_CALL, 0, 0, 0, 3).event(5, KvmKind.LOST, 0, 0, 0, 3);
    expect(
      calls
        .map(101, RAM + 8)
        .rows()[0]!
        .slice(2),
    ).toEqual([
      expect.stringMatching(/^2000 unknown 0\+\d+ lost-events$/),
      '3000 unmap 80008+1 host-mm first-fault',
      '4000 map 80008+1 W table-call',
    ]);
  });

  test('of a VM created in the trace: its tables are empty at first', () => {
    const calls = new Calls().event(100, KvmKind.IOCTL, 0, 0, KvmIoctl.CREATE_VM).map(101, RAM);
    expect(calls.rows()[0]).toEqual([
      '0 initial-unmapped 80000+1024 first-touch vm-created',
      '2000 map 80000+1 W table-call',
    ]);
  });
});

describe('the bit of a writable mapping', () => {
  /** Maps with these prot values. */
  const trace = (...prots: number[]) =>
    prots.reduce((calls, prot) => calls.call(101, KvmKind.S2_MAP, RAM, 1, prot), new Calls()).events;
  const older = trace(6, 6, 12);
  const newer = trace(12, 12);

  test('is what BTF says', () => {
    expect(protWriteBit(older, { kernel: '6.12.1', protW: 4 })).toEqual({ bit: 4, origin: 'btf' });
  });

  test('follows the values, and the kernel’s version where both agree', () => {
    const of = (kernel: string | undefined, values = older) => protWriteBit(values, { kernel });
    for (const kernel of ['5.19.0', '6.1.0', '6.18.9']) {
      expect(of(kernel)).toEqual({ bit: 2, origin: 'kernel' });
      expect(of(kernel, newer)).toEqual({ bit: 4, origin: 'values' });
    }
    for (const kernel of ['6.19.0-rc1', '6.20.0', '7.0.1', '7.19.0', '10.1.0', 'Linux host 16.1']) {
      expect(of(kernel, newer)).toEqual({ bit: 4, origin: 'kernel' });
      expect(of(kernel)).toEqual({ bit: 2, origin: 'values' });
    }
    expect(of(undefined, newer)).toEqual({ bit: 4, origin: 'values' });
    expect(protWriteBit(new KvmEvents(), {})).toEqual({ bit: 2, origin: 'values' });
    // Other events' words are no prot.
    expect(
      protWriteBit(new Calls().call(101, KvmKind.S2_MAP, RAM, 1, 12).event(1, KvmKind.EXIT, 0, 0, 1).events, {}).bit,
    ).toBe(4);
  });
});
