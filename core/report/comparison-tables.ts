/** A comparison's numbers side by side. */
import type { Comparison } from '../analysis/compare.ts';
import { observedReasons } from '../analysis/observed.ts';
import type { ComparedPair, ComparisonReport, PairSide, WindowCount } from './comparison.ts';
import { checkedCoverage, holdsShort } from '../words/checks.ts';
import { checkedSide, coverageDiffers, coverageWords, interval } from './comparison-words.ts';
import { excessOf } from './cause-words.ts';
import { range, shorten } from '../words/lists.ts';
import { bytes, count, duration, pValue, percent, points, significant } from '../words/numbers.ts';
import { movedMost } from './skew-chart.ts';
import type { ShareRow } from './skew-chart.ts';
import type { Table } from './tables.ts';

const MINUS = '\u2212';

/** Parameters, decisions or facts that aren't the same. Empty columns are left out. */
export function differingTable({ differing }: ComparisonReport): Table {
  const origins = differing.some(({ originA }) => originA !== undefined);
  return {
    head: ['', 'A', 'B', ...(origins ? ['unit', 'origin'] : [])],
    align: origins ? 'lrrll' : 'lll',
    rows: differing.map(({ name, a, b, unit, originA, originB }) => [
      ...[name, a, b],
      ...(origins ? [unit, originA === originB ? (originA ?? '') : `${originA ?? '–'} / ${originB ?? '–'}`] : []),
    ]),
  };
}

/** One measure of both sides and the difference, A minus B. */
interface Measure {
  readonly name: string;
  readonly of: (side: PairSide) => number;
  readonly shown: (x: number) => string;
}

const measures: readonly Measure[] = [
  { name: 'blackout', of: ({ summary }) => summary.blackoutNs, shown: duration },
  { name: 'blackout windows', of: ({ summary }) => summary.windows, shown: count },
  { name: 'p99 window', of: ({ summary }) => summary.durations?.p99 ?? 0, shown: duration },
  { name: 'stall', of: ({ summary }) => summary.stallNs, shown: duration },
  { name: 'slowdown', of: ({ summary }) => summary.slowdown, shown: percent },
  { name: 'pinned, at most', of: ({ summary }) => summary.pinnedBytesPeak, shown: bytes },
  { name: 'stage 2 faults', of: ({ summary }) => summary.faults, shown: count },
];

/** The measures that tables of several policies compare. */
const wanted = ['blackout', 'stall', 'pinned, at most'];

/** All that a single pair differs in. */
export function pairTable(pair: ComparedPair): Table {
  const [a, b] = [pair.a!, pair.b!];
  const { comparison } = pair;
  return {
    head: ['', 'A', 'B', 'difference'],
    align: 'lrrr',
    rows: [
      ['samples kept', count(a.summary.kept), count(b.summary.kept), change(a.summary.kept, b.summary.kept, count)],
      ['coverage', covered(a), covered(b), coverageChange(pair)],
      ...(comparison && coverageChange(pair) !== 'same'
        ? [['its 95 % interval', '', '', interval(comparison.coverage.low, comparison.coverage.high)]]
        : []),
      ...measures.map(({ name, of, shown }) => [name, shown(of(a)), shown(of(b)), change(of(a), of(b), shown)]),
      ['excess skew', excessSkew(a), excessSkew(b), ''],
      ['verdict', a.verdict, b.verdict, ''],
      ...(a.checks?.length || b.checks?.length
        ? [
            ['coverage over checks', ...[a, b].map((side) => checkedCoverage(checkedSide(side)) ?? '–'), ''],
            ['its verdict', ...[a, b].map((side) => holdsShort(checkedSide(side)) ?? '–'), ''],
          ]
        : []),
    ],
  };
}

/** Without the interval. */
function coverageChange(pair: ComparedPair): string {
  return `${coverageWords(pair).replace(/ \(.*/, '')}${coverageDiffers(pair) ? ' *' : ''}`;
}

/** What each side keeps, and whether the difference is more than chance. */
export function coverageTable({ pairs }: ComparisonReport): Table {
  return {
    head: ['policy', 'A', 'B', 'difference (95 %)'],
    align: 'lrrr',
    rows: pairs.map((pair) => [
      shorten(pair.name, 22),
      covered(pair.a!),
      covered(pair.b!),
      `${coverageWords(pair)}${coverageDiffers(pair) ? ' *' : ''}`,
    ]),
  };
}

/** With the range over placement trials, where there were several. */
function covered({ summary, trials }: PairSide): string {
  return trials && trials.coverage.p5 !== trials.coverage.p95
    ? range(trials.coverage.p5, trials.coverage.p95, percent)
    : percent(summary.coverage);
}

/** What each side costs: a table per measure, of the policies in which the sides differ. */
export function costTables({ pairs }: ComparisonReport): { name: string; table: Table; same: string[] }[] {
  return measures
    .filter(({ name }) => wanted.includes(name))
    .map(({ name, of, shown }) => {
      const differs = ({ a, b }: ComparedPair): boolean => of(a!) !== of(b!);
      return {
        name,
        table: {
          head: ['policy', 'A', 'B', 'difference'],
          align: 'lrrr',
          rows: pairs
            .filter(differs)
            .map(({ name: id, a, b }) => [
              shorten(id, 26),
              shown(of(a!)),
              shown(of(b!)),
              change(of(a!), of(b!), shown),
            ]),
        },
        same: pairs.filter((pair) => !differs(pair)).map(({ name: id }) => id),
      };
    });
}

