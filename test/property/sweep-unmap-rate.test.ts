import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NONE } from '../../core/model/outcome.ts';
import { causeClasses, code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { scaleUnmaps } from '../../core/model/unmap-rate.ts';

const UNMAP = code(stage2Kinds, 'unmap');
const INITIAL = code(stage2Kinds, 'initial-unmapped');
const MAP = code(stage2Kinds, 'map');
const [userspace, hostMm] = [code(causeClasses, 'userspace'), code(causeClasses, 'host-mm')];

interface Row {
  t: number;
  kind: number;
  page: number;
  cause: number;
}

function timeline(rows: readonly Row[]): Stage2Timeline {
  const n = rows.length;
  return {
    n,
    t: Float64Array.from(rows, (r) => r.t),
    kind: Uint8Array.from(rows, (r) => r.kind),
    page: Float64Array.from(rows, (r) => r.page),
    pages: new Float64Array(n).fill(1),
    cause: Uint8Array.from(rows, (r) => r.cause),
    evidence: new Uint8Array(n),
    notify: new Uint8Array(n),
    contents: new Uint8Array(n),
    contentsOrigin: new Uint8Array(n),
    writable: new Uint8Array(n).fill(1),
    origin: 0n,
    span: 1000,
    exact: false,
    evidences: ['test'],
  };
}

function rowsOf(t: Stage2Timeline): Row[] {
  return Array.from({ length: t.n }, (_, i) => ({ t: t.t[i], kind: t.kind[i], page: t.page[i], cause: t.cause[i] }));
}
const text = (r: Row) => `${r.t} ${r.kind} ${r.page} ${r.cause}`;

const row = fc.record({
  t: fc.integer({ min: 0, max: 1000 }),
  kind: fc.constantFrom(UNMAP, UNMAP, MAP),
  page: fc.integer({ min: 0, max: 9 }),
  cause: fc.constantFrom(userspace, hostMm),
});
const lines = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }), fc.array(row, { maxLength: 40 }))
  .map(([initial, rows]) =>
    timeline([
      ...initial.map((page) => ({ t: 500, kind: INITIAL, page, cause: NONE })),
      ...rows.map((r) => (r.kind === MAP ? { ...r, cause: NONE } : r)).sort((a, b) => a.t - b.t),
    ]),
  );
const rate = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1, max: 5, noNaN: true }));

/** How often each row occurs in a list. */
function tally(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const r of rows) counts.set(text(r), (counts.get(text(r)) ?? 0) + 1);
  return counts;
}
const within = (few: Map<string, number>, many: Map<string, number>) =>
  [...few].every(([r, n]) => n <= (many.get(r) ?? 0));

describe('thinned and multiplied unmaps', () => {
  test('only unmaps change; what a lower rate has, a higher one has too', () => {
    fc.assert(
      fc.property(lines, rate, rate, fc.integer({ min: 0, max: 1000 }), (line, a, b, seed) => {
        const [low, high] = [a, b].sort((x, y) => x - y).map((r) => rowsOf(scaleUnmaps(line, r, seed)));
        const others = (rows: Row[]) => rows.filter((r) => r.kind !== UNMAP);
        expect(others(high!)).toEqual(others(rowsOf(line)));
        expect(within(tally(low!), tally(high!))).toBe(true);
        expect(rowsOf(scaleUnmaps(line, a, seed))).toEqual(rowsOf(scaleUnmaps(line, a, seed)));
      }),
    );
  });

  test('rows stay in time order, initial states first; classes keep their pages', () => {
    fc.assert(
      fc.property(lines, rate, fc.integer({ min: 0, max: 1000 }), (line, r, seed) => {
        const rows = rowsOf(scaleUnmaps(line, r, seed));
        const first = rows.findIndex((x) => x.kind !== INITIAL);
        if (first >= 0) expect(rows.slice(first).some((x) => x.kind === INITIAL)).toBe(false);
        for (let i = Math.max(1, first + 1); i < rows.length; i++)
          expect(rows[i].t).toBeGreaterThanOrEqual(rows[i - 1].t);
        const unmaps = (list: Row[]) =>
          new Set(list.filter((x) => x.kind === UNMAP).map((x) => `${x.page} ${x.cause}`));
        expect(unmaps(rows).isSubsetOf(unmaps(rowsOf(line)))).toBe(true);
      }),
    );
  });

  test('the number of unmaps follows the rate', () => {
    const line = timeline(
      Array.from({ length: 2000 }, (_, i) => ({ t: i, kind: UNMAP, page: i % 7, cause: userspace })),
    );
    for (const r of [0, 0.25, 1, 1.5, 3, 3.7]) {
      // A binomial's standard deviation is at most sqrt(2000) / 2 = 22.
      expect(Math.abs(scaleUnmaps(line, r, 1).n - 2000 * r)).toBeLessThan(90);
    }
    expect(scaleUnmaps(line, 0, 1).n).toBe(0);
    expect(scaleUnmaps(line, 1, 1)).toBe(line);
    expect(scaleUnmaps(line, 3, 1).n).toBe(6000);
    expect(() => scaleUnmaps(line, 1e9, 1)).toThrow('unmapRate 1000000000 makes more than');
  });
});
