import { describe, expect, test } from 'vitest';

import { KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';

import { blocks, description, PERMISSION, RAM, READ, Trace, TRANSLATION, VCPU, VCPU2, VMM } from './stage2-trace.ts';

const P = RAM + 0x240;

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
