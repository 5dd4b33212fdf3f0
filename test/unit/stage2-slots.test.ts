/** Memslots, the calls that change them, and guest pages that have nothing to map. */
import { describe, expect, test } from 'vitest';
import { Slots } from '../../core/model/stage2/slots.ts';
import type { SlotCall } from '../../core/model/stage2/slots.ts';
import { Vacancies } from '../../core/model/stage2/vacancies.ts';
import { description } from './stage2-trace.ts';

/** Slot 1: guest pages 0x100 … 0x10f on HVA pages 0x900 …; slot 2: 0x200 … 0x203 on 0x908 … (shared). */
const slots = () =>
  new Slots(
    description([
      { slot: 1, gpa: '0x100000', size: '0x10000', hva: '0x900000' },
      { slot: 2, gpa: '0x200000', size: '0x4000', hva: '0x908000' },
    ]).vms[0],
  );

describe('slots', () => {
  test('hold guest pages from their first to their last', () => {
    const all = slots();
    expect([0xff, 0x100, 0x10f, 0x110, 0x203, 0x204].map((page) => all.of(page)?.id)).toEqual([
      ...[undefined, 1, 1, undefined, 2, undefined],
    ]);
  });

  test('hold HVA ranges that overlap theirs', () => {
    const all = slots();
    const held = (start: number, end: number) => all.holdsHva(start, end);
    expect([held(0x8ff, 0x900), held(0x8ff, 0x901), held(0x90f, 0x910), held(0x910, 0x911), held(0, 0x1000)]).toEqual([
      ...[false, true, true, false, true],
    ]);
  });

  test('say whether a guest page lies behind an HVA range', () => {
    const all = slots();
    const behind = (page: number, start: number, end: number) => all.isBehind(page, start, end);
    expect([behind(0x104, 0x904, 0x905), behind(0x104, 0x903, 0x904), behind(0x104, 0x905, 0x906)]).toEqual([
      ...[true, false, false],
    ]);
    expect([behind(0x201, 0x909, 0x90a), behind(0x300, 0, 0x10000)]).toEqual([true, false]);
  });
});

