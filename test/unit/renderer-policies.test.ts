/** The Policies view's logic: rows of identical outcomes, columns, checks, the heat map, sweeps' verdict bands, the policy editor. */
import { describe, expect, it } from 'vitest';
import type { RunPolicy } from '../../core/contract/contract.ts';
import type { Policy, StoredResult } from '../../core/contract/runs.ts';
import type { Fates } from '../../core/contract/timeline.ts';
import { defaultParams } from '../../core/model/params.ts';
import {
  asAsked,
  cellText,
  columns,
  costsDiffer,
  rangeText,
  rangeTitle,
  sorted,
  trialsOf,
} from '../../renderer/policies/columns.ts';
import { own, problemAt, withField } from '../../renderer/policies/editing.ts';
import { fractionAt, fractionOver, heatOf, partsOf, timeTicks } from '../../renderer/policies/heat.ts';
import { checksOf, checksText, outcomesOf, outcomesUnder, underCheck } from '../../renderer/policies/outcomes.ts';
import { paramWords, wordsOf } from '../../renderer/policies/param-words.ts';
import { settingText } from '../../renderer/policies/settings.ts';
import { bandRows } from '../../renderer/sensitivity/bands.ts';
import { slopeChart } from '../../renderer/skew/slope.ts';
import type { Colours } from '../../renderer/charts/colours.ts';
import { causeNotes, correlationText, sloped } from '../../renderer/skew/words.ts';
import type { ShareRow } from '../../renderer/skew/words.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

interface Told {
  readonly sameAs?: string;
  readonly verdict?: string;
  readonly stallNs?: number;
  readonly checks?: readonly (readonly [id: string, lost: number, verdict: string])[];
}
function policy(
  id: string,
  lost: number,
  { sameAs, verdict = 'representative', stallNs = 1000, checks = [] }: Told = {},
): RunPolicy {
  const counted = (n: number) => ({ kept: 1000 - n, lost: n, coverage: 1 - n / 1000 });
  return {
    ...{ policy: id, title: id, dlDiscard: 'record', reference: id === 'bare-metal', ...counted(lost) },
    ...{ windows: 1, blackoutNs: 1, stallNs, slowdown: 0.01, pinnedBytesPeak: 0, ...(sameAs && { sameAs }) },
    checks: checks.map(([check, n, word]) => ({ id: check, title: `title of ${check}`, ...counted(n), verdict: word })),
    skew: [{ key: 'page', tvd: 0, nullMean: 0, nullP95: 0, pValue: 1, excess: 0, verdict }],
  };
}
const names = (rows: readonly { readonly members: readonly RunPolicy[] }[]) =>
  rows.map((r) => r.members.map((p) => p.policy).join('='));

