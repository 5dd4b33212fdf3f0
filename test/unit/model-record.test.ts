/** What a replay notes down, and what a row of the timeline does to a page: small cases by hand (rule numbers: replay-rules.md). */
import { describe, expect, test } from 'vitest';
import { LaneRecord, S, W } from '../../core/model/lane-record.ts';
import type { Reason } from '../../core/model/lane-record.ts';
import { KEPT, LOST, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import { causeOfRow, losesContents, opOfRow, wayOfRow } from '../../core/model/page-ops.ts';
import * as ops from '../../core/model/page-ops.ts';
import { pinnedMemory, pinnedThroughout } from '../../core/model/pinned-memory.ts';
import { causeClasses, code, contentsFates, notifies, stage2Kinds } from '../../core/model/terms.ts';
import type { CauseClass, Contents, Notify, Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

const why = (kind: number): Reason => ({ kind, cause: 1, page: 7, action: 2 });
const t = Float64Array.from({ length: 20 }, (_, i) => i * 10);

/** Windows as `kind start-end from-to`. */
const windows = ({ windows: { n, data } }: LaneRecord): string[] =>
  Array.from({ length: n }, (_, k) => {
    const [start, end, kind, , , , from, to] = data.slice(k * W.WIDTH);
    return `${kind} ${start}-${end} ${from}-${to}`;
  });

describe('a lane’s record', () => {
  test('fates: kept, lost by the window’s kind, outside', () => {
    const record = new LaneRecord(8);
    record.outside(0, 2);
    record.outside(5, 5);
    record.window(20, 30, why(3), 2, 4);
    record.outside(6, 8);
    expect([...record.fates()]).toEqual([OUTSIDE, OUTSIDE, LOST + 3, LOST + 3, KEPT, KEPT, OUTSIDE, OUTSIDE]);
    expect(record.samplesOutside).toBe(4);
    expect([...record.inside()]).toEqual([2, 6]);
    expect([...record.lost()]).toEqual([2, 4]);
  });

  test('samples inside sessions: pairs with gaps between, none empty', () => {
    const inside = (samples: number, ...outside: [number, number][]) => {
      const record = new LaneRecord(samples);
      for (const range of outside) record.outside(...range);
      return [...record.inside()];
    };
    expect(inside(5)).toEqual([0, 5]);
    expect(inside(0)).toEqual([]);
    expect(inside(5, [0, 5])).toEqual([]);
    expect(inside(9, [0, 1], [3, 4], [4, 5])).toEqual([1, 3, 5, 9]);
    expect(inside(9, [3, 5], [8, 9])).toEqual([0, 3, 5, 8]);
  });

  test('lost samples: windows side by side are one pair, those without samples none', () => {
    const record = new LaneRecord(20);
    for (const [from, to] of [
      [1, 3],
      [3, 4],
      [5, 5],
      [6, 8],
    ] as const)
      record.window(0, 1, why(0), from, to);
    expect([...record.lost()]).toEqual([1, 4, 6, 8]);
    expect([...new LaneRecord(3).lost()]).toEqual([]);
  });

  test('a window with neither length nor samples is left out (rule 26)', () => {
    const record = new LaneRecord(20);
    record.window(5, 5, why(0), 3, 3);
    record.window(5, 6, why(1), 3, 3);
    record.window(6, 6, why(2), 3, 4);
    expect(windows(record)).toEqual(['1 5-6 3-3', '2 6-6 3-4']);
  });

  test('stalls are whole ns, in time order, those of 0 left out (rule 28)', () => {
    const record = new LaneRecord(0);
    for (const [at, ns] of [
      [5, 1.5],
      [9, 2],
      [9, 0.4],
      [7, 3],
      [9, 4],
      [1, 0.5],
    ] as const)
      record.stall(at, ns, at + ns);
    const { n, data } = record.stalls;
    expect(Array.from({ length: n }, (_, i) => [...data.slice(i * S.WIDTH, (i + 1) * S.WIDTH)])).toEqual([
      ...[
        [1, 1, 1.5],
        [5, 2, 6.5],
        [7, 3, 10],
        [9, 2, 11],
        [9, 4, 13],
      ],
    ]);
  });

  test('a torn sample joins the one before it, in its session and of its fault (rule 19)', () => {
    const record = new LaneRecord(20);
    const TORN = why(6);
    record.torn(3, 30, TORN, 2);
    record.torn(4, 40, TORN, 2);
    expect(windows(record)).toEqual(['6 30-40 3-5']);
    // One was written in between; then a new session; then a window of another kind.
    record.torn(6, 60, TORN, 2);
    record.torn(7, 70, TORN, 7);
    record.window(75, 80, why(1), 8, 9);
    record.torn(9, 90, TORN, 7);
    expect(windows(record).slice(1)).toEqual(['6 60-60 6-7', '6 70-70 7-8', '1 75-80 8-9', '6 90-90 9-10']);
    // That of the session's first sample still counts as its own.
    record.torn(10, 100, TORN, 9);
    expect(windows(record).at(-1)).toBe('6 90-100 9-11');
  });

  describe('taking samples back (rule 25)', () => {
    const record = (...lost: [number, number][]) => {
      const one = new LaneRecord(20);
      for (const [from, to] of lost) one.window(from * 10, to * 10 - 5, why(0), from, to);
      return one;
    };
    const taken = (one: LaneRecord, from: number, to: number, end?: number) => {
      one.take(from, to, t, why(8), end);
      return windows(one);
    };

    test('a run that nothing cuts is one window, to its last sample or to the given end', () => {
      expect(taken(record(), 3, 6)).toEqual(['8 30-50 3-6']);
      expect(taken(record(), 3, 6, 77)).toEqual(['8 30-77 3-6']);
    });

    test('it goes around the windows that are there, and leaves those before and after', () => {
      const one = record([1, 2], [4, 6], [9, 10], [15, 16]);
      expect(taken(one, 3, 12)).toEqual([
        ...[
          '0 10-15 1-2',
          '8 30-40 3-4',
          '0 40-55 4-6',
          '8 55-90 6-9',
          '0 90-95 9-10',
          '8 95-110 10-12',
          '0 150-155 15-16',
        ],
      ]);
      expect([...one.lost()]).toEqual([1, 2, 3, 12, 15, 16]);
    });

    test('discarded at a fault, it reaches to the fault, behind the last window, too (rule 24)', () => {
      const before = ['8 30-40 3-4', '0 40-55 4-6', '8 55-90 6-9', '0 90-95 9-10'];
      expect(taken(record([4, 6], [9, 10]), 3, 12, 120)).toEqual([...before, '8 95-120 10-12']);
      expect(taken(record([4, 6], [9, 10]), 3, 10, 120)).toEqual([...before, '8 95-120 10-10']);
    });

    test('one that begins with a window begins at the first taken sample', () => {
      expect(taken(record([3, 5]), 3, 7)).toEqual(['0 30-45 3-5', '8 50-60 5-7']);
      expect(taken(record([3, 7]), 3, 7)).toEqual(['0 30-65 3-7']);
    });

    test('many windows move at once', () => {
      const all = Array.from({ length: 9 }, (_, k): [number, number] => [2 * k + 1, 2 * k + 2]);
      const one = record(...all);
      one.take(0, 20, t, why(8));
      expect([...one.fates()]).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 && i < 18 ? LOST : LOST + 8)));
      expect(one.windows.n).toBe(19);
    });
  });
});

