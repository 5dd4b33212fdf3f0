/** How sure and how right a timeline is: shares of page-time, and rows against the kernel's calls; small cases worked out by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { certainties } from '../../core/model/stage2/evidence.ts';
import type { Evidence } from '../../core/model/stage2/evidence.ts';
import { EVERYTHING, nextState, PageState } from '../../core/model/stage2/page-states.ts';
import { measureRows, pooledRows } from '../../core/model/stage2/row-accuracy.ts';
import { Rows } from '../../core/model/stage2/rows.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import { code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

/** `map`: writable; `read`: a read-only map; else the kind of row. */
type Row = [what: Stage2Kind | 'read', t: number, page: number, pages?: number, evidence?: Evidence];

function timeline(rows: readonly Row[], span = 100, origin = 0n): Stage2Timeline {
  const all = new Rows();
  for (const [what, t, page, pages = 1, evidence = 'fault'] of rows) {
    all.add(what === 'read' ? 'map' : what, t, page, pages, evidence, undefined, what === 'map');
  }
  return all.finish(origin, span, false);
}

const AGING = code(stage2Kinds, 'access-clear');
const first: Row = ['initial-unmapped', 0, 0, 9, 'vm-created'];

describe('agreement in page-time', () => {
  const measured = (claimed: Stage2Timeline, truth: Stage2Timeline, pages = 1) =>
    measureAccuracy(claimed, truth, [{ page: 0, pages }]);

  test('is of the time in which a state is claimed', () => {
    const claimed = timeline([first, ['map', 30, 0], ['read', 50, 1], ['unknown', 80, 1]]);
    const truth = timeline([
      ['map', 20, 0],
      ['read', 50, 1],
    ]);
    expect(measured(claimed, truth, 2)).toEqual({
      ...{ pageSeconds: 200e-9, valid: 170 / 180, mapped: 170 / 180, unknown: 20 / 200, validGuessed: 190 / 200 },
      ...{ stays: 4, missed: 0, false: 0 },
    });
  });

  test('tells valid for a write from mapped', () => {
    const claimed = timeline([first, ['read', 0, 0]]);
    expect(measured(claimed, timeline([['map', 25, 0]]))).toMatchObject({ valid: 0.25, mapped: 0.75 });
    const unmapped = measured(timeline([first]), timeline([['read', 25, 0]]));
    expect(unmapped).toMatchObject({ valid: 1, mapped: 0.25, stays: 2, missed: 1, false: 0 });
  });

  test('counts changes that only one of the two has, by pages', () => {
    const quick: Row[] = [first, ['map', 20, 0, 3], ['unmap', 40, 0, 3], ['map', 60, 0, 3]];
    const slow: Row[] = [first, ['map', 20, 0, 3]];
    expect(measured(timeline(slow), timeline(quick), 3)).toMatchObject({ stays: 12, missed: 3, false: 0, valid: 0.8 });
    expect(measured(timeline(quick), timeline(slow), 3)).toMatchObject({ stays: 6, missed: 0, false: 3 });
    // Of no length: nobody can have seen it.
    const blink: Row[] = [...slow, ['unmap', 40, 0, 3], ['map', 40, 0, 3]];
    expect(measured(timeline(slow), timeline(blink), 3)).toMatchObject({ missed: 0, false: 0, valid: 1 });
  });

  test('is on one clock, and ends when the tables are destroyed', () => {
    const claimed = timeline([first, ['map', 30, 0], ['unmap', 120, 0]], 200, 1000n);
    const truth = timeline(
      [
        ['map', 20, 0],
        ['unmap', 90, 0, EVERYTHING],
      ],
      300,
      1010n,
    );
    expect(measured(claimed, truth)).toMatchObject({ pageSeconds: 100e-9, valid: 1, stays: 2, missed: 0, false: 0 });
    const since = (what: Row[0]) =>
      timeline(
        [
          ['map', 20, 0],
          [what, 90, 0, EVERYTHING],
        ],
        300,
        1010n,
      );
    expect(measured(claimed, since('write-protect')).pageSeconds).toBe(200e-9);
    // What the calls don't tell isn't measured.
    expect(measured(claimed, since('unknown'))).toMatchObject({ pageSeconds: 100e-9, valid: 1 });
  });

  test('of nothing is full; of nothing claimed, all unknown', () => {
    expect(measured(timeline([]), timeline([]), 0)).toMatchObject({ pageSeconds: 0, valid: 1, mapped: 1, unknown: 0 });
    const unknown = measured(timeline([['unknown', 0, 0]]), timeline([['map', 25, 0]]));
    expect(unknown).toMatchObject({
      valid: 1,
      mapped: 1,
      unknown: 1,
      validGuessed: 0.75,
      false: 0,
      stays: 2,
      missed: 2,
    });
  });
});