describe('calls', () => {
  const [SET, FETCH, CLEAR] = [
    { setsRegion: true, partial: false, contended: false },
    { setsRegion: false, partial: false, contended: false },
    { setsRegion: false, partial: true, contended: false },
  ];
  /** Calls of thread 7: kind, start and end, in order of their starts. */
  type Call = [kind: typeof SET, t: number, end?: number];
  const made = (...calls: Call[]) => {
    const all = slots();
    for (const [kind, t, end] of calls) all.addCall(t, 7, kind).end = end ?? Infinity;
    return { all, slot: all.all[0] };
  };
  const set = (t: number, end: number): Call => [SET, t, end];
  const fetch = (t: number, end: number): Call => [FETCH, t, end];
  const clear = (t: number, end: number): Call => [CLEAR, t, end];
  const times = (calls: readonly SlotCall[]) => calls.map(({ t }) => t);

  test('are open until they are seen to return; a thread has one', () => {
    const all = slots();
    const call = all.addCall(5, 7, SET);
    all.addCall(6, 8, FETCH);
    expect([all.open(7), all.open(9)]).toEqual([call, undefined]);
    call.end = 9;
    expect(all.open(7)).toBeUndefined();
    // Among the latest 16 of all threads.
    const open = all.addCall(10, 7, SET);
    for (let k = 0; k < 15; k++) all.addCall(11, 8, FETCH);
    expect(all.open(7)).toBe(open);
    all.addCall(11, 8, FETCH);
    expect(all.open(7)).toBeUndefined();
  });

  test('that set a region: the latest two that ran in an interval', () => {
    const { all, slot } = made([SET, 1, 2], [SET, 3, 4], [FETCH, 4, 4], [SET, 5, 6], [SET, 7]);
    expect(times(all.setting(slot, -1, 9))).toEqual([7, 5]);
    expect(times(all.setting(slot, -1, 6))).toEqual([5, 3]);
    // It began at that moment, and ran after this one.
    expect(times(all.setting(slot, 3, 5))).toEqual([5, 3]);
    expect(times(all.setting(slot, 4, 5))).toEqual([5]);
    expect(times(all.setting(slot, 5, 5))).toEqual([5]);
    expect(times(all.setting(slot, 6, 6))).toEqual([]);
    expect(times(all.setting(slot, 100, 200))).toEqual([7]);
  });

  test('that set a region are counted by their start', () => {
    const { all, slot } = made([SET, 1, 2], [SET, 3, 9], [FETCH, 4, 4], [SET, 5, 6]);
    expect([0, 1, 2, 3, 5].map((after) => all.settings(slot, after, 9))).toEqual([3, 2, 2, 1, 0]);
    expect([2, 3, 4, 5].map((until) => all.settings(slot, 0, until))).toEqual([1, 2, 2, 3]);
  });

  test('of another slot, once that is known, don’t count', () => {
    const { all, slot } = made([SET, 1, 2], [SET, 3, 4]);
    all.calls[1].slot = 2;
    expect(times(all.setting(slot, 0, 9))).toEqual([1]);
    expect(times(all.setting(all.all[1], 0, 9))).toEqual([3, 1]);
    all.calls[1].slot = 1;
    expect(times(all.setting(slot, 0, 9))).toEqual([3, 1]);
  });

  test('that fetch the log, in order, by their start', () => {
    const { all, slot } = made([FETCH, 1, 2], [SET, 2, 3], [CLEAR, 3, 3], [FETCH, 4, 6], [FETCH, 5, 9]);
    expect(times(all.fetching(slot, 0, 9))).toEqual([1, 4, 5]);
    expect(times(all.fetching(slot, 1, 4))).toEqual([4]);
    expect(times(all.fetching(slot, 4, 9))).toEqual([5]);
  });

  test('that protected what was writable since a moment', () => {
    const protecting = (calls: Call[], after: number, manual = false, loggedAt = -1) => {
      const { all, slot } = made(...calls);
      slot.loggedAt = loggedAt;
      return all.protecting(slot, after, 99, manual)?.t;
    };
    // The first fetch since then; if the log is cleared by hand a fetch protects nothing.
    expect(protecting([fetch(5, 6), fetch(7, 8)], 1)).toBe(5);
    expect(protecting([fetch(5, 6), fetch(7, 8)], 1, true)).toBeUndefined();
    expect(protecting([fetch(5, 9)], 5)).toBeUndefined();
    // Whatever clears a part of the log: the latest such call.
    expect(protecting([clear(3, 4), fetch(5, 6), clear(7, 8)], 1)).toBe(7);
    expect(protecting([clear(3, 4), fetch(5, 6)], 1)).toBe(3);
    // The region change before the fetch switched logging on, unless it was on: then that concerned another slot; two are off and on.
    expect(protecting([set(3, 4), fetch(5, 6)], 1)).toBe(3);
    expect(protecting([set(3, 4), fetch(5, 6)], 1, false, 1)).toBe(5);
    expect(protecting([set(3, 4), fetch(5, 6)], 1, false, 2)).toBe(3);
    expect(protecting([set(2, 3), set(3, 4), fetch(5, 6)], 1, false, 0)).toBe(3);
    expect(protecting([fetch(2, 3), set(4, 5)], 1)).toBe(2);
    expect(protecting([set(3, 4)], 1, false, 0)).toBe(3);
    expect(protecting([], 1)).toBeUndefined();
  });

  test('remember the first fault taken after they began, and when it was answered', () => {
    const { all } = made([FETCH, 5]);
    const [call] = all.calls;
    expect([call.firstFault, call.passed]).toEqual([5, Infinity]);
    all.answered(5, 6);
    expect(call.passed).toBe(Infinity);
    all.answered(6, 20);
    all.answered(8, 20);
    expect([call.firstFault, call.passed]).toEqual([6, 20]);
    // Taken later, but answered sooner.
    all.answered(7, 9);
    expect([call.firstFault, call.passed]).toEqual([7, 9]);
    slots().answered(1, 2);
  });
});

