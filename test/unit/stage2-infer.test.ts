import { describe, expect, test } from 'vitest';

import { KvmKind } from '../../core/model/kvm-events.ts';

import {
  description,
  HVA,
  KSMD,
  PERMISSION,
  RAM,
  READ,
  Trace,
  TRANSLATION,
  VCPU,
  VCPU2,
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