describe('rows against the calls', () => {
  /** `rows right [off]` of the rows by a fault. */
  const faults = (claimed: Row[], truth: Row[], end: [shift?: bigint, span?: number] = []) => {
    const [shift = 0n, span = 100] = end;
    const found = measureRows(timeline([first, ...claimed], span), timeline(truth, 100, shift), [
      { page: 0, pages: 4 },
    ]);
    const { rows, right, off } = found.get('fault') ?? { rows: 0, right: 0, off: [] };
    return `${rows} ${right} [${off.join(' ')}]`;
  };

  test('are right if the calls agree at some time; off by their time less the call’s', () => {
    expect(faults([['map', 30, 0]], [['map', 20, 0]])).toBe('1 1 [10]');
    expect(faults([['map', 30, 0]], [['map', 40, 0]])).toBe('1 1 [-10]');
    expect(faults([['map', 30, 0]], [['map', 30, 0]])).toBe('1 1 [0]');
    expect(faults([['map', 30, 0]], [])).toBe('1 0 []');
    expect(faults([['map', 30, 0]], [['read', 20, 0]])).toBe('1 0 []');
    // What the calls do later leaves it at the first.
    expect(
      faults(
        [['map', 30, 0]],
        [
          ['map', 40, 0],
          ['unmap', 50, 0],
          ['map', 60, 0],
        ],
      ),
    ).toBe('1 1 [-10]');
    // They agreed before the row was over, not after.
    expect(
      faults(
        [
          ['map', 30, 0],
          ['unmap', 50, 0],
        ],
        [['map', 60, 0]],
      ),
    ).toBe('2 1 [50]');
    expect(
      faults(
        [
          ['map', 30, 0],
          ['unmap', 50, 0],
        ],
        [
          ['map', 20, 0],
          ['unmap', 45, 0],
        ],
      ),
    ).toBe('2 2 [10 5]');
  });

  test('are right in part; off by the page that is furthest off', () => {
    expect(faults([['map', 30, 0, 4]], [['map', 20, 0]])).toBe('1 0.25 [10]');
    expect(
      faults(
        [['map', 30, 0, 4]],
        [
          ['map', 20, 0, 1],
          ['map', 5, 1, 3],
        ],
      ),
    ).toBe('1 1 [25]');
    expect(
      faults(
        [['map', 30, 0, 4]],
        [
          ['map', 20, 0, 1],
          ['map', 70, 1, 3],
        ],
      ),
    ).toBe('1 1 [-40]');
  });

  test('that change nothing, last no time or call a page unknown claim nothing', () => {
    expect(
      faults(
        [
          ['map', 30, 0],
          ['map', 40, 0],
        ],
        [['map', 30, 0]],
      ),
    ).toBe('1 1 [0]');
    expect(
      faults(
        [
          ['map', 30, 0],
          ['read', 30, 0],
        ],
        [['read', 30, 0]],
      ),
    ).toBe('1 1 [0]');
    expect(faults([['unknown', 30, 0]], [])).toBe('0 0 []');
    expect(
      faults(
        [
          ['map', 30, 0],
          ['unknown', 40, 0],
        ],
        [['map', 50, 0]],
      ),
    ).toBe('1 0 []');
    expect(faults([['map', 100, 0]], [['map', 100, 0]])).toBe('0 0 []');
  });

  test('have a clock of their own, and end with the tables', () => {
    expect(faults([['map', 30, 0]], [['map', 20, 0]], [10n])).toBe('1 1 [0]');
    const destroyed: Row = ['unmap', 40, 0, EVERYTHING];
    expect(faults([['map', 30, 0]], [['map', 20, 0], destroyed], [10n])).toBe('1 1 [0]');
    expect(faults([['map', 50, 0]], [['map', 20, 0], destroyed], [10n, 200])).toBe('0 0 []');
    expect(faults([['map', 30, 1]], [destroyed, ['map', 60, 1]])).toBe('1 0 []');
  });

  test('of initial states have no moment', () => {
    const found = measureRows(timeline([first]), timeline([['map', 20, 0]]), [{ page: 0, pages: 4 }]);
    expect([...found]).toEqual([['vm-created', { rows: 1, right: 1, off: [] }]]);
  });

  test('pooled: errors that cluster count as fewer rows; captures weigh the same', () => {
    const a = { rows: 10, right: 10, off: [1, -2, 3] };
    const b = { rows: 10, right: 5, off: [-10] };
    const pooled = pooledRows([a, b]);
    expect(pooled).toMatchObject({ rows: 20, right: 15, captures: 2, halfNs: 3, withinNs: 10 });
    // Cochran: 2/1 · (2.5² + 2.5²) = 25, against 20 · ¾ · ¼ = 3.75.
    expect(pooled.effective).toBeCloseTo(3, 12);
    expect(pooledRows([b])).toMatchObject({ effective: 10, halfNs: 10 });
    expect(pooledRows([a, a]).effective).toBe(20);
    // Errors spread evenly are no better than independent ones.
    expect(pooledRows([b, b]).effective).toBe(20);
    expect(pooledRows([{ rows: 2, right: 0, off: [] }])).toMatchObject({ right: 0, effective: 2, halfNs: NaN });
  });
});

