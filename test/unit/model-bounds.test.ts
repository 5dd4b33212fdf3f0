/** What the model's parameters, VM descriptions and page sets take and refuse, at the bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import { pageHeat } from '../../core/model/page-heat.ts';
import { countPages, joinRanges, pageAt, rangeStarts, slotRanges, withoutPages } from '../../core/model/page-ranges.ts';
import { paramSpecs } from '../../core/model/params.ts';
import type { ParamName } from '../../core/model/terms/params.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { scaleUnmaps } from '../../core/model/unmap-rate.ts';
import { parseVmDescription } from '../../core/model/vm.ts';

describe('parameters', () => {
  /** Least and greatest value taken, and the ones beyond; undefined: there is none. */
  const bounds: Partial<Record<ParamName, readonly [out: unknown, least: unknown, most: unknown, beyond: unknown]>> = {
    scale: [0, Number.MIN_VALUE, 1e9, 1e9 + 1],
    vm: [-1, 0, 9999, 10_000],
    trials: [0, 1, 100_000, 100_001],
    seed: [-1, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1],
    bufferBytes: [0, 4096, 2 ** 34, 2 ** 34 + 4096],
    watermarkBytes: [0, 1, 2 ** 34, 2 ** 34 + 1],
    privateBytes: [0, 1, 2 ** 34, 2 ** 34 + 1],
    vmBytes: [-1, 0, 2 ** 52, 2 ** 52 + 1],
    rlimitBytes: [-1, 0, 2 ** 52, 2 ** 52 + 1],
    trapsPerEnable: [-1, 0, 1000, 1001],
    tornRecords: [-1, 0, 1_000_000, 1_000_001],
    dlProbability: [-Number.MIN_VALUE, 0, 1, 1 + Number.EPSILON],
    copyBytesPerNs: [0, Number.MIN_VALUE, Number.MAX_VALUE, Infinity],
    gapFactor: [0, Number.MIN_VALUE, Number.MAX_VALUE, Infinity],
    irqNs: [-1, 0, undefined, Infinity],
    gapMinNs: [-1, 0, undefined, Infinity],
    walkNsPerPage: [-1, 0, undefined, Infinity],
  };

  test.each(Object.entries(bounds))('%s', (name, [out, least, most, beyond]) => {
    const { read } = paramSpecs[name as ParamName];
    expect(read(least)).toBe(least);
    if (most !== undefined) expect(read(most)).toBe(most);
    for (const bad of [out, beyond, NaN, {}, null, '', ' ', [], 'x']) expect(read(bad), String(bad)).toBeUndefined();
  });

  test.each(['vm', 'trials', 'seed', 'trapsPerEnable', 'tornRecords', 'privateBytes', 'vmBytes'] as const)(
    '%s is whole',
    (name) => {
      expect(paramSpecs[name].read(1.5)).toBeUndefined();
      expect(paramSpecs[name].read('7')).toBe(7);
    },
  );

  test('whole pages of buffers', () => {
    const { read } = paramSpecs.bufferBytes;
    expect(['4K', '1M', '4096', '4097', '4095', '1K'].map(read)).toEqual([
      4096,
      2 ** 20,
      4096,
      ...Array(3).fill(undefined),
    ]);
    const range = (text: string) => paramSpecs.buffers.read(text);
    expect(range('0=0x80240000:512K,1=0xABC000:4096')).toEqual([
      { lane: 0, ipa: '0x80240000', size: 2 ** 19 },
      { lane: 1, ipa: '0xabc000', size: 4096 },
    ]);
    // In pages, inside the 52 bits of an IPA.
    expect(range('0=0xffffffffff000:4K')).toHaveLength(1);
    const bad = ['0=0xffffffffff000:8K', '0=0x80240800:4K', '0=0x1000:0', '0=0x1000:2K', '0=1000:4K', 'x=0x1000:4K'];
    const more = ['2147483648=0x1000:4K', '0=0x10000000000000:4K', '0=0x1000:2097152M', '0=0x1000'];
    for (const text of [...bad, ...more]) expect(range(text), text).toBeUndefined();
    expect(range('2147483647=0x1000:4K')).toHaveLength(1);
    expect(range('0=0x0:1048576M')).toEqual([{ lane: 0, ipa: '0x0', size: 2 ** 40 }]);
    expect(range('0=0x0:1048577M')).toBeUndefined();
  });

  test('pairs of CPU and vCPU', () => {
    const { read } = paramSpecs.lanes;
    expect(read('3=1, 0=2147483647')).toEqual([
      { cpu: 3, vcpu: 1 },
      { cpu: 0, vcpu: 2 ** 31 - 1 },
    ]);
    expect(read([{ cpu: 3, vcpu: 1 }])).toEqual([{ cpu: 3, vcpu: 1 }]);
    expect(read('')).toEqual([]);
    for (const bad of [
      '3',
      '3=',
      '=1',
      '3=x',
      '3=2147483648',
      '-1=0',
      [{ cpu: 1 }],
      [{ cpu: 1, vcpu: '1' }],
      [[1, 2]],
      7,
    ])
      expect(read(bad), String(bad)).toBeUndefined();
  });

  test('offsets of up to 104 days either way, lists of what breaks a pin, yes and no', () => {
    const { read } = paramSpecs.offsetNs;
    const longest = [1, 2 ** 53 - 1, 2 ** 62].map(read);
    expect(longest[0]).toBe(1);
    expect(read(-1)).toBe(-1);
    expect(read(0.5)).toBeUndefined();
    expect(paramSpecs.unpinnedBy.read('unmap, memslot')).toEqual(['unmap', 'memslot']);
    expect(paramSpecs.unpinnedBy.read('unmap,clear,never')).toBeUndefined();
    expect(paramSpecs.unpinnedBy.read('policy')).toBe('policy');
    expect([true, 'true', false, 'false', 1, 'yes', 0, undefined].map(paramSpecs.guestZeroes.read)).toEqual([
      ...[true, true, false, false],
      ...Array(4).fill(undefined),
    ]);
  });
});

