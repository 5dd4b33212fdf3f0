import { describe, expect, it } from 'vitest';
import type { SkewDigest, WindowTable } from '../../core/contract/runs.ts';
import type { RunPolicy } from '../../core/contract/contract.ts';
import { around, placeOf, rowsOf } from '../../renderer/blackouts/rows.ts';
import { curves } from '../../renderer/blackouts/curves.ts';
import { freeId } from '../../renderer/policies/free-id.ts';
import { notable } from '../../renderer/policies/notable.ts';
import { spots } from '../../renderer/policies/spots.ts';
import { commandLine, fieldText, measuredIn, paramGroups } from '../../renderer/policies/settings.ts';
import { movers, points, share, short } from '../../renderer/skew/words.ts';
import { csv, plottable } from '../../renderer/sql/csv.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

const table: WindowTable = {
  origin: '0',
  n: 4,
  lane: Int32Array.of(0, 0, 1, 1),
  start: Float64Array.of(100, 900, 50, 400),
  end: Float64Array.of(200, 5900, 51, 500),
  kind: Uint8Array.of(0, 1, 0, 3),
  cause: Uint8Array.of(0, 1, 1, 255),
  page: Float64Array.of(8, 9, 8, -1),
  action: Uint8Array.of(0, 4, 0, 255),
  lost: Uint32Array.of(1, 7, 0, 2),
  kinds: ['irq-latency', 'session-killed', 'vm-dead', 'buffer-full'],
  causes: ['first-touch', 'userspace'],
  actions: ['map'],
};
const byStart = { by: 'start', descending: false } as const;

describe('run-views: the table of windows', () => {
  it('filters by lane, kind, cause and time', () => {
    expect([...rowsOf(table, {}, byStart)]).toEqual([2, 0, 3, 1]);
    expect([...rowsOf(table, { lane: 1 }, byStart)]).toEqual([2, 3]);
    expect([...rowsOf(table, { kind: 'irq-latency' }, byStart)]).toEqual([2, 0]);
    expect([...rowsOf(table, { cause: 'none' }, byStart)]).toEqual([3]);
    expect([...rowsOf(table, { cause: 'kvm' }, byStart)]).toEqual([]);
    // Those that reach into the range, not only those that start in it.
    expect([...rowsOf(table, { from: 450, to: 950 }, byStart)]).toEqual([3, 1]);
  });

  it('sorts by any column; ties stay by lane and start', () => {
    expect([...rowsOf(table, {}, { by: 'duration', descending: true })]).toEqual([1, 0, 3, 2]);
    expect([...rowsOf(table, {}, { by: 'lost', descending: true })]).toEqual([1, 3, 0, 2]);
    expect([...rowsOf(table, {}, { by: 'page', descending: false })]).toEqual([3, 0, 2, 1]);
  });

  it('finds a window by lane and start', () => {
    const rows = rowsOf(table, {}, byStart);
    expect(placeOf(table, rows, 1, 400)).toBe(2);
    expect(placeOf(table, rows, 0, 400)).toBe(-1);
    expect(placeOf(table, rows, undefined, 400)).toBe(-1);
  });

  it('shows what led to a window, never before the run began', () => {
    expect(around(1_000_000, 1_001_000)).toEqual({ from: 990_000, to: 1_011_000 });
    expect(around(5000, 5000)).toEqual({ from: 0, to: 15_000 });
  });
});

describe('run-views: durations', () => {
  it('draws policies with the same windows as one line, and none without windows', () => {
    const one = { windows: 2, byKind: [], byCause: [], ns: Float64Array.of(1, 2), share: Float64Array.of(0.5, 1) };
    const other = { ...one, ns: Float64Array.of(1, 3) };
    const none = { ...one, windows: 0, ns: new Float64Array(), share: new Float64Array() };
    const lines = curves([
      { policy: 'a', ...one },
      { policy: 'b', ...other },
      { policy: 'c', ...one },
      { policy: 'd', ...none },
    ]);
    expect(lines.map((l) => l.policies)).toEqual([['a', 'c'], ['b']]);
  });
});

const policy = (id: string, coverage: number, slowdown: number, verdict = 'representative', excess = 0): RunPolicy => ({
  ...{ policy: id, title: id, dlDiscard: 'record', kept: 1000 * coverage, lost: 1000 - 1000 * coverage, coverage },
  ...{
    windows: 1,
    blackoutNs: 1,
    stallNs: 1,
    slowdown,
    pinnedBytesPeak: 0,
    reference: id === 'bare-metal',
    checks: [],
  },
  skew: [{ key: 'page', tvd: 0, nullMean: 0, nullP95: 0, pValue: 1, excess, verdict }],
});

describe('run-views: policies', () => {
  it('joins the policies that nothing beats; the reference and the dead are none of them', () => {
    const all = [
      policy('bare-metal', 1, 0),
      policy('map', 0.999, 0.01),
      policy('pin', 0.99, 0.001),
      policy('twin', 0.99, 0.001),
      policy('worse', 0.98, 0.02),
      policy('dead', 0.1, 0),
    ];
    expect(spots(all).map((s) => [s.policies.join(), s.best])).toEqual([
      ['bare-metal', false],
      ['map', true],
      ['pin,twin', true],
      ['worse', false],
      ['dead', false],
    ]);
  });

  it('shows first what misleads most, else what lost most and lives', () => {
    const calm = [policy('a', 0.99, 0), policy('b', 0.9, 0), policy('c', 0.1, 0, 'dead')];
    expect(notable(calm)?.policy).toBe('b');
    const skewed = [...calm, policy('d', 0.95, 0, 'misleading', 0.1), policy('e', 0.95, 0, 'misleading', 0.2)];
    expect(notable(skewed)?.policy).toBe('e');
    expect(notable([])).toBeUndefined();
  });

  it('finds a free id that a policy file takes', () => {
    expect(freeId('impdef-event', ['impdef-event'])).toBe('impdef-event-2');
    expect(freeId('a', ['a', 'a-2', 'a-3'])).toBe('a-4');
    expect(freeId('x'.repeat(64), []).length).toBeLessThanOrEqual(64);
  });
});

