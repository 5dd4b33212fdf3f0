/** What is believed of single pages, of the blocks that map many, and of the time in which the guest ran. */
import { describe, expect, test } from 'vitest';
import { Blocks } from '../../core/model/stage2/blocks.ts';
import { faultLevel, FaultType, faultType, isWriteFault } from '../../core/model/stage2/esr.ts';
import { GuestTime, ranSince } from '../../core/model/stage2/guest-time.ts';
import { PageState, runsOf, Segments } from '../../core/model/stage2/page-states.ts';
import { Pages } from '../../core/model/stage2/pages.ts';
import { Rows } from '../../core/model/stage2/rows.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

const { UNMAPPED, READ_ONLY, WRITABLE, UNKNOWN } = PageState;
const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

describe('blocks', () => {
  test('widen what touches them, at either edge and no further', () => {
    const blocks = new Blocks();
    blocks.add(512, 512);
    expect(blocks.around(511, 1)).toEqual([511, 1]);
    expect(blocks.around(511, 2)).toEqual([511, 513]);
    expect(blocks.around(512, 1)).toEqual([512, 512]);
    expect(blocks.around(1023, 1)).toEqual([512, 512]);
    expect(blocks.around(1023, 2)).toEqual([512, 513]);
    expect(blocks.around(1024, 1)).toEqual([1024, 1]);
    expect(blocks.around(500, 600)).toEqual([500, 600]);
  });

  test('of two sizes: the one that is there counts', () => {
    const blocks = new Blocks();
    blocks.add(0, 1024);
    blocks.add(1024, 512);
    blocks.add(1536, 512);
    expect(blocks.around(600, 1)).toEqual([0, 1024]);
    expect(blocks.around(1030, 1)).toEqual([1024, 512]);
    expect(blocks.around(1030, 600)).toEqual([1024, 1024]);
    // Rounded down to 1024 it finds the smaller one's start: no block of that size.
    expect(blocks.around(1540, 1)).toEqual([1536, 512]);
  });

  test('are forgotten by their first page, in a range shorter or longer than the list of them', () => {
    for (const pages of [2, 1000]) {
      const blocks = new Blocks();
      for (const start of [0, 512, 2048]) blocks.add(start, 512);
      blocks.remove(512, pages);
      expect([blocks.around(3, 1), blocks.around(513, 1), blocks.around(2049, 1)]).toEqual([
        [0, 512],
        [513, 1],
        [2048, 512],
      ]);
    }
    const blocks = new Blocks();
    for (const start of [0, 512, 1024]) blocks.add(start, 512);
    blocks.remove(1, 1023);
    expect([0, 512, 1024].map((page) => blocks.around(page, 1)[1])).toEqual([512, 1, 512]);
  });
});

