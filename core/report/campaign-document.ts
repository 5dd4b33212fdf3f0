/** A report across pairs as a document: the finding and its figure first, what it rests on after. */
import {
  effectsTotal,
  changesTable,
  effectsTable,
  flagsTable,
  lossTable,
  standingTable,
  verdictTable,
  shownPolicies,
} from './campaign-tables.ts';
import type { CampaignReport } from './campaign.ts';
import { dotChart, dotKey, dotText } from './campaign-dots.ts';
import type { DotRow } from './campaign-dots.ts';
import {
  campaignFinding,
  differenceWords,
  groupName,
  methodText,
  ofPairs,
  policyNames,
  reversalSentence,
  standingSentence,
} from './campaign-words.ts';
import type { Block, Document, DocumentSection, Figure } from './document.ts';
import { list } from '../words/lists.ts';
import { count, counted } from '../words/numbers.ts';
import { LIMIT } from './words.ts';

/** Sentences of one kind shown. */
const MOST = 12;

const text = (words: string): Block => ({ kind: 'text', text: words });

export function campaignDocument(report: CampaignReport): Document {
  const { pairs, unit } = report;
  const sections: DocumentSection[] = pairs.length
    ? [
        { title: 'Which policy is best where', blocks: bestBlocks(report) },
        { title: `Loss by ${unit}`, blocks: unitBlocks(report) },
        { title: 'Reversals', blocks: reversalBlocks(report) },
        { title: 'What factors do to the loss', blocks: effectBlocks(report) },
        { title: 'Verdicts', blocks: verdictBlocks(report) },
      ]
    : [];
  return {
    umbra: report.umbra,
    title: report.title,
    subtitle: `${ofPairs(report, pairs)}, ${counted(report.policies.length, 'policy')}`,
    notes: notesOf(report),
    lead: campaignFinding(report),
    ...(pairs.length > 0 && { figure: lossFigure(report, 'loss', `Samples lost, ${ofPairs(report, pairs)}`, pairs) }),
    sections: [
      ...sections,
      { title: 'Pairs', blocks: pairBlocks(report) },
      { title: 'To reproduce this', blocks: reproduce(report) },
    ],
    foot: LIMIT,
  };
}

function notesOf({ counts, leftOut, flags }: CampaignReport): string[] {
  const weak = flags.filter((f) => f.pairs > 0 && !f.out);
  return [
    ...(counts.pending ? [`${count(counts.pending)} of ${count(counts.pairs)} pairs are not replayed yet`] : []),
    ...(counts.failed ? [`${count(counts.failed)} of ${count(counts.pairs)} pairs failed`] : []),
    ...(leftOut ? [`${counted(leftOut, 'pair')} left out by rule`] : []),
    ...weak.map((f) => `${counted(f.pairs, 'pair')} with ${f.words}`),
  ];
}

function lossFigure(report: CampaignReport, name: string, caption: string, pairs: CampaignReport['pairs']): Figure {
  const rows = shownPolicies(report).map((p): DotRow => ({
    name: report.policies[p],
    pairs: pairs.map(({ loss, verdicts }) => ({ loss: loss[p], verdict: verdicts[p] })),
  }));
  return { name, caption, drawing: dotChart(name, caption, rows), key: dotKey(rows), text: dotText(rows) };
}

function alikeText(report: CampaignReport): Block[] {
  const groups = shownPolicies(report).flatMap((p) => {
    const same = report.policies.flatMap((_, q) => (report.alike[q] === p ? [q] : []));
    return same.length ? [`${policyNames(report, [p, ...same], 12)}`] : [];
  });
  return groups.length
    ? [
        text(
          `These lose the same samples in each of the ${ofPairs(report, report.pairs)}, and are listed once: ${groups.join('; ')}.`,
        ),
      ]
    : [];
}

function bestBlocks(report: CampaignReport): Block[] {
  const [all, ...parts] = report.standings;
  if (!all) return [];
  return [
    ...alikeText(report),
    ...parts.slice(0, 2 * MOST).map((s) => text(standingSentence(report, s))),
    ...(parts.length > 2 * MOST
      ? [text(`The other ${count(parts.length - 2 * MOST)} values of factors are in the table.`)]
      : []),
    {
      kind: 'table',
      caption: `Mean loss, ${ofPairs(report, report.pairs)}; *: best, ?: not clearly worse than the best`,
      table: standingTable(report),
    },
    { kind: 'table', caption: `How losses are spread over ${ofPairs(report, report.pairs)}`, table: lossTable(report) },
    text(methodText(report)),
  ];
}

/** Machines whose losses are drawn. */
const DRAWN = 12;

function unitBlocks(report: CampaignReport): Block[] {
  const { unit, pairs } = report;
  const values = [...new Set(pairs.flatMap(({ factors }) => factors[unit] ?? []))];
  if (values.length < 2) return [text(`Of ${ofPairs(report, pairs)}: there is no other ${unit} to set it against.`)];
  const figures = values.slice(0, DRAWN).map((value, i) => {
    const own = pairs.filter(({ factors }) => factors[unit] === value);
    return lossFigure(report, `loss-${i}`, `${unit} ${value}, ${ofPairs(report, own)}`, own);
  });
  const rest = values.length - figures.length;
  return [
    { kind: 'figures', inText: true, figures: figures.map(({ key: _, ...figure }) => figure) },
    ...(rest > 0 ? [text(`${count(rest)} more are in the dataset, not drawn here.`)] : []),
  ];
}