describe('what a row does to a page', () => {
  const row = (
    kind: Stage2Kind,
    more: { cause?: CauseClass; writable?: number; notify?: Notify; contents?: Contents } = {},
  ) =>
    ({
      kind: [code(stage2Kinds, kind)],
      cause: [more.cause ? code(causeClasses, more.cause) : NONE],
      writable: [more.writable ?? 0],
      notify: [code(notifies, more.notify ?? 'unknown')],
      contents: [code(contentsFates, more.contents ?? 'kept')],
    }) as unknown as Stage2Timeline;
  const cause = (...of: Parameters<typeof row>) => {
    const timeline = row(...of);
    return causeClasses[causeOfRow(timeline, 0, opOfRow(timeline, 0))];
  };

  test('by its kind; unknown does nothing (rule 5)', () => {
    const of = (...args: Parameters<typeof row>) => opOfRow(row(...args), 0);
    expect([of('map', { writable: 1 }), of('map'), of('unmap'), of('write-protect')]).toEqual([
      ...[ops.MAP, ops.MAP_READ_ONLY, ops.UNMAP, ops.WRITE_PROTECT],
    ]);
    expect([of('access-clear'), of('initial-unmapped'), of('unknown')]).toEqual([
      ...[ops.ACCESS_CLEAR, ops.INITIAL_UNMAPPED, ops.NOTHING],
    ]);
  });

  test('the class of the next fault: its own, else by its kind; first-touch counts as none (rule 5)', () => {
    for (const none of [{}, { cause: 'first-touch' }] as const) {
      expect(cause('unmap', none)).toBe('kvm');
      expect(cause('write-protect', none)).toBe('dirty-log');
      expect(cause('map', none)).toBe('host-mm');
      expect(cause('access-clear', none)).toBe('host-mm');
    }
    for (const own of causeClasses.filter((c) => c !== 'first-touch')) expect(cause('unmap', { cause: own })).toBe(own);
  });

  test('its way: dirty-log by class, clear for an aging, else the notifier’s (rule 6)', () => {
    const way = (...args: Parameters<typeof row>) => {
      const timeline = row(...args);
      const op = opOfRow(timeline, 0);
      return wayOfRow(timeline, 0, op, causeOfRow(timeline, 0, op));
    };
    expect(way('unmap', { cause: 'dirty-log', notify: 'unmap' })).toBe(ops.WAY_DIRTY_LOG);
    expect(way('access-clear', { notify: 'protect' })).toBe(code(notifies, 'clear'));
    expect(way('access-clear', { cause: 'dirty-log' })).toBe(ops.WAY_DIRTY_LOG);
    expect(way('unmap', { notify: 'protect' })).toBe(code(notifies, 'protect'));
    expect(way('unmap')).toBe(ops.WAY_UNKNOWN);
  });

  test('what it loses: dropped contents, or gone ones unless their memslot went (rule 23)', () => {
    const loses = (contents: Contents, notify: Notify) => losesContents(row('unmap', { contents, notify }), 0);
    expect([loses('dropped', 'memslot'), loses('dropped', 'clear'), loses('gone', 'unmap')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([loses('gone', 'memslot'), loses('kept', 'unmap'), loses('kept', 'memslot')]).toEqual([false, false, false]);
  });
});

describe('pinned memory (rule 29)', () => {
  const MIB = 256;
  const pinned = (last: number, end: number, ...lanes: [number, number][][]) => {
    const records = lanes.map((held) => {
      const record = new LaneRecord(0);
      for (const [at, pages] of held) record.holds(at, pages);
      return record;
    });
    const { pinnedBytesPeak, pinnedByteSeconds } = pinnedMemory(records, last, end);
    return [pinnedBytesPeak / 2 ** 20, Math.round((pinnedByteSeconds * 1e9) / 2 ** 20)];
  };

  test('is held over time by all lanes together; what changes within a ns counts at its end', () => {
    expect(
      pinned(999, 100, [
        [10, MIB],
        [50, 0],
      ]),
    ).toEqual([1, 40]);
    expect(
      pinned(
        999,
        100,
        [[10, MIB]],
        [
          [30, 2 * MIB],
          [60, MIB],
        ],
      ),
    ).toEqual([3, 90 + 2 * 30 + 40]);
    expect(
      pinned(999, 100, [
        [10, 0],
        [10, MIB],
        [20, 5 * MIB],
        [20, MIB],
      ]),
    ).toEqual([1, 90]);
    expect(pinned(999, 100)).toEqual([0, 0]);
  });

  test('ends with the VM, or the run', () => {
    expect(
      pinned(49, 50, [
        [10, MIB],
        [50, 9 * MIB],
      ]),
    ).toEqual([1, 40]);
    expect(
      pinned(50, 51, [
        [10, MIB],
        [50, 9 * MIB],
      ]),
    ).toEqual([9, 40 + 9]);
    expect(
      pinned(999, 50, [
        [10, MIB],
        [70, 3 * MIB],
      ]),
    ).toEqual([3, 40]);
    expect(pinnedThroughout(2 ** 20, 10, 60)).toEqual({
      pinnedBytesPeak: 2 ** 20,
      pinnedByteSeconds: (50 * 2 ** 20) / 1e9,
    });
    expect(pinnedThroughout(2 ** 20, 60, 10)).toEqual({ pinnedBytesPeak: 2 ** 20, pinnedByteSeconds: 0 });
  });
});