describe('pages with nothing to map', () => {
  type Change = (v: Vacancies) => void;
  const hole =
    (start: number, end: number): Change =>
    (v) =>
      v.addHole(start, end);
  const gone =
    (start: number, end: number, offset = 100): Change =>
    (v) =>
      v.addSlot(start, end, offset);
  const lost =
    (start: number, end: number, isHole = false): Change =>
    (v) =>
      v.lose(start, end, isHole);
  const mapped =
    (start: number, end: number): Change =>
    (v) =>
      v.mapped(start, end);
  const after = (...changes: Change[]): Vacancies => {
    const v = new Vacancies();
    for (const change of changes) change(v);
    return v;
  };
  const texts = (found: ReturnType<Vacancies['covered']>) =>
    found.map(({ start, end, kept }) => `${start}-${end}${kept ? ' kept' : ''}`);
  /** What an mmap over [start, end) brings back. */
  const remapped = (v: Vacancies, start = 0, end = 99) => texts(v.remapped(start, end));
  /** What the slot's return brings back, by default with the same memory. */
  const covered = (v: Vacancies, start = 0, end = 99, offset: number | undefined = 100) =>
    texts(v.covered(start, end, offset));

  test('a hole ends where something is mapped over it, piece by piece', () => {
    const v = after(hole(10, 20));
    expect(remapped(v, 0, 10)).toEqual([]);
    expect(remapped(v, 20, 30)).toEqual([]);
    expect(remapped(v, 8, 12)).toEqual(['10-12']);
    expect(remapped(v, 14, 16)).toEqual(['14-16']);
    expect(remapped(v)).toEqual(['12-14', '16-20']);
    expect(remapped(v)).toEqual([]);
  });

  test('holes that overlap are one; a slot’s return alone fills none', () => {
    const v = after(hole(10, 20), hole(15, 30), hole(2, 4));
    expect(covered(v)).toEqual([]);
    expect(remapped(v)).toEqual(['2-4', '10-15', '15-30']);
  });

  test('a slot that went comes back with its contents if the memory is the same', () => {
    expect(covered(after(gone(10, 20)))).toEqual(['10-20 kept']);
    expect(covered(after(gone(10, 20)), 0, 99, 101)).toEqual(['10-20']);
    expect(texts(after(gone(10, 20)).covered(0, 99, undefined))).toEqual(['10-20 kept']);
    expect(covered(after(gone(10, 20)), 15, 18)).toEqual(['15-18 kept']);
    expect(remapped(after(gone(10, 20)))).toEqual([]);
  });

  test('bytes lost while the slot is away are gone, by the addresses of the host', () => {
    expect(covered(after(gone(10, 20), lost(112, 115)))).toEqual(['10-12 kept', '12-15', '15-20 kept']);
    expect(covered(after(gone(10, 20), lost(100, 110)))).toEqual(['10-20 kept']);
    expect(covered(after(gone(10, 20), lost(120, 130)))).toEqual(['10-20 kept']);
    expect(covered(after(gone(10, 20), lost(0, 999)))).toEqual(['10-20']);
    // Holes without a slot's offset are nobody's.
    expect(remapped(after(hole(10, 20), lost(110, 120)))).toEqual(['10-20']);
  });

  test('a hole in a slot that went is a hole when it comes back, until something is mapped', () => {
    for (const v of [after(hole(12, 15), gone(10, 20)), after(gone(10, 20), lost(112, 115, true))]) {
      expect(covered(v)).toEqual(['10-12 kept', '15-20 kept']);
      expect(remapped(v)).toEqual(['12-15']);
    }
    // Mapped anew while the slot was away: there is something, but not what was.
    const v = after(hole(12, 15), gone(10, 20));
    expect(remapped(v)).toEqual([]);
    expect(covered(v)).toEqual(['10-12 kept', '12-15', '15-20 kept']);
    // Other memory fills it, too.
    expect(covered(after(hole(12, 15), gone(10, 20)), 0, 99, 7)).toEqual(['10-12', '12-15', '15-20']);
  });

  test('holes at the edges of a slot, and beyond, keep their place', () => {
    const v = after(hole(8, 12), hole(18, 25), gone(10, 20));
    expect(remapped(v, 0, 10)).toEqual(['8-10']);
    expect(covered(v)).toEqual(['12-18 kept']);
    expect(remapped(v)).toEqual(['10-12', '18-20', '20-25']);
  });

  test('a fault that maps pages ends what was vacant there', () => {
    const v = after(hole(10, 20), mapped(12, 13), gone(30, 40), mapped(30, 31));
    expect(remapped(v)).toEqual(['10-12', '13-20']);
    expect(covered(v)).toEqual(['31-40 kept']);
    expect(remapped(after(mapped(0, 9)))).toEqual([]);
  });

  test('a slot that goes twice counts as its last place', () => {
    expect(covered(after(gone(10, 20, 5), gone(10, 20, 100)))).toEqual(['10-20 kept']);
  });
});
