/** A comparison as a document: the finding and one figure first, what reproduces it last. */
import type { ComparedPair, ComparisonReport, ComparisonSide } from './comparison.ts';
import { centredBars, lossBars } from './comparison-bars.ts';
import {
  checksTable,
  costTables,
  coverageTable,
  differingTable,
  likenessFacts,
  likenessTable,
  observedTable,
  pairTable,
  shareRows,
  shareTable,
  skewTable,
  windowTable,
} from './comparison-tables.ts';
import {
  comparisonFiles,
  comparisonFinding,
  comparisonTitle,
  coverageDiffers,
  coverageWords,
} from './comparison-words.ts';
import type { Block, Document, DocumentSection, Figure } from './document.ts';
import { inputBlock } from './facts.ts';
import { list } from '../words/lists.ts';
import { count, percent, significant } from '../words/numbers.ts';
import { lossRows } from './loss-chart.ts';
import type { SectionId } from './sections.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import { LIMIT } from './words.ts';

/** The parts that a comparison can leave out, in its order. */
export const comparisonSections: readonly SectionId[] = ['parameters', 'policies', 'windows', 'skew', 'inputs'];

/** Policies whose shares are drawn. */
const DRAWN = 6;

export function comparisonDocument(report: ComparisonReport): Document {
  const isReplay = report.subject !== 'captures';
  const sections: DocumentSection[] = [
    { id: 'parameters', title: settingTitles[report.subject], blocks: differingBlocks(report) },
    ...(isReplay
      ? ([
          { id: 'policies', title: 'Coverage, cost and skew', blocks: policyBlocks(report) },
          { id: 'windows', title: 'Blackout windows', blocks: windowBlocks(report) },
        ] as const)
      : [
          {
            id: 'windows' as const,
            title: 'Blackouts that the captures show themselves',
            blocks: [table('A and B, by reason', observedTable(report))],
          },
        ]),
    { id: 'skew', title: `Shares by ${report.by}`, blocks: shareBlocks(report) },
    { id: 'inputs', title: 'Inputs', blocks: [{ kind: 'facts', blocks: inputs(report) }] },
    { title: 'To reproduce this', blocks: reproduce(report) },
  ];
  return {
    umbra: report.umbra,
    title: comparisonTitle(report),
    subtitle: comparisonFiles(report),
    notes: [...report.notes, ...scaledMarks(report)],
    lead: comparisonFinding(report),
    figure: leadFigure(report),
    sections,
    foot: isReplay
      ? LIMIT
      : 'Two captures are two courses of the workload: what differs between them need not come from SPE.',
  };
}

function scaledMarks({ a, b }: ComparisonReport): string[] {
  return (
    [
      ['A', a],
      ['B', b],
    ] as const
  ).flatMap(([side, { scale }]) => (scale === 1 ? [] : [`${side}: KVM timeline scaled × ${significant(scale)}`]));
}

const table = (caption: string, of: Extract<Block, { kind: 'table' }>['table']): Block => ({
  kind: 'table',
  caption,
  table: of,
});
const text = (words: string): Block => ({ kind: 'text', text: words });

/** Losses of all policies; for a single pair the keys whose shares differ most, if any do. */
function leadFigure(report: ComparisonReport): Figure | undefined {
  const { pairs } = report;
  const figure = pairs.length === 1 ? shareFigure(pairs[0], 'shares', 'Shares in A minus shares in B') : undefined;
  if (figure) return { ...figure, key: shareKey(report.paired) };
  if (report.subject === 'captures' || pairs.length === 0) return undefined;
  const rows = pairs.map(lossRow);
  return {
    name: 'loss',
    caption: 'Samples lost',
    drawing: lossRows(rows),
    key: 'Filled: A, hollow: B; colour and shape: the verdict on the profile. Beside each policy: A’s coverage minus B’s in percentage points, with its 95 % interval (block bootstrap over time); *: the interval leaves 0 out.',
    text: lossBars(rows),
  };
}

function lossRow(pair: ComparedPair) {
  const { name, a, b } = pair;
  const words = `${coverageWords(pair)}${coverageDiffers(pair) ? ' *' : ''}`;
  return {
    names: [name],
    main: { share: 1 - a!.summary.coverage, word: a!.verdict },
    other: { share: 1 - b!.summary.coverage, word: b!.verdict },
    words,
    description: `${name}: coverage ${percent(a!.summary.coverage)} in A, ${percent(b!.summary.coverage)} in B, ${words}.`,
  };
}