describe('pages', () => {
  test('of a host with larger ones begin at their multiples; a table of theirs maps a block', () => {
    expect([0, 3, 4, 7].map((page) => new Pages(4).align(page))).toEqual([0, 0, 4, 4]);
    expect([1, 4, 16].map((unit) => new Pages(unit).block)).toEqual([512, 512 * 16, 512 * 256]);
  });

  test('have no record until they are asked for; then in the state that all have at first', () => {
    const pages = new Pages(1);
    expect([pages.find(5), pages.findRegion(5)]).toEqual([-1, -1]);
    const i = pages.record(5);
    expect([pages.record(5), pages.find(5), pages.findRegion(511), pages.findRegion(512)]).toEqual([i, i, 0, -1]);
    expect([pages.state[i], pages.since[i], pages.row[i], pages.progress[i]]).toEqual([UNKNOWN, 0, -1, -1]);
    expect([pages.live[0], pages.isClear[0], pages.isMapped(i)]).toEqual([1, 0, false]);
    const empty = new Pages(1);
    empty.initial = UNMAPPED;
    expect([empty.state[empty.record(5)], empty.live[0], empty.isClear[0]]).toEqual([UNMAPPED, 0, 1]);
  });

  test('count as live until they are unmapped', () => {
    const pages = new Pages(1);
    const [i, k] = [pages.record(5), pages.record(6)];
    const states = [UNMAPPED, UNMAPPED, READ_ONLY, WRITABLE, UNKNOWN].map((state) => {
      pages.set(i, state, 9);
      return [pages.live[0], pages.isMapped(i)];
    });
    expect(states).toEqual([
      [1, false],
      [1, false],
      [2, true],
      [2, true],
      [2, false],
    ]);
    expect([pages.since[i], pages.since[k]]).toEqual([9, 0]);
  });

  /** Live pages that a visit of [page, end) finds. */
  const live = (pages: Pages, page: number, end: number): number[] => {
    const found: number[] = [];
    pages.eachLive(page, end, (i) => found.push(pages.page[i]));
    return ascending(found);
  };

  test('are visited in a range, whether it is looked up page by page or by region', () => {
    for (const unit of [1, 4]) {
      const pages = new Pages(unit);
      const all = [0, 1, 15, 16, 17, 30, 511, 512, 700].map((page) => page * unit);
      for (const page of all) pages.set(pages.record(page), WRITABLE, 1);
      pages.set(pages.find(15 * unit), UNMAPPED, 2);
      const range = (from: number, to: number): number[] =>
        live(pages, from * unit, to * unit).map((page) => page / unit);
      expect(range(0, 16)).toEqual([0, 1]);
      expect(range(0, 17)).toEqual([0, 1, 16]);
      expect(range(1, 30)).toEqual([1, 16, 17]);
      expect(range(1, 31)).toEqual([1, 16, 17, 30]);
      expect(range(17, 33)).toEqual([17, 30]);
      expect(range(500, 512)).toEqual([511]);
      expect(range(300, 701)).toEqual([511, 512, 700]);
      expect(range(300, 700)).toEqual([511, 512]);
    }
    const large = new Pages(4);
    large.record(8);
    // A range that begins within a host page has the pages that begin in it.
    expect([live(large, 5, 9), live(large, 7, 8), live(large, 9, 20)]).toEqual([[8], [], []]);
  });

  test('of regions with work to do are found in short and long ranges', () => {
    const pages = new Pages(1);
    for (const page of [0, 512, 1024, 5120]) pages.record(page);
    pages.set(pages.find(512), UNMAPPED, 1);
    const starts = (page: number, end: number): number[] =>
      ascending([...pages.regionsIn(page, end)].map((r) => pages.start[r]));
    expect(starts(0, 512)).toEqual([0]);
    expect(starts(511, 513)).toEqual([0]);
    expect(starts(512, 1024)).toEqual([]);
    expect(starts(1023, 1025)).toEqual([1024]);
    expect(starts(0, 5120)).toEqual([0, 1024]);
    expect(starts(0, 5121)).toEqual([0, 1024, 5120]);
    expect(starts(1535, 9000)).toEqual([1024, 5120]);
    expect(starts(1536, 9000)).toEqual([5120]);
  });

  test('of a region that waits for a split to show stay in sight though all are unmapped', () => {
    const pages = new Pages(1);
    const i = pages.record(3);
    pages.splitRow[0] = 7;
    pages.set(i, UNMAPPED, 1);
    expect([...pages.regionsIn(0, 512)]).toEqual([0]);
    // Nothing is live in it.
    expect(live(pages, 0, 512)).toEqual([]);
  });

  test('of a filled region begin in its state, and are spelled out where they are to differ', () => {
    const pages = new Pages(1);
    pages.record(600);
    pages.fill(0, READ_ONLY, 5, 3);
    const i = pages.record(601);
    expect([pages.state[i], pages.since[i], pages.row[i]]).toEqual([READ_ONLY, 5, 3]);
    pages.spell(0, 500, 516);
    pages.spell(0, 1022, 2000);
    const known = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, k) => from + k).filter((page) => pages.find(page) >= 0);
    expect([known(490, 530), known(1000, 1100)]).toEqual([
      [512, 513, 514, 515],
      [1022, 1023],
    ]);
    pages.isFilled[0] = 0;
    pages.spell(0, 700, 710);
    expect(known(690, 720)).toEqual([]);
  });

  test('protected as a fill: those that were writable by then, in regions that the range touches', () => {
    const filled = () => {
      const pages = new Pages(1);
      for (const page of [0, 513, 1024]) pages.record(page);
      for (const r of [0, 1, 2]) pages.fill(r, r === 2 ? READ_ONLY : WRITABLE, 5, 0);
      return pages;
    };
    const starts = (page: number, end: number, t: number) => {
      const found = filled().protectFilled(page, end, t);
      return [found.length, found[0], found.at(-1)];
    };
    // 511 of 512: the others have records.
    expect(starts(0, 512, 5)).toEqual([511, 1, 511]);
    expect(starts(511, 512, 9)).toEqual([511, 1, 511]);
    expect(starts(512, 1024, 5)).toEqual([511, 512, 1023]);
    expect(starts(0, 513, 5)).toEqual([1022, 1, 1023]);
    expect(starts(0, 512, 4)).toEqual([0, undefined, undefined]);
    expect(starts(1024, 1536, 9)).toEqual([0, undefined, undefined]);
    const pages = filled();
    pages.protectFilled(0, 512, 6);
    expect([pages.fillState[0], pages.fillSince[0], pages.fillState[1], pages.fillSince[1]]).toEqual([
      ...[READ_ONLY, 6, WRITABLE, 5],
    ]);
    const large = new Pages(4);
    large.record(0);
    large.fill(0, WRITABLE, 0, 0);
    expect(large.protectFilled(0, 1, 1).slice(0, 2)).toEqual([4, 8]);
  });

  test('are unknown after a loss, whatever was believed', () => {
    const pages = new Pages(1);
    pages.initial = UNMAPPED;
    const [i, k] = [pages.record(1), pages.record(2)];
    pages.set(i, WRITABLE, 3);
    pages.fill(0, WRITABLE, 3, 0);
    pages.isBlock[0] = pages.collapsed[0] = 1;
    pages.soleRow[0] = pages.splitRow[0] = pages.guess[0] = pages.relaxRow[0] = pages.partAt[0] = pages.firstRow[0] = 4;
    pages.progress[i] = 6;
    pages.forget(9);
    for (const page of [i, k]) {
      expect([pages.state[page], pages.since[page], pages.progress[page]]).toEqual([UNKNOWN, 9, -1]);
    }
    expect([pages.live[0], pages.isBlock[0], pages.isFilled[0], pages.isClear[0], pages.collapsed[0]]).toEqual([
      ...[2, 0, 0, 0, 0],
    ]);
    const { soleRow, splitRow, guess, relaxRow, partAt, firstRow } = pages;
    for (const column of [soleRow, splitRow, guess, relaxRow, partAt, firstRow]) expect(column[0]).toBe(-1);
    expect([pages.initial, pages.knownFrom, pages.state[pages.record(700)], pages.isClear[1]]).toEqual([
      UNKNOWN,
      9,
      UNKNOWN,
      0,
    ]);
    // A second loss: what changed since the first.
    pages.set(i, UNMAPPED, 12);
    pages.forget(20);
    expect([pages.since[i], pages.since[k], pages.live[0]]).toEqual([20, 9, 2]);
  });

  test('that were unmapped are in doubt once something may have mapped them; the mapped ones stay', () => {
    const pages = new Pages(1);
    pages.initial = UNMAPPED;
    for (const page of [7, 3, 5])
      pages.set(pages.record(page), page === 5 ? UNMAPPED : page === 3 ? READ_ONLY : WRITABLE, 2);
    pages.soleRow[0] = 4;
    expect(pages.doubtUnmapped(9)).toEqual([3, 7]);
    const i = pages.find(5);
    expect([pages.state[i], pages.since[i], pages.live[0]]).toEqual([UNKNOWN, 9, 3]);
    expect([pages.since[pages.find(3)], pages.initial, pages.knownFrom]).toEqual([2, UNKNOWN, 9]);
    expect([pages.isClear[0], pages.soleRow[0]]).toEqual([0, -1]);
  });

  test('and regions grow beyond their first room', () => {
    const pages = new Pages(1);
    const wide = () => [pages.lastRow, pages.soleRow, pages.splitRow, pages.guess, pages.fillRow, pages.relaxRow];
    const times = () => [pages.firstRow, pages.partAt, pages.fillSince];
    const flags = () => [pages.hasTable, pages.isClear, pages.isBlock, pages.fillState, pages.collapsed];
    for (let k = 0; k < 600; k++) {
      const i = pages.record(k * 512);
      pages.set(i, k % 2 ? READ_ONLY : WRITABLE, k);
      pages.row[i] = k;
      pages.raced[i] = k % 2;
      for (const column of [...wide(), ...times()]) column[i] = k;
      for (const column of flags()) column[i] = k % 2;
    }
    const all = Array.from({ length: 600 }, (_, k) => k);
    const parity = all.map((k) => k % 2);
    expect([pages.n, pages.regions]).toEqual([600, 600]);
    expect(all.map((k) => pages.find(k * 512))).toEqual(all);
    const used = (column: ArrayLike<number>) => Array.from(column).slice(0, 600);
    for (const column of [...wide(), ...times(), pages.region, pages.head, pages.since, pages.row])
      expect(used(column)).toEqual(all);
    for (const column of [...flags(), pages.raced]) expect(used(column)).toEqual(parity);
    expect(used(pages.start)).toEqual(all.map((k) => k * 512));
    expect(used(pages.page)).toEqual(all.map((k) => k * 512));
    expect(used(pages.live)).toEqual(all.map(() => 1));
    for (const column of [pages.next, pages.progress]) expect(used(column)).toEqual(all.map(() => -1));
  });
});