describe('renderer-policies: rows', () => {
  it('gives policies that lose the same one row, least lost first; bare metal never shares its own', () => {
    const all = [
      policy('bare-metal', 0),
      policy('pin-vm', 0, { sameAs: 'bare-metal' }),
      policy('map', 30),
      policy('pin', 10),
      policy('bounce', 0, { sameAs: 'bare-metal' }),
      policy('twin', 10, { sameAs: 'pin' }),
    ];
    expect(names(outcomesOf(all))).toEqual(['pin-vm=bounce', 'pin=twin', 'map', 'bare-metal']);
    // Without the reference, too.
    expect(names(outcomesOf([policy('a', 0), policy('b', 0, { sameAs: 'a' }), policy('c', 5)]))).toEqual(['a=b', 'c']);
  });

  it('keeps a dead VM apart from those that lost as much and live', () => {
    const all = [policy('a', 10), policy('serror', 10, { sameAs: 'a', verdict: 'dead' })];
    expect(names(outcomesOf(all))).toEqual(['a', 'serror']);
  });

  it('takes one result a policy from runs of the first edition, the run’s own', () => {
    const other = { ...policy('a', 500), dlDiscard: 'buffer' as const };
    expect(outcomesOf([policy('a', 10), other])[0].first.lost).toBe(10);
    expect(outcomesOf([policy('a', 10), other])).toHaveLength(1);
  });

  it('spans the checks of all members, and names those that a change is true of', () => {
    const [row] = outcomesOf([
      policy('a', 10, {
        checks: [
          ['dl-0', 900, 'dead'],
          ['irq-slow', 20, 'representative'],
        ],
      }),
      policy('b', 10, {
        sameAs: 'a',
        checks: [
          ['dl-0', 5, 'representative'],
          ['irq-slow', 30, 'misleading'],
        ],
      }),
      policy('c', 10, {
        sameAs: 'a',
        checks: [
          ['dl-0', 950, 'dead'],
          ['irq-slow', 30, 'misleading'],
        ],
      }),
    ]);
    expect([row.least, row.greatest]).toEqual([0.05, 0.995].map((x) => expect.closeTo(x, 9)));
    expect(row.changes).toEqual([
      { id: 'dl-0', title: 'title of dl-0', verdict: 'dead', only: ['a', 'c'] },
      { id: 'irq-slow', title: 'title of irq-slow', verdict: 'misleading', only: ['b', 'c'] },
    ]);
    const [both] = outcomesOf([
      policy('a', 10, { checks: [['x', 20, 'dead']] }),
      policy('b', 10, { sameAs: 'a', checks: [['x', 20, 'dead']] }),
    ]);
    expect(both.changes.map((c) => c.only)).toEqual([[]]);
  });

  it('parts members that a check parts, and orders by what is lost under it', () => {
    const all = [
      policy('a', 10, { checks: [['x', 900, 'dead']] }),
      policy('b', 10, { sameAs: 'a', checks: [['x', 5, 'representative']] }),
      policy('c', 50),
    ];
    expect(names(outcomesUnder(all, 'x'))).toEqual(['b', 'c', 'a']);
    // What a check has nothing to vary in stays as replayed.
    expect(underCheck(all[2], 'x')).toEqual({ kept: 950, lost: 50, coverage: 0.95, verdict: 'representative' });
    expect(checksOf(all)).toEqual([{ id: 'x', title: 'title of x', changes: 1 }]);
  });

  it('says of one policy whether its verdict holds', () => {
    const held = policy('a', 10, {
      checks: [
        ['x', 11, 'representative'],
        ['y', 12, 'representative'],
      ],
    });
    expect(checksText(held)).toBe('It holds under all 2 assumption checks.');
    const changed = policy('a', 10, {
      checks: [
        ['x', 11, 'misleading'],
        ['y', 900, 'dead'],
      ],
    });
    expect(checksText(changed)).toBe('It would be misleading if title of x; dead if title of y.');
    expect(checksText(policy('a', 10))).toBeUndefined();
  });
});

describe('renderer-policies: columns', () => {
  const column = (id: string) => columns.find((c) => c.id === id)!;

  it('shows one figure where members agree, and from least to greatest where they cost differently', () => {
    const [row] = outcomesOf([
      policy('a', 10, { stallNs: 2_000_000 }),
      policy('b', 10, { sameAs: 'a', stallNs: 14_000_000 }),
    ]);
    expect(plain(cellText(column('coverage'), row))).toBe('99 %');
    expect(plain(cellText(column('stall'), row))).toBe('2–14 ms');
    expect(costsDiffer(row)).toBe(true);
    expect(costsDiffer(outcomesOf([policy('a', 1)])[0])).toBe(false);
  });

  it('shows the range over trials, and none where they agree', () => {
    const spread = (p5: number, p95: number) => ({ mean: (p5 + p95) / 2, p5, p95 });
    const trials = { n: 12, coverage: spread(0.971, 0.978), windows: spread(3, 3) };
    const stored = [{ policy: { id: 'a' }, dlDiscard: 'record', trials }] as unknown as StoredResult[];
    const found = trialsOf('a', stored);
    expect(plain(rangeText(column('coverage'), found))).toBe('97.1–97.8 %');
    expect(rangeText(column('windows'), found)).toBe('');
    expect(rangeText(column('coverage'), trialsOf('b', stored))).toBe('');
    // Fewer than 20 have no 5 and 95 %.
    expect(rangeTitle(column('coverage'), found)).toContain('12 placements');
    expect(rangeTitle(column('coverage'), found)).toContain('least to greatest');
  });

  it('says that nobody can tell, instead of a number', () => {
    const p = policy('a', 10);
    const unsure = { ...p, skew: [{ ...p.skew[0], excess: null, pValue: null, cause: "can't tell", episodes: 2 }] };
    expect(cellText(column('skew'), { members: [unsure] })).toBe('can’t tell');
    expect(column('skew').title!(unsure)).toContain('2 loss episodes: too few');
  });

  it('sorts by any column, the reference always last', () => {
    const rows = outcomesOf([
      policy('bare-metal', 0),
      policy('a', 10, { stallNs: 5 }),
      policy('b', 20, { stallNs: 9 }),
    ]);
    expect(names(sorted(rows, asAsked))).toEqual(['a', 'b', 'bare-metal']);
    expect(names(sorted(rows, { by: 'stall', descending: true }))).toEqual(['b', 'a', 'bare-metal']);
    expect(names(sorted(rows, { by: 'stall', descending: false }))).toEqual(['a', 'b', 'bare-metal']);
  });

  it('sorts what is unknown behind the rest, whichever way', () => {
    const rows = outcomesOf([
      { ...policy('a', 10), p99Ns: undefined },
      { ...policy('b', 20), p99Ns: 5 },
      { ...policy('c', 30), p99Ns: 9 },
    ]);
    const by = columns.find(({ label }) => label === 'p99 window')!.id;
    expect(names(sorted(rows, { by, descending: true }))).toEqual(['c', 'b', 'a']);
    expect(names(sorted(rows, { by, descending: false }))).toEqual(['b', 'c', 'a']);
  });

  it('has a help text for each', () => {
    for (const { label, help } of columns) expect(help.length, label).toBeGreaterThan(20);
  });
});