/** Undefined if no share differs. */
function shareFigure({ comparison }: ComparedPair, name: string, caption: string): Figure | undefined {
  if (!comparison) return undefined;
  const rows = shareRows(comparison);
  if (movedMost({ rows }).length === 0) return undefined;
  return {
    name,
    caption,
    drawing: skewChart(name, caption, { rows }),
    text: centredBars(movedMost({ rows })),
  };
}

function shareKey(paired: boolean): string {
  const against = paired ? 'both loss masks at other moments' : 'blocks of time reshuffled';
  return `Keys whose shares differ most; after each name its share in B. Whiskers: 95 % intervals for all keys together (${against}). Solid bars with *: the interval leaves 0 out.`;
}

const settingTitles = {
  runs: 'Parameters that differ',
  policies: 'What they decide differently',
  captures: 'What the captures say of themselves',
} as const;
const settingWords = { runs: 'parameters', policies: 'settings', captures: 'facts' } as const;

function differingBlocks(report: ComparisonReport): Block[] {
  const { differing, settings } = report;
  const what = settingWords[report.subject];
  if (differing.length === 0) return [text(`None: all ${count(settings)} ${what} are the same.`)];
  return [
    table(`${count(differing.length)} of ${count(settings)} ${what}; the others are the same`, differingTable(report)),
  ];
}

const KEPT = 'Samples kept';