function change(a: number, b: number, shown: (x: number) => string): string {
  return a === b ? 'same' : `${a < b ? MINUS : '+'}${shown(Math.abs(a - b))}`;
}

/** How far each side's survivors are from its own reference. */
export function skewTable({ pairs }: ComparisonReport): Table {
  return {
    head: ['policy', 'skew A', 'skew B', 'verdict A', 'verdict B'],
    align: 'lrrll',
    rows: pairs.map(({ name, a, b }) => [shorten(name, 22), excessSkew(a!), excessSkew(b!), a!.verdict, b!.verdict]),
  };
}

/** What the assumption checks make of both sides; no rows where neither was checked. */
export function checksTable({ pairs }: ComparisonReport): Table {
  const side = (of: PairSide): string =>
    [checkedCoverage(checkedSide(of)), holdsShort(checkedSide(of))].filter(Boolean).join(', ') || '–';
  return {
    head: ['policy', 'A over checks', 'B over checks'],
    align: 'lll',
    rows: pairs
      .filter(({ a, b }) => a!.checks?.length || b!.checks?.length)
      .map(({ name, a, b }) => [shorten(name, 22), side(a!), side(b!)]),
  };
}

function excessSkew({ cause, summary }: PairSide): string {
  return cause && summary.lost > 0 ? excessOf(cause) : '–';
}

/** How alike the two sides' survivors are. */
export function likenessTable({ pairs }: ComparisonReport): Table {
  return {
    head: ['policy', 'TVD', 'null, 95 %', 'p', 'survivors'],
    align: 'lrrrl',
    rows: pairs.map(({ name, comparison: c }) => [
      shorten(name, 22),
      ...(!c
        ? ['–', '–', '–', 'nothing left']
        : c.tvd === 0
          ? ['0', '–', '–', 'the same']
          : !c.null
            ? [significant(c.tvd, 2), '–', '–', c.word]
            : [
                significant(c.tvd, 2),
                significant(c.null.p95, 2),
                pValue(c.null.pValue).replace(/^p( = )?/, ''),
                c.word,
              ]),
    ]),
  };
}

/** Blackout windows by what caused them and what kind they are, both sides. */
export function windowTable(pair: ComparedPair): Table {
  const [a, b] = [pair.a!.windows, pair.b!.windows];
  const name = ({ cause, kind }: WindowCount): string => (cause === 'none' ? kind : `${cause}: ${kind}`);
  const cells = (found: WindowCount | undefined): string[] =>
    found ? [count(found.windows), duration(found.ns), count(found.lost)] : ['0', '0', '0'];
  return {
    head: ['cause: kind', 'A', 'dark', 'lost', 'B', 'dark', 'lost'],
    align: 'lrrrrrr',
    rows: [...new Set([...a, ...b].map(name))].map((row) => [
      row,
      ...cells(a.find((w) => name(w) === row)),
      ...cells(b.find((w) => name(w) === row)),
    ]),
  };
}

/** Blackouts that two captures themselves show. */
export function observedTable({ a, b }: ComparisonReport): Table {
  const rows = observedReasons.map((reason) => [
    reason,
    ...[a, b].flatMap(({ observed }) => {
      const found = observed?.byReason[reason];
      return found ? [count(found.blackouts), duration(found.darkNs)] : ['–', '–'];
    }),
  ]);
  const all = [a, b].flatMap(({ observed: o }) => (o ? [percent(o.darkShare), duration(o.darkNs)] : ['–', '–']));
  const single = [a, b].flatMap(({ observed: o }) => [o ? count(o.collisions) : '–', '']);
  return {
    head: ['reason', 'A', 'dark', 'B', 'dark'],
    align: 'lrrrr',
    rows: [...rows, ['share of the time', ...all], ['collisions', ...single]],
  };
}

export function shareRows({ rows }: Comparison): (ShareRow & Comparison['rows'][number])[] {
  return rows.map((row) => ({ ...row, p: row.shareB }));
}

/** The keys that differ most. */
export function shareTable(comparison: Comparison): Table {
  const rows = movedMost({ rows: shareRows(comparison) });
  const width =
    Math.max(0, ...rows.map(({ low, high }) => (low === null || high === null ? 0 : (high - low) / 2))) || undefined;
  return {
    head: ['key', 'A', 'B', 'difference', '95 % interval', ''],
    align: 'lrrrrl',
    rows: rows.map((row) => [
      shorten(row.name, 24),
      percent(row.shareA),
      percent(row.shareB),
      points(row.difference, width),
      row.low === null || row.high === null ? '–' : interval(row.low, row.high),
      row.significant ? '*' : '',
    ]),
  };
}

/** How far apart two profiles are, in numbers. */
export function likenessFacts(c: Comparison): string {
  const how = c.paired ? 'both loss masks at other moments' : `blocks reshuffled, at least ${count(c.blocks)} a side`;
  const against = c.null
    ? `${how}: ${significant(c.null.mean, 2)}, 95 % up to ${significant(c.null.p95, 2)}; ${pValue(c.null.pValue)}`
    : `can’t tell: ${c.paired ? 'nothing was lost' : `only ${count(c.blocks)} blocks a side`}`;
  return [
    `TVD ${significant(c.tvd, 2)} (${against})`,
    `Jensen–Shannon distance ${significant(c.jsDistance, 2)}`,
    `${count(c.a)} samples in A, ${count(c.b)} in B`,
    `${count(c.significantKeys)} of ${count(c.keys)} keys differ significantly.`,
  ].join('; ');
}