describe('a VM description', () => {
  const parse = (vm: object, more: object = {}) => parseVmDescription(JSON.stringify({ vms: [vm], ...more }));
  const slot = (n: number, gpa: number, size: number, hva = 0x100000 * (n + 1)) => ({ slot: n, gpa, size, hva });

  test('takes slots that touch, in any order, and refuses those that overlap by a page', () => {
    expect(parse({ slots: [slot(1, 0x5000, 0x1000), slot(0, 0x1000, 0x4000)] }).vms[0]!.slots).toHaveLength(2);
    expect(() => parse({ slots: [slot(1, 0x4000, 0x1000), slot(0, 0x1000, 0x4000)] })).toThrow(
      'vms[0].slots[0].gpa: slot 1 overlaps slot 0: correct gpa or size',
    );
  });

  test('takes 16 slots that share a page of the host, and as many more beside them', () => {
    const aliases = (n: number, hva: number, from = 0) =>
      Array.from({ length: n }, (_, i) => slot(from + i, 0x1000 * (from + i), 0x1000, hva));
    expect(parse({ slots: [...aliases(16, 0x9000), ...aliases(16, 0xa000, 16)] }).vms[0]!.slots).toHaveLength(32);
    expect(() => parse({ slots: aliases(17, 0x9000) })).toThrow(/slots\[16\]\.hva: more than 16 slots share/);
  });

  test('takes an address space to its last byte', () => {
    const last = { slot: 0, gpa: '0xfffffffffffff000', size: '0x1000', hva: '0xfffffffffffff000' };
    expect(parse({ slots: [last] }).vms[0]!.slots[0]).toMatchObject({ page: 2 ** 52 - 1, pages: 1, hva: 2 ** 52 - 1 });
    for (const over of [{ gpa: '0xfffffffffffff000' }, { hva: '0xfffffffffffff000' }])
      expect(() => parse({ slots: [{ ...slot(0, 0, 0x2000), ...over, size: '0x2000' }] })).toThrow(
        'vms[0].slots[0].size: runs past the end of the address space',
      );
    expect(() => parse({ slots: [{ ...last, gpa: '0x10000000000000000' }] })).toThrow(/^vms\[0\]\.slots\[0\]\.gpa/);
  });

  test('has whole pages of the host', () => {
    expect(parse({ slots: [slot(0, 0x4000, 0x4000, 0x8000)] }, { pageSize: 16384 })).toMatchObject({
      ...{ pageUnit: 4, pageSizeGiven: true },
      vms: [{ slots: [{ page: 4, pages: 4, hva: 8 }] }],
    });
    for (const [over, field] of [
      [{ gpa: 0x5000 }, 'gpa'],
      [{ size: 0x5000 }, 'size'],
      [{ hva: 0x5000 }, 'hva'],
    ] as const)
      expect(() => parse({ slots: [{ ...slot(0, 0x4000, 0x4000, 0x8000), ...over }] }, { pageSize: 16384 })).toThrow(
        `vms[0].slots[0].${field}: 0x5000 is not a multiple of the page size 16384`,
      );
    expect(() => parse({ slots: [slot(0, 0, 0)] })).toThrow('vms[0].slots[0].size: must not be 0');
    expect(parse({}, { pageSize: 65536 }).pageUnit).toBe(16);
    expect(parse({})).toMatchObject({ pageUnit: 1, pageSizeGiven: false });
  });

  test('gives each thread one vCPU', () => {
    const vcpus = (...tids: number[]) => tids.map((tid, vcpu) => ({ vcpu, tid }));
    expect(() => parse({ vcpus: vcpus(7, 8, 7) })).toThrow(
      'vms[0].vcpus[2].tid: thread 7 is also vms[0].vcpus[0].tid: a thread runs one vCPU',
    );
    expect(parse({ vcpus: vcpus(2 ** 31 - 1, 0) }).vms[0]!.vcpus).toHaveLength(2);
    expect(() => parse({ vcpus: vcpus(2 ** 31) })).toThrow('vms[0].vcpus[0].tid: does not fit 31 bits');
    expect(() => parse({ vcpus: vcpus(-1) })).toThrow(/^vms\[0\]\.vcpus\[0\]\.tid/);
  });
});