describe('renderer-policies: the heat map', () => {
  const bins = (width: number, first: number, samples: number[]) => ({
    ...{ width, first, samples: Uint32Array.from(samples), session: new Float32Array(samples.length) },
  });
  const loss = (policyAt: number, lane: number, entries: readonly (readonly [bin: number, lost: number])[]) => ({
    ...{
      policy: policyAt,
      lane,
      bin: Uint32Array.from(entries, ([b]) => b),
      lost: Float32Array.from(entries, ([, n]) => n),
    },
    ...{ dark: new Float32Array(entries.length), losing: new Float32Array(entries.length) },
    ...{ windows: new Uint32Array(entries.length).fill(1), kind: new Uint8Array(entries.length) },
  });
  const fates: Fates = {
    kinds: ['irq-latency'],
    lanes: [
      { lane: 0, ...bins(4, -2, [10, 0, 30]) },
      // Finer, on the same grid.
      { lane: 1, ...bins(2, -2, [4, 6, 0, 0, 10, 20]) },
    ],
    policies: [
      loss(0, 0, [
        [0, 5],
        [2, 30],
      ]),
      loss(0, 1, [
        [1, 6],
        [4, 1],
        [5, 2],
      ]),
      loss(1, 0, []),
      loss(1, 1, [[0, 0]]),
    ],
  };

  it('counts what is lost of what there is, over all vCPUs, in cells of the host’s own grid', () => {
    const heat = heatOf(fates, 2)!;
    expect([heat.first, heat.width, heat.cells]).toEqual([-2, 4, 3]);
    expect([...heat.samples]).toEqual([20, 0, 60]);
    expect([...heat.rows[0].lost]).toEqual([11, 0, 33]);
    expect(fractionAt(heat, heat.rows[0], 0)).toBeCloseTo(11 / 20, 12);
    // Nothing to lose isn't the same as nothing lost.
    expect(fractionAt(heat, heat.rows[0], 1)).toBeNaN();
    expect(fractionAt(heat, heat.rows[1], 0)).toBe(0);
    expect(heat.rows[1].windows[0]).toBe(1);
    // Sums over cells are the totals of the table.
    expect(fractionOver(heat, heat.rows[0], 0, 3)).toBeCloseTo(44 / 80, 12);
  });

  it('cuts the cells into parts that a table has room for, and none twice', () => {
    const heat = { ...heatOf(fates, 2)!, cells: 23 };
    const parts = partsOf(heat, 10);
    expect(parts.length).toBeLessThanOrEqual(10);
    expect(parts[0].from).toBe(0);
    expect(parts.at(-1)!.to).toBe(23);
    parts.slice(1).forEach((part, i) => expect(part.from).toBe(parts[i].to));
  });

  it('marks round times', () => {
    expect(timeTicks(1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(timeTicks(0, 5)).toEqual([0]);
  });
});

describe('renderer-policies: verdicts along a sweep', () => {
  it('joins neighbouring values with one verdict, and policies that are judged alike', () => {
    const curve = (id: string, verdict: number[]) => ({ policy: id, verdict: Uint8Array.from(verdict) });
    const sweep = {
      done: 4,
      policies: [curve('a', [0, 0, 2, 2, 3]), curve('b', [0, 1, 1, 0, 0]), curve('c', [0, 0, 2, 2, 0])],
    };
    expect(bandRows(sweep as never)).toEqual([
      {
        policies: ['a', 'c'],
        bands: [
          { from: 0, to: 2, verdict: 0 },
          { from: 2, to: 4, verdict: 2 },
        ],
      },
      {
        policies: ['b'],
        bands: [
          { from: 0, to: 1, verdict: 0 },
          { from: 1, to: 3, verdict: 1 },
          { from: 3, to: 4, verdict: 0 },
        ],
      },
    ]);
  });
});

describe('renderer-policies: the editor', () => {
  it('finds the field that a problem is about', () => {
    expect(problemAt('policy: onFault.host-mm.dl1: expected one of map')).toEqual({
      ...{ field: 'onFault.host-mm.dl1', text: 'expected one of map', inForm: true },
      whole: 'onFault.host-mm.dl1: expected one of map',
    });
    expect(problemAt('policy: unpinnedBy.0: no such one').field).toBe('unpinnedBy');
    expect(problemAt('policy: times.irqNs: wants a number').field).toBe('times.irqNs');
    expect(problemAt('policy: Unrecognized key: "pni"')).toMatchObject({ field: '', inForm: false });
  });

  it('settles what somebody says, and nothing else; leaves out what is emptied', () => {
    const base: Partial<Policy> = { id: 'a', settled: [], trapsPerEnable: 3 };
    expect(withField(base, 'pin', 'vm')).toEqual({ ...base, pin: 'vm' });
    expect(withField(withField(base, 'injectDl', 0), 'unpinnedBy', ['clear']).settled).toEqual([
      'injectDl',
      'unpinnedBy',
    ]);
    expect(withField(base, 'trapsPerEnable', undefined)).toEqual({ id: 'a', settled: [] });
    expect(own({ irqNs: undefined })).toBeUndefined();
  });
});

describe('renderer-policies: parameters in words', () => {
  it('has words for every parameter, no two alike', () => {
    const names_ = Object.keys(defaultParams().params);
    expect(Object.keys(paramWords).sort()).toEqual([...names_].sort());
    const labels = names_.map((n) => wordsOf(n).label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(wordsOf('brandNew').label).toBe('brandNew');
  });

  it('shows values with their units', () => {
    expect(plain(settingText(1500, 'ns'))).toBe('1.5 µs');
    expect(plain(settingText(2 ** 22, 'bytes'))).toBe('4 MiB');
    expect(settingText([], '')).toBe('none');
    expect(settingText(true, '')).toBe('yes');
    expect(settingText(['unmap', 'clear'], '')).toBe('unmap,clear');
  });
});

describe('renderer-policies: skew', () => {
  const row = (name: string, p: number, q: number, significant = false): ShareRow => ({
    ...{ name, p, q, difference: 100 * (q - p), low: null, high: null, adjusted: null, significant },
  });

  it('draws the largest keys and those that moved most, each once', () => {
    const rows = [row('a', 0.5, 0.5), row('b', 0.3, 0.3), row('c', 0.15, 0.1), row('d', 0.05, 0.07)];
    expect(sloped(rows, 4).map((r) => r.name)).toEqual(['a', 'b', 'c', 'd']);
    expect(sloped(rows, 2).map((r) => r.name)).toEqual(['a', 'c']);
  });

  it('gives nothing no sign in a column of correlations', () => {
    expect([undefined, 0.123, -0.5, -0.001, 0].map(correlationText)).toEqual(['–', '0.12', '−0.50', '0.00', '0.00']);
  });

  it('ends the line of a vanished key at the lower edge, and says so', () => {
    const colours = new Proxy({}, { get: (_, name) => String(name) }) as Colours;
    const option = slopeChart([row('kept', 0.6, 0.9), row('lost', 0.4, 0)], colours, 'lost', [
      'reference',
      'surviving',
    ]);
    const [, lost] = option.series as {
      data: { value: number; label: { formatter: () => string } }[];
      lineStyle: { color: string };
    }[];
    const { min } = option.yAxis as unknown as { min: number };
    expect(lost.data[1].value).toBe(min);
    expect(lost.data[1].label.formatter()).toMatch(/^gone/);
    // The chosen key is highlighted.
    expect(lost.lineStyle.color).toBe('accent');
  });

  it('says what was rotated, or why nobody can tell', () => {
    const cause = { lanes: [], lanesTvd: 0, rotations: 999, episodes: 493 };
    expect(plain(causeNotes({ cause: { ...cause, word: 'told' } }))).toMatch(/999 times; 493 loss episodes\.$/);
    expect(causeNotes({ cause: { ...cause, word: "can't tell", episodes: 1, rotations: 0 } })).toMatch(
      /^Can’t tell: 1 loss episode, and fewer than 5/,
    );
    expect(causeNotes({ cause: { ...cause, word: 'nothing lost', episodes: 0, rotations: 0 } })).toMatch(
      /^Nothing was lost/,
    );
  });
});
