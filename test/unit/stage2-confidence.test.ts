/** How sure rows are: how it is measured, and that what confidence.ts says holds for the traces at hand. */
import { describe, expect, test } from 'vitest';
import { confidenceOf, isUnsure, SURE, wilson } from '../../core/model/stage2/confidence.ts';
import { evidences } from '../../core/model/stage2/evidence.ts';
import { measureRows, pooledRows } from '../../core/model/stage2/row-accuracy.ts';
import type { RowAccuracy } from '../../core/model/stage2/row-accuracy.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { compared, load } from '../golden/stage2-fixtures.ts';
import { timelineOf } from '../property/replay-inputs.ts';

type Row = readonly [t: number, kind: Stage2Kind, page: number, pages: number];

/** Maps are writable. */
function timeline(...rows: Row[]): Stage2Timeline {
  const made = rows.map(([t, kind, page, pages]) => ({
    ...{ t, page, pages, cause: 1 },
    ...{ kind: code(stage2Kinds, kind), writable: kind === 'map' ? 1 : 0 },
  }));
  return { ...timelineOf(made, 0n, 1000), evidences: ['test'] };
}

function measured(inferred: Stage2Timeline, truth: Stage2Timeline): RowAccuracy | undefined {
  return measureRows(inferred, truth, [{ page: 0, pages: 8 }]).get('test');
}

describe('rows against the kernel’s calls', () => {
  const truth = timeline([0, 'map', 0, 8], [100, 'unmap', 0, 4], [300, 'map', 0, 4]);

  test('that agree late or early are right, and say by how much', () => {
    const found = measured(timeline([0, 'map', 0, 8], [110, 'unmap', 0, 4], [295, 'map', 0, 4]), truth);
    // The first claims what holds by default, so nothing.
    expect(found).toEqual({ rows: 2, right: 2, off: [10, -5] });
  });

  test('that never agree are wrong, and those of more pages in part', () => {
    const found = measured(timeline([110, 'unmap', 0, 8], [290, 'map', 0, 8], [500, 'unmap', 6, 1]), truth);
    expect(found?.rows).toBe(3);
    // Half of the unmap's pages stayed mapped; the map was right about all; the last unmap about none.
    expect(found?.right).toBe(1.5);
    expect(found?.off).toEqual([10, 290]);
  });

  test('that call a page unknown, or that another one takes back at once, claim nothing', () => {
    expect(measured(timeline([110, 'unknown', 0, 8]), truth)).toBeUndefined();
    // The map that takes it back is right in the end.
    const twice = measured(timeline([110, 'unmap', 0, 4], [110, 'map', 0, 4]), truth);
    expect(twice).toEqual({ rows: 1, right: 1, off: [-190] });
  });

  test('initial states have no moment', () => {
    const found = measured(timeline([0, 'initial-unmapped', 0, 8]), timeline([50, 'map', 0, 8]));
    expect(found).toMatchObject({ rows: 1, right: 1, off: [] });
  });
});

test('errors that come together in a capture count for fewer rows', () => {
  const capture = (rows: number, right: number, ...off: number[]) => ({ rows, right, off });
  const even = pooledRows([capture(50, 49, 1, -2, 3), capture(50, 49, 40)]);
  expect(even).toEqual({ rows: 100, right: 98, captures: 2, effective: 100, halfNs: 3, withinNs: 40 });
  const clustered = pooledRows([capture(50, 50), capture(50, 40), capture(50, 50)]);
  expect(clustered.right / clustered.rows).toBeCloseTo(14 / 15, 12);
  // 3/2 (2 (10/3)² + (20/3)²) over 150 · 14/15 · 1/15.
  expect(clustered.effective).toBeCloseTo(150 / (100 / (150 * (14 / 225))), 9);
});

test('Wilson’s lower end, as R’s prop.test(correct = FALSE) gives it', () => {
  expect(wilson(13, 13)).toBeCloseTo(0.771904, 5);
  expect(wilson(270, 275)).toBeCloseTo(0.958149, 5);
  expect(wilson(0, 4)).toBe(0);
  expect(wilson(0, 0)).toBeNaN();
});

test('what rests on calls is exact, what no reference had is not measured, and both are kept apart from the rest', () => {
  expect(confidenceOf('table-call')).toMatchObject({ origin: 'exact', atLeast: 1 });
  expect(confidenceOf('age-hva')).toMatchObject({ origin: 'unmeasured', atLeast: NaN });
  expect(confidenceOf('fault').atLeast).toBeGreaterThan(0.999);
  expect(evidences.filter((e) => !isUnsure(e))).toContain('unmap-hva');
  for (const evidence of ['access-fault', 'missed-unmap', 'lost-events', 'mapped-again'])
    expect(isUnsure(evidence), evidence).toBe(true);
});

test('rows of sure evidence are right in the traces at hand, and as punctual as stated', () => {
  const all: [string, RowAccuracy][] = [];
  for (const name of ['two-vcpu', 'memslot', '6.12-thp', '7.3-madvise'] as const) {
    const trace = load(name);
    compared(trace).forEach(({ inferred, truth }, v) =>
      all.push(...measureRows(inferred, truth, trace.vm.vms[v].slots)),
    );
  }
  expect(all.map(([evidence]) => evidence)).toEqual(expect.arrayContaining(['fault', 'unmap-hva', 'memslot-ioctl']));
  for (const [evidence, { rows, right, off }] of all) {
    const told = confidenceOf(evidence);
    expect(told.origin, evidence).toBe('measured');
    if (told.atLeast < SURE || rows < 20) continue;
    expect(right / rows, evidence).toBeGreaterThanOrEqual(SURE);
    const away = off.map(Math.abs).sort((x, y) => x - y);
    if (!Number.isNaN(told.withinNs)) expect(away[away.length >> 1], evidence).toBeLessThan(told.withinNs);
  }
});