describe('run-views: a new run', () => {
  it('gives the command for what a form asks', () => {
    const asked = { lab: '/labs/my lab.umbra', spe: 1, kvm: 2, own: ['mine'], settings: { irqNs: '1500' } };
    expect(commandLine({ ...asked, policies: 'all' })).toBe(
      "umbra replay --db '/labs/my lab.umbra' --spe 1 --kvm 2 --policy all --policy-file mine.json --set irqNs=1500",
    );
    expect(commandLine({ ...asked, lab: 'a.umbra', own: [], settings: {}, policies: ['serror', 'pin-vm'] })).toBe(
      'umbra replay --db a.umbra --spe 1 --kvm 2 --policy serror,pin-vm',
    );
  });

  it('writes lists as --set takes them', () => {
    expect(fieldText([{ lane: 0, ipa: '0x80240000', size: 524288 }])).toBe('0=0x80240000:524288');
    expect(
      fieldText([
        { cpu: 3, vcpu: 1 },
        { cpu: 4, vcpu: 0 },
      ]),
    ).toBe('3=1,4=0');
    expect(fieldText('auto')).toBe('auto');
  });

  it('takes what was measured from a run of the pair', () => {
    const params = { params: { mapNs: 236157, irqNs: 1000 }, origin: { mapNs: 'measured', irqNs: 'assumed' } };
    expect([...measuredIn(params)]).toEqual([['mapNs', '236157']]);
    expect(measuredIn(undefined).size).toBe(0);
  });

  it('shows every parameter once, unknown ones too', () => {
    const info = (name: string) => ({ name, initial: 0, unit: '', wants: '' }) as never;
    const groups = paramGroups(['align', 'irqNs', 'gapFactor', 'brandNew'].map(info));
    expect(groups.map((g) => [g.title, g.params.map((p) => p.name)])).toEqual([
      ['Clocks', ['align']],
      ['Times', ['irqNs']],
      ['Others', ['brandNew']],
    ]);
  });
});

describe('run-views: skew in words', () => {
  it.each([
    [0, '0 %'],
    [0.00042, '0.042 %'],
    [0.0702, '7.02 %'],
    [0.5266, '52.7 %'],
  ])('share %d reads %s', (x, text) => expect(plain(share(x))).toBe(text));

  it.each([
    [1.591, '+1.59'],
    [-0.0864, '−0.086'],
    [0.00001, '0.00'],
    [-0.00001, '0.00'],
    [0, '0'],
  ])('%d points read %s', (x, text) => expect(points(x)).toBe(text));

  it('cuts long names in the middle, where they tell least', () => {
    expect(short('kvbench+0x2000')).toBe('kvbench+0x2000');
    const cut = short('a_very_long_library_name_that_nobody_reads.so.6+0x9a000');
    expect(cut).toHaveLength(30);
    expect(cut).toMatch(/^a_very_long…/);
    expect(cut).toMatch(/\+0x9a000$/);
  });

  it('takes those that moved most, largest first', () => {
    const row = (name: string, p: number, difference: number) =>
      ({ name, p, difference }) as SkewDigest['rows'][number];
    const rows = [row('a', 0.5, 0.1), row('b', 0.3, -2), row('c', 0.2, 0.5)];
    expect(movers(rows, 2).map((r) => r.name)).toEqual(['b', 'c']);
  });
});

describe('run-views: SQL results', () => {
  it('quotes what CSV needs quoted', () => {
    const rows = [['a,b', 1, null] as const, ['say "hi"', '9007199254740993', 'x\ny'] as const];
    expect(csv({ columns: ['p', 'q', 'r'], rows })).toBe(
      'p,q,r\r\n"a,b",1,\r\n"say ""hi""",9007199254740993,"x\ny"\r\n',
    );
  });

  it('draws two columns whose second is numbers, and nothing else', () => {
    const answer = (columns: string[], rows: (string | number | null)[][]) => ({ columns, rows, more: false, ms: 0 });
    expect(
      plottable(
        answer(
          ['x', 'y'],
          [
            [1, 2],
            [2, 3],
          ],
        ),
      )?.kind,
    ).toBe('line');
    expect(
      plottable(
        answer(
          ['x', 'y'],
          [
            ['a', 2],
            ['b', null],
            ['c', 4],
          ],
        ),
      ),
    ).toEqual({
      kind: 'bars',
      points: [
        ['a', 2],
        ['c', 4],
      ],
    });
    expect(
      plottable(
        answer(
          ['x', 'y'],
          [
            [1, 'a'],
            [2, 'b'],
          ],
        ),
      ),
    ).toBeUndefined();
    expect(plottable(answer(['x'], [[1], [2]]))).toBeUndefined();
    expect(
      plottable(
        answer(
          ['x', 'y'],
          Array.from({ length: 100 }, (_, i) => [`k${i}`, i]),
        ),
      ),
    ).toBeUndefined();
  });
});
