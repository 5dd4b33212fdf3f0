import { describe, expect, test } from 'vitest';
import type { ObservedLane } from '../../core/analysis/observed.ts';
import { AUX_COLLISION, AUX_PARTIAL, AUX_TRUNCATED, observeBlackouts } from '../../core/analysis/observed.ts';
import { observedReasons } from '../../core/analysis/observed.ts';

const nothing = { t: new Float64Array(0), flags: new Uint32Array(0), count: new Float64Array(0) };

/** Records every 1000 ns unless given otherwise. */
function lane(t: number[], extra: Partial<ObservedLane> = {}): ObservedLane {
  return { lane: 3, t: Float64Array.from(t), running: new Float64Array(0), aux: nothing, lost: nothing, ...extra };
}

const regular = (from: number, n: number): number[] => Array.from({ length: n }, (_, i) => from + 1000 * i);

function rows(lanes: ObservedLane[]): unknown[] {
  const found = observeBlackouts(lanes);
  return Array.from({ length: found.n }, (_, i) => [
    found.lane[i],
    found.start[i],
    found.end[i],
    found.darkNs[i],
    observedReasons[found.reason[i]!],
  ]);
}

describe('observed blackouts', () => {
  test('a gap far longer than the median one', () => {
    expect(rows([lane([...regular(0, 50), ...regular(100_000, 50)])])).toEqual([[3, 49_000, 100_000, 51_000, 'gap']]);
    // 20 times the median is the limit; a gap of exactly that is no blackout.
    expect(rows([lane([...regular(0, 50), ...regular(69_000, 50)])])).toEqual([]);
  });

  test('time switched out is no gap', () => {
    const t = [...regular(0, 50), ...regular(100_000, 50)];
    expect(rows([lane(t, { running: Float64Array.of(0, 50_000, 99_000, 150_000) })])).toEqual([]);
    expect(rows([lane(t, { running: Float64Array.of(0, 75_000, 99_000, 150_000) })])).toEqual([
      [3, 49_000, 100_000, 27_000, 'gap'],
    ]);
  });

  test('flags of AUX records reach from the last record before to the first after', () => {
    const aux = {
      t: Float64Array.of(10_500, 20_500, 30_500, 60_000),
      flags: Uint32Array.of(AUX_TRUNCATED | AUX_PARTIAL, AUX_PARTIAL, AUX_COLLISION, AUX_TRUNCATED),
    };
    const found = observeBlackouts([lane(regular(0, 50), { aux, running: Float64Array.of(0, 80_000) })]);
    expect(found.n).toBe(3);
    expect([...found.start]).toEqual([10_000, 20_000, 49_000]);
    expect([...found.end]).toEqual([11_000, 21_000, 80_000]);
    expect([...found.darkNs]).toEqual([1000, 1000, 31_000]);
    expect([...found.reason].map((r) => observedReasons[r])).toEqual(['truncated', 'partial', 'truncated']);
    expect(found.totals).toEqual({
      truncated: 2,
      partial: 2,
      collisions: 1,
      lostRecords: 0,
      darkNs: 33_000,
      runningNs: 80_000,
    });
  });

  test('LOST records count what was lost', () => {
    const lost = { t: Float64Array.of(5500, 5600), count: Float64Array.of(7, 2) };
    const found = observeBlackouts([lane(regular(0, 20), { lost })]);
    expect([found.n, found.start[0], found.end[0], found.totals.lostRecords]).toEqual([1, 5000, 6000, 9]);
  });

  test('without switches time runs from the first record or flag to the last', () => {
    const one = (time: number) => ({ ...nothing, t: Float64Array.of(time), flags: Uint32Array.of(AUX_TRUNCATED) });
    const lost = (time: number) => ({ ...nothing, t: Float64Array.of(time), count: Float64Array.of(1) });
    const ends = (extra: Partial<ObservedLane>) => observeBlackouts([lane(regular(10_000, 5), extra)]).totals.runningNs;
    expect(ends({})).toBe(4000);
    expect(ends({ aux: one(20_000) })).toBe(10_000);
    expect(ends({ aux: one(4000), lost: lost(24_000) })).toBe(20_000);
    expect(rows([lane(regular(10_000, 5), { aux: one(20_000) })])).toEqual([[3, 14_000, 20_000, 6000, 'truncated']]);
    expect(rows([lane(regular(10_000, 5), { lost: lost(7000) })])).toEqual([[3, 7000, 10_000, 3000, 'lost']]);
  });

  test('nothing at all', () => {
    const found = observeBlackouts([lane([]), lane([5])]);
    expect([found.n, found.totals.darkNs]).toEqual([0, 0]);
    expect(observeBlackouts([lane([], { running: Float64Array.of(0, 10) })]).n).toBe(0);
  });
});
