/** The report's one figure: what each policy loses, on a logarithmic scale, and what the assumption checks make of it. */
import { axis, renderChart } from './chart.ts';
import { shorten } from '../words/lists.ts';
import { percent } from '../words/numbers.ts';
import type { Markup } from './html.ts';
import type { VerdictWord } from '../model/terms.ts';
import { changing, checkedRange, holdsSentence, sameNames } from '../words/checks.ts';
import { checkedOf, samePolicies, survival } from './check-words.ts';
import type { Report, ReportedOutcome } from './model.ts';
import { verdictSigns } from '../words/signs.ts';
import { placeholder } from './palette.ts';
import { compared } from './words.ts';

/** What its marks mean. */
export const LOSS_KEY =
  'Filled: as the run assumes. Line: over the assumption checks. Hollow: the check that changes the verdict most.';

const ROW = 22;
const WIDTH = 800;
/** Room for the longest change of verdict in a wide fallback font: 7 px a character. */
const RIGHT = 248;

/** One row: what is lost, and what is lost otherwise, each with its verdict. */
export interface LossRow {
  /** Policies with the same outcome. */
  readonly names: readonly string[];
  /** Filled. */
  readonly main: Loss;
  /** Hollow. */
  readonly other?: Loss;
  /** A line from the least to the greatest loss, 0 … 1. */
  readonly over?: readonly [least: number, greatest: number];
  /** After the row. */
  readonly words: string;
  /** For readers who can't see the chart. */
  readonly description: string;
}

export interface Loss {
  /** 0 … 1 */
  readonly share: number;
  readonly word: VerdictWord;
}

export function lossChart(report: Report): Markup {
  return lossRows(
    samePolicies(compared(report), survival).map(({ ids, outcome }) => {
      const of = checkedOf(outcome);
      const [least, greatest] = checkedRange(of);
      // The change that moves most; the verdicts' section has all of them.
      const change = changing(of).toSorted((a, b) => distance(b, of) - distance(a, of))[0];
      const other = change && change.verdict ? { share: 1 - change.coverage, word: change.verdict } : undefined;
      return {
        names: ids,
        main: lossOf(outcome),
        ...(other && { other }),
        ...(least < greatest && { over: [1 - greatest, 1 - least] as const }),
        words: other ? `${outcome.verdict.word} → ${other.word}` : outcome.verdict.word,
        description: describe(ids, outcome),
      };
    }),
  );
}

const distance = ({ coverage }: { readonly coverage: number }, of: { readonly coverage: number }): number =>
  Math.abs(coverage - of.coverage);

/** What a row is called: the second line says what else has the same outcome. */
function rowName(names: readonly string[]): string {
  if (names.length === 1) return shorten(names[0], 24);
  return `${shorten(names[0], 22)} =\n${names.length === 2 ? shorten(names[1], 24) : `${names.length - 1} others`}`;
}

const TALL_ROW = 34;

export function lossRows(rows: readonly LossRow[]): Markup {
  const shares = rows.flatMap(({ main, other, over = [] }) => [main.share, ...(other ? [other.share] : []), ...over]);
  const least = Math.min(...shares.filter((share) => share > 0), 0.01);
  // One decade below the least loss stands for none at all.
  const none = Math.floor(Math.log10(least)) - (shares.includes(0) ? 1 : 0);
  const x = (share: number): number => (share > 0 ? Math.log10(share) : none);
  const rowHeight = rows.some(({ names }) => names.length > 1) ? TALL_ROW : ROW;

  const points = (filled: boolean): unknown[] =>
    rows.flatMap(({ main, other }, row) => {
      const shown = filled ? main : other;
      if (!shown) return [];
      const colour = placeholder(verdictSigns[shown.word].colour);
      const style = filled
        ? { color: colour, opacity: 1 }
        : { color: placeholder('surface'), borderColor: colour, borderWidth: 1.5, opacity: 1 };
      return [{ value: [x(shown.share), row], symbol: verdictSigns[shown.word].symbol, itemStyle: style }];
    });
  const connectors = rows.flatMap(({ main, other, over }, row) => {
    const [from, to] = over ?? [main.share, other?.share];
    return to === undefined
      ? []
      : [
          [x(from), row],
          [x(to), row],
          [NaN, NaN],
        ];
  });

  return renderChart(
    { id: 'loss', title: 'Samples lost per policy', description: rows.map((row) => row.description).join(' ') },
    WIDTH,
    rows.length * rowHeight + 34,
    {
      grid: { left: 156, right: RIGHT, top: 4, bottom: 30 },
      xAxis: axis({
        type: 'value',
        min: none,
        max: 0,
        interval: 1,
        axisLabel: { formatter: (v: number) => (v === none && shares.includes(0) ? 'none' : percent(10 ** v)) },
      }),
      yAxis: [
        axis({
          type: 'category',
          inverse: true,
          data: rows.map(({ names }) => rowName(names)),
          axisLabel: { color: placeholder('ink'), fontSize: 12 },
          splitLine: { show: false },
        }),
        axis({
          type: 'category',
          inverse: true,
          position: 'right',
          data: rows.map((row) => row.words),
          axisLabel: { color: placeholder('ink'), fontSize: 11.5 },
          splitLine: { show: false },
        }),
      ],
      series: [
        {
          type: 'line',
          data: connectors,
          showSymbol: false,
          silent: true,
          connectNulls: false,
          lineStyle: { color: placeholder('dens'), width: 1 },
        },
        { type: 'scatter', silent: true, z: 5, symbolSize: 8, data: points(true) },
        // Hollow and a little larger: still visible where both are the same.
        { type: 'scatter', silent: true, z: 4, symbolSize: 11, data: points(false) },
      ],
    },
  );
}

function lossOf({ summary, verdict }: ReportedOutcome): Loss {
  return { share: 1 - summary.coverage, word: verdict.word };
}

function describe(ids: readonly string[], outcome: ReportedOutcome): string {
  const { summary, verdict } = outcome;
  const holds = holdsSentence(checkedOf(outcome));
  return `${sameNames(ids)}: coverage ${percent(summary.coverage)}, ${verdict.word}.${holds ? ` ${holds}` : ''}`;
}