test('ascending pages as ranges', () => {
  expect([...runsOf([1, 2, 3, 5, 8, 9], 1)]).toEqual([
    [1, 4],
    [5, 6],
    [8, 10],
  ]);
  expect([...runsOf([0, 4, 12], 4)]).toEqual([
    [0, 8],
    [12, 16],
  ]);
  expect([...runsOf([], 1)]).toEqual([]);
});

test('segments: the ranges joined, and cut where rows begin and end', () => {
  const timeline = (...ranges: [number, number][]): Stage2Timeline => {
    const rows = new Rows();
    for (const [page, pages] of ranges) rows.add('map', 0, page, pages, 'fault', undefined, true);
    return rows.finish(0n, 0, false);
  };
  const cut = (ranges: [number, number][], ...rows: [number, number][]) => {
    const { start, pages } = new Segments(
      ranges.map(([page, n]) => ({ page, pages: n })),
      [timeline(...rows)],
    );
    return Array.from(start, (page, s) => [page, pages[s]]);
  };
  expect(cut([[10, 10]])).toEqual([[10, 10]]);
  expect(cut([[10, 10]], [0, 10], [20, 5], [12, 3])).toEqual([
    [10, 2],
    [12, 3],
    [15, 5],
  ]);
  expect(
    cut(
      [
        [10, 5],
        [12, 8],
        [30, 0],
      ],
      [5, 12],
    ),
  ).toEqual([
    [10, 7],
    [17, 3],
  ]);
  // Ranges that only touch stay apart.
  expect(
    cut([
      [20, 5],
      [10, 10],
    ]),
  ).toEqual([
    [10, 10],
    [20, 5],
  ]);
  expect(
    cut([
      [10, 10],
      [12, 2],
    ]),
  ).toEqual([[10, 10]]);
  const segments = new Segments([{ page: 10, pages: 10 }], [timeline([12, 3])]);
  expect([9, 10, 11, 12, 15, 16].map((page) => segments.from(page))).toEqual([0, 0, 1, 1, 2, 3]);
});