describe('sets of pages', () => {
  const range = fc.tuple(fc.nat(30), fc.integer({ min: 0, max: 6 }));
  const someRanges = fc.array(range, { maxLength: 8 });
  const pagesOf = (ranges: Iterable<readonly [number, number]>): Set<number> =>
    new Set([...ranges].flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i)));
  const ascending = (pages: Iterable<number>): number[] => [...pages].sort((a, b) => a - b);
  const listed = (ranges: Float64Array): number[] =>
    Array.from({ length: countPages(ranges) }, (_, k) => pageAt(ranges, rangeStarts(ranges), k));

  test('are disjoint ranges with gaps, and number their pages', () => {
    fc.assert(
      fc.property(someRanges, (ranges) => {
        const joined = joinRanges(ranges);
        expect(listed(joined)).toEqual(ascending(pagesOf(ranges)));
        for (let i = 2; i < joined.length; i += 2) expect(joined[i]).toBeGreaterThan(joined[i - 2]! + joined[i - 1]!);
      }),
    );
  });

  test('without some pages are the rest, with no empty range', () => {
    fc.assert(
      fc.property(someRanges, fc.uniqueArray(fc.nat(36)), (ranges, without) => {
        const rest = withoutPages(joinRanges(ranges), Float64Array.from(ascending(without)));
        expect(listed(rest)).toEqual(ascending(pagesOf(ranges)).filter((page) => !without.includes(page)));
        for (let i = 1; i < rest.length; i += 2) expect(rest[i]).toBeGreaterThan(0);
      }),
    );
  });

  test('of a VM are its slots that can be written', () => {
    const slots = [
      { page: 8, pages: 2, readonly: false },
      { page: 4, pages: 4, readonly: true },
      { page: 10, pages: 1, readonly: false },
    ];
    expect([...slotRanges(slots)]).toEqual([8, 3]);
  });

  test('heat counts the events that touch each page of the slots', () => {
    const row = fc.record({ kind: fc.constantFrom(...stage2Kinds), page: fc.nat(30), pages: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), someRanges, (rows, ranges) => {
        const timeline = {
          n: rows.length,
          kind: Uint8Array.from(rows, ({ kind }) => code(stage2Kinds, kind)),
          page: Float64Array.from(rows, ({ page }) => page),
          pages: Float64Array.from(rows, ({ pages }) => pages),
        };
        const heat = pageHeat(timeline as unknown as Stage2Timeline, joinRanges(ranges));
        const found = heat.flatMap(({ first, pages, events }) =>
          Array.from({ length: pages }, (_, i) => [first + i, events]),
        );
        const counts = (page: number): number =>
          rows.filter(
            ({ kind, page: first, pages }) =>
              kind !== 'initial-unmapped' && kind !== 'unknown' && first <= page && page < first + pages,
          ).length;
        expect(found).toEqual(ascending(pagesOf(ranges)).map((page) => [page, counts(page)]));
      }),
    );
  });
});

test('a rate of unmaps that makes more rows than fit is refused', () => {
  const column = () => new Uint8Array(1);
  const timeline = {
    ...{ n: 1, t: Float64Array.of(0), page: Float64Array.of(0), pages: Float64Array.of(1) },
    ...{ kind: Uint8Array.of(code(stage2Kinds, 'unmap')), cause: column(), evidence: column(), writable: column() },
    ...{ notify: column(), contents: column(), contentsOrigin: column() },
  } as unknown as Stage2Timeline;
  expect(() => scaleUnmaps(timeline, 2 ** 26 + 1, 1)).toThrow(ModelError);
  expect(() => scaleUnmaps(timeline, 2 ** 26 + 1, 1)).toThrow(
    'unmapRate 67108865 makes more than 67108864 stage 2 events of 1; set it lower',
  );
  expect(scaleUnmaps(timeline, 1, 1)).toBe(timeline);
  expect(scaleUnmaps(timeline, 0, 1).n).toBe(0);
  expect(scaleUnmaps(timeline, 5, 1).n).toBe(5);
});