function policyBlocks(report: ComparisonReport): Block[] {
  const [pair] = report.pairs;
  const costs = costTables(report);
  const same = costs
    .flatMap(({ name, same: ids }) =>
      ids.length ? [`${capital(name)}: the same under ${some(ids, report.pairs.length)}.`] : [],
    )
    .join(' ');
  const trials = Math.max(0, ...report.pairs.flatMap(({ a, b }) => [a?.trials?.n ?? 0, b?.trials?.n ?? 0]));
  const checks = checksTable(report);
  const blocks =
    report.pairs.length === 1
      ? [table('A, B, and A minus B', pairTable(pair))]
      : [
          table(KEPT, coverageTable(report)),
          ...costs.flatMap(({ name, table: of }) => (of.rows.length ? [table(capital(name), of)] : [])),
          table('Skew and verdict, against the side’s own reference', skewTable(report)),
          ...(checks.rows.length ? [table('Coverage and verdict under the assumption checks', checks)] : []),
          table('What survived in A against what survived in B', likenessTable(report)),
          ...(same ? [text(same)] : []),
        ];
  return [
    ...blocks,
    text(
      [
        'Differences are A minus B, of coverage in percentage points with 95 % intervals (block bootstrap over time); *: the interval leaves 0 out.',
        trials > 1
          ? `Coverage as the 5–95 % range over placements of the buffers (up to ${count(trials)}); all else is of the first placement.`
          : '',
        'Blackout: guest time unprofiled, all lanes together. Stall: host time in which a vCPU was stopped.',
        'Skew: total variation distance (TVD) of the surviving shares from the reference, less what the same blackouts at other moments give on average.',
        report.pairs.length > 1
          ? 'Survivors: alike, chance explains the TVD between the two; close, it doesn’t, but no top-10 key is off by more than 10 % of its share; different, one is.'
          : '',
        checks.rows.length
          ? 'Over checks: coverage when one assumption at a time is changed, and whether the verdict holds.'
          : '',
      ]
        .filter(Boolean)
        .join(' '),
    ),
  ];
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

const some = (ids: readonly string[], all: number): string =>
  ids.length < all ? list(ids, 12) : all > 2 ? `all ${count(all)} policies` : list(ids);

/** Pairs with the same outcome go together. */
function grouped(pairs: readonly ComparedPair[], of: (pair: ComparedPair) => unknown): ComparedPair[][] {
  const found = new Map<string, ComparedPair[]>();
  for (const pair of pairs) {
    const key = JSON.stringify(of(pair));
    found.set(key, [...(found.get(key) ?? []), pair]);
  }
  return [...found.values()];
}

const names = (pairs: readonly ComparedPair[]): string =>
  list(
    pairs.map(({ name }) => name),
    12,
  );

function windowBlocks(report: ComparisonReport): Block[] {
  const differs = ({ a, b }: ComparedPair): boolean => JSON.stringify(a!.windows) !== JSON.stringify(b!.windows);
  const groups = grouped(report.pairs.filter(differs), ({ a, b }) => [a!.windows, b!.windows]);
  const same = report.pairs.filter((pair) => !differs(pair)).map(({ name }) => name);
  return [
    ...groups.map((group) =>
      table(report.pairs.length === 1 ? 'By cause and kind' : names(group), windowTable(group[0])),
    ),
    ...(same.length
      ? [text(`The same windows, or none, on both sides under ${some(same, report.pairs.length)}.`)]
      : []),
  ];
}

function shareBlocks(report: ComparisonReport): Block[] {
  const tested = report.pairs.filter(({ comparison }) => comparison);
  const groups = grouped(tested, ({ comparison }) => [comparison!.rows, comparison!.tvd]);
  const differ = groups.filter(([pair]) => movedMost({ rows: shareRows(pair.comparison!) }).length > 0);
  const weight = ([pair]: ComparedPair[]): number => (pair.comparison!.null?.pValue ?? 1) - pair.comparison!.tvd;
  const drawn = differ.toSorted((x, y) => weight(x) - weight(y)).slice(0, DRAWN);
  const rest = differ.filter((group) => !drawn.includes(group)).flat();
  const same = groups.filter((group) => !differ.includes(group)).flat();
  const single = report.pairs.length === 1;
  const figures = single ? [] : drawn.map((group, i) => shareFigure(group[0], `shares-${i}`, names(group))!);
  return [
    ...(figures.length ? [text(shareKey(report.paired)), { kind: 'figures' as const, figures }] : []),
    ...drawn.flatMap((group) => {
      const comparison = group[0].comparison!;
      return [
        table(single ? 'Keys that differ most' : names(group), shareTable(comparison)),
        text(likenessFacts(comparison)),
      ];
    }),
    ...(same.length && !single ? [text(`All shares are the same under ${names(same)}.`)] : []),
    ...(same.length && single ? [text('All shares are the same.')] : []),
    ...(rest.length ? [text(`Not shown, since they differ least: ${names(rest)}.`)] : []),
    ...(tested.length < report.pairs.length
      ? [text(`Nothing survived on one side at least under ${names(report.pairs.filter((pair) => !pair.comparison))}.`)]
      : []),
  ];
}

/** Each input once, with the sides it belongs to. */
function inputs({ a, b }: ComparisonReport) {
  const isOf = ({ inputs: own }: ComparisonSide, sha256: string): boolean => own.some((i) => i.sha256 === sha256);
  const all = new Map([...a.inputs, ...b.inputs].map((input) => [`${input.kind} ${input.sha256}`, input]));
  return [...all.values()].map((input) => {
    const sides = [isOf(a, input.sha256) && 'A', isOf(b, input.sha256) && 'B'].filter(Boolean).join(' and ');
    const block = inputBlock(input);
    return { ...block, title: `${block.title} (${sides})` };
  });
}

function reproduce(report: ComparisonReport): Block[] {
  const { a, b, umbra, command } = report;
  const files = [...new Map([...a.inputs, ...b.inputs].map((i) => [i.sha256, i])).values()];
  const facts = [
    { label: 'Umbra', value: umbra },
    ...[a, b].flatMap(({ seed }, i) =>
      seed === undefined ? [] : [{ label: `seed of ${'AB'[i]}`, value: String(seed) }],
    ),
    ...files.map(({ file, bytes, sha256 }) => ({ label: file, value: `${bytes} bytes, SHA-256 ${sha256}` })),
  ];
  const made = [a, b].flatMap(({ name, command: of }) => (of === undefined ? [] : [`# ${name}`, of]));
  const lines = a.id === b.id ? [`# run ${a.id}`, a.command!] : made;
  const last = lines.length ? '# this report, in the lab file that has them' : '# in a lab file that has both';
  return [
    { kind: 'facts', blocks: [{ title: '', facts, warnings: [] }] },
    { kind: 'commands', commands: [...lines, last, command] },
  ];
}