describe('the time that the guest ran', () => {
  const ran = (...runs: [number, number][]) => {
    const time = new GuestTime();
    for (const run of runs) time.ran(...run);
    return time;
  };

  test('within an interval: of all vCPUs together, clipped', () => {
    const time = ran([0, 10], [12, 20], [15, 30]);
    expect(time.within(0, 30)).toBe(33);
    expect(time.within(5, 16)).toBe(5 + 4 + 1);
    expect(time.within(20, 25)).toBe(5);
    expect(time.within(30, 40)).toBe(0);
    expect(time.within(13, 14)).toBe(1);
    expect([...time.runs(5, 16)]).toEqual([15, 16, 12, 16, 5, 10]);
    expect([...time.runs(10, 12)]).toEqual([]);
    expect([...time.runs(30, 40)]).toEqual([]);
  });

  test('counted back from the end', () => {
    const runs = Float64Array.of(20, 30, 0, 10);
    expect([0, 4, 10, 11, 20, 21].map((ns) => ranSince(runs, ns, -7))).toEqual([30, 26, 20, 9, 0, -7]);
    expect(ranSince(new Float64Array(), 1, 5)).toBe(5);
  });

  test('is kept for the latest runs: memory is bounded', () => {
    const time = new GuestTime();
    const n = 33_000;
    for (let k = 0; k < n; k++) time.ran(2 * k, 2 * k + 1);
    expect(time.within(2 * (n - 16_384), 2 * n)).toBe(16_384);
    expect(time.within(0, 2 * n)).toBe(16_384 + n - 2 * 16_384);
  });
});

describe('the syndrome of an abort', () => {
  const [S1PTW, WNR, IABT, DABT] = [0x80, 0x40, 0x82000000, 0x92000000];

  test('type by FSC: four levels each, and level -1 of LPA2', () => {
    const { TRANSLATION, ACCESS, PERMISSION, OTHER } = FaultType;
    const types = Array.from({ length: 17 }, (_, fsc) => faultType(DABT | WNR | fsc));
    expect(types).toEqual(
      [OTHER, TRANSLATION, ACCESS, PERMISSION].flatMap((type) => [type, type, type, type]).concat(OTHER),
    );
    expect([0x2a, 0x2b, 0x2c, 0x3f].map(faultType)).toEqual([OTHER, TRANSLATION, OTHER, OTHER]);
  });

  test('level: none on a stage 1 walk', () => {
    expect([4, 5, 6, 7, 0x0f, 0x2b].map((fsc) => faultLevel(DABT | fsc))).toEqual([0, 1, 2, 3, 3, -1]);
    expect(faultLevel(DABT | S1PTW | 6)).toBeNaN();
  });

  test('a write: WnR of a data abort; of a stage 1 walk only what lacked permission', () => {
    expect([DABT | WNR | 7, DABT | 7, IABT | WNR | 7].map((esr) => isWriteFault(esr >>> 0))).toEqual([
      true,
      false,
      false,
    ]);
    expect(
      [DABT | S1PTW | WNR | 7, DABT | S1PTW | 0x0f, DABT | S1PTW | WNR | 0x0b].map((esr) => isWriteFault(esr >>> 0)),
    ).toEqual([...[false, true, false]]);
  });
});