function reversalBlocks(report: CampaignReport): Block[] {
  const { factorReversals, checkReversals, checks, pairs } = report;
  const shown = (all: CampaignReport['factorReversals']): Block[] => [
    ...all.slice(0, MOST).map((r) => text(reversalSentence(report, r))),
    ...(all.length > MOST ? [text(`${count(all.length - MOST)} smaller ones are not listed.`)] : []),
  ];
  return [
    ...(factorReversals.length
      ? shown(factorReversals)
      : [text(`On factors: none that is clear on both sides, of ${ofPairs(report, pairs)}.`)]),
    ...(checks.length === 0
      ? [
          text(
            `On assumptions: not looked for; the campaign replays no assumption checks for its ${ofPairs(report, pairs)}.`,
          ),
        ]
      : checkReversals.length
        ? shown(checkReversals)
        : [
            text(
              `On assumptions: none of the ${count(checks.length)} checks clearly turns an order around, of ${ofPairs(report, pairs)}.`,
            ),
          ]),
  ];
}

function effectBlocks(report: CampaignReport): Block[] {
  const { effects, pairs, factors } = report;
  if (!factors.length) return [text(`The campaign names no factors of its ${ofPairs(report, pairs)}.`)];
  const shown = factors.flatMap((factor): Block[] => {
    const own = effects.flatMap(({ policy, factors: all }) =>
      all.filter((e) => e.factor === factor).map((e) => ({ policy, effects: e })),
    );
    const [first] = own;
    if (!first) return [];
    const { values, common, uneven } = first.effects;
    if (!values.length)
      return [
        text(
          `${factor}: no effect can be estimated from ${ofPairs(report, pairs)}: its values share no combination of the other factors.`,
        ),
      ];
    const left = uneven ? `; ${count(uneven)} combinations that some ${factor} lacks are left out` : '';
    return [
      {
        kind: 'table',
        caption: `${factor}, over ${count(common)} ${common === 1 ? 'combination' : 'combinations'} of the other factors, ${ofPairs(report, pairs)}${left}`,
        table: effectsTable(report, own),
      },
      text(largestEffect(report, own)),
    ];
  });
  return [
    ...shown,
    text(
      `Loss with a value less the mean over the factor’s values, in percentage points; ±: 95 % for all ${count(effectsTotal(report))} effects together, from repetitions; *: 0 is left out. Of ${ofPairs(report, pairs)}.`,
    ),
  ];
}

function largestEffect(report: CampaignReport, own: Parameters<typeof effectsTable>[1]): string {
  const all = own
    .flatMap(({ policy, effects: { values } }) => values.map((v) => ({ policy, ...v })))
    .filter((v) => v.clear);
  const [most] = all.sort((x, y) => Math.abs(y.mean) - Math.abs(x.mean));
  const of = ofPairs(report, report.pairs);
  if (!most) return `Of ${of}: no effect of ${own[0].effects.factor} is clear.`;
  const what = most.mean > 0 ? 'more' : 'less';
  return `Of ${of}: the largest clear effect is ${most.factor} ${most.value}’s, ${differenceWords(most)} ${what} than the mean under ${report.policies[most.policy]}.`;
}

function verdictBlocks(report: CampaignReport): Block[] {
  const { pairs, standings, changes } = report;
  const groups = standings.map(({ group }) => group).slice(0, 2 * MOST);
  return [
    ...groups.map((group): Block => {
      const own = group.factor === undefined ? pairs : pairs.filter((p) => p.factors[group.factor!] === group.value);
      return {
        kind: 'table',
        caption: `${groupName(group)}: ${ofPairs(report, own)}`,
        table: verdictTable(report, own),
      };
    }),
    ...(changes.length
      ? [
          text(`Each check is replayed with all else as the campaign sets it, for ${ofPairs(report, pairs)}.`),
          {
            kind: 'table' as const,
            caption: `Verdicts that depend on an assumption, of ${ofPairs(report, pairs)}`,
            table: changesTable(report),
          },
        ]
      : report.checks.length
        ? [text(`No assumption check changes a verdict in any of the ${ofPairs(report, pairs)}.`)]
        : []),
  ];
}

function pairBlocks(report: CampaignReport): Block[] {
  const { counts, leftOut, failures, pairs } = report;
  const rest = [
    `${count(pairs.length)} counted here`,
    ...(leftOut ? [`${count(leftOut)} left out by rule`] : []),
    ...(counts.failed ? [`${count(counts.failed)} failed`] : []),
    ...(counts.pending ? [`${count(counts.pending)} not replayed yet`] : []),
    ...(counts.repeated ? [`${count(counts.repeated)} with the same captures as another (counted once)`] : []),
  ];
  return [
    text(`Of the campaign’s ${count(counts.pairs)} pairs: ${list(rest, 9)}.`),
    { kind: 'table', caption: 'What makes pairs weaker evidence', table: flagsTable(report) },
    ...(failures.length
      ? [
          {
            kind: 'table' as const,
            caption: `Failures${failures.length > MOST ? `, the first ${count(MOST)} of ${count(failures.length)}` : ''}`,
            table: {
              head: ['pair', 'reason'],
              align: 'll',
              rows: failures.slice(0, MOST).map((f) => [f.pair, f.reason]),
            },
          },
        ]
      : []),
  ];
}

function reproduce(report: CampaignReport): Block[] {
  const params = Object.entries(report.params).map(([label, value]) => ({
    label,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  return [
    {
      kind: 'facts',
      blocks: [
        {
          title: '',
          facts: [
            { label: 'Umbra', value: report.umbra },
            {
              label: 'parameters set',
              value: params.length ? params.map((p) => `${p.label} = ${p.value}`).join('; ') : 'none',
            },
          ],
          warnings: [],
        },
      ],
    },
    { kind: 'commands', commands: [report.command] },
  ];
}