describe('certainty', () => {
  const shares = (rows: Row[], pages = 1, span = 100) => {
    const { certainty, ...rest } = summarise(timeline(rows, span), [{ page: 0, pages }]);
    return { ...certainty, ...rest };
  };

  test('is that of the row that set the state; the default is unknown', () => {
    const rows: Row[] = [first, ['map', 40, 0], ['unknown', 70, 0, 1, 'lost-events'], ['map', 60, 1, 1, 'block-fault']];
    expect(shares(rows, 2)).toEqual({
      ...{ observed: (70 + 60) / 200, inferred: 40 / 200, unknown: 30 / 200, pageSeconds: 200e-9, exact: false },
      rowsByEvidence: { 'vm-created': 1, fault: 1, 'lost-events': 1, 'block-fault': 1 },
    });
    expect(shares([['map', 60, 0, 1, 'block-found']])).toMatchObject({ observed: 0, inferred: 0.4, unknown: 0.6 });
    expect(shares([], 0)).toMatchObject({ observed: 0, inferred: 0, unknown: 0, pageSeconds: 0 });
  });

  test('stays what it is when a row repeats the state, or only ages the page', () => {
    expect(
      shares([
        ['map', 0, 0],
        ['map', 50, 0, 1, 'block-found'],
      ]),
    ).toMatchObject({ observed: 1, inferred: 0 });
    expect(shares([['access-clear', 0, 0]])).toMatchObject({ observed: 0, unknown: 1 });
    expect(
      shares([
        ['write-protect', 10, 0, 1, 'dirty-log-ioctl'],
        ['map', 50, 0],
      ]),
    ).toMatchObject({
      ...{ unknown: 0.1, inferred: 0.4, observed: 0.5 },
    });
  });

  test('of many pages is the sum over each, however rows overlap', () => {
    const N = 600;
    const kind = fc.constantFrom<Row[0]>('map', 'read', 'unmap', 'write-protect', 'unknown', 'access-clear');
    const evidence = fc.constantFrom<Evidence>('fault', 'block-fault', 'lost-events');
    const edge = fc.constantFrom(0, 1, 255, 256, 257, 300, 511, 512, 513, 599, 600);
    const row = fc.tuple(kind, fc.integer({ min: 300, max: 400 }), edge, edge, evidence);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (drawn) => {
        const single = Array.from({ length: N / 2 }, (_, k): Row => ['read', k, 2 * k, 1, 'fault']);
        const wide = drawn.map(([what, t, a, b, by]): Row => [what, t, Math.min(a, b), Math.abs(a - b), by]);
        const claimed = timeline([...single, ...wide], 500);
        const time = { observed: 0, inferred: 0, unknown: 0 };
        for (let page = 0; page < N; page++) {
          let [state, since]: [number, number] = [PageState.WRITABLE, 0];
          let basis: keyof typeof time | undefined;
          const settle = (t: number) => {
            time[basis ?? 'unknown'] += t - since;
            since = t;
          };
          for (let i = 0; i < claimed.n; i++) {
            if (page < claimed.page[i] || page >= claimed.page[i] + claimed.pages[i]) continue;
            const next = nextState(claimed, i, state);
            if ((next === state && basis !== undefined) || claimed.kind[i] === AGING) continue;
            settle(claimed.t[i]);
            state = next;
            basis = certainties[claimed.evidence[i]];
          }
          settle(500);
        }
        const { observed, inferred, unknown } = shares([...single, ...wide], N, 500);
        expect([observed, inferred, unknown].map((share) => Math.round(share * 500 * N))).toEqual(Object.values(time));
      }),
      { numRuns: 15 },
    );
  });
});
