/** The report's one figure: what each policy loses, on a logarithmic scale, with either kind of guest. */
import { axis, renderChart } from './chart.ts';
import { shorten } from '../words/lists.ts';
import { percent } from '../words/numbers.ts';
import type { Markup } from './html.ts';
import type { PolicyReport, Report, Variant } from './model.ts';
import { verdictSigns } from '../words/signs.ts';
import { placeholder } from './palette.ts';
import { compared, discardWords, otherDiscard } from './words.ts';

const ROW = 22;
const WIDTH = 800;
/** Room for the longest change of verdict in a wide fallback font: 7 px a character. */
const RIGHT = 248;

/** One row: what is lost, and what is lost otherwise, each with its verdict. */
export interface LossRow {
  readonly name: string;
  /** Filled. */
  readonly main: Loss;
  /** Hollow. */
  readonly other?: Loss;
  /** Behind the row. */
  readonly words: string;
  /** For who doesn't see the chart. */
  readonly description: string;
}

export interface Loss {
  /** 0 … 1 */
  readonly share: number;
  readonly word: Variant['verdict']['word'];
}

export function lossChart(report: Report): Markup {
  const other = otherDiscard(report);
  return lossRows(
    compared(report).map(({ policy, variant }) => {
      const against = policy.variants[other];
      return {
        name: policy.id,
        main: lossOf(variant),
        ...(against && { other: lossOf(against) }),
        words: words(variant, against),
        description: describe(policy, variant, against, report),
      };
    }),
  );
}

export function lossRows(rows: readonly LossRow[]): Markup {
  const shares = rows.flatMap(({ main, other }) => [main.share, ...(other ? [other.share] : [])]);
  const least = Math.min(...shares.filter((share) => share > 0), 0.01);
  // One decade below the least loss stands for none at all.
  const none = Math.floor(Math.log10(least)) - (shares.includes(0) ? 1 : 0);
  const x = (share: number): number => (share > 0 ? Math.log10(share) : none);

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
  const connectors = rows.flatMap(({ main, other }, row) =>
    other
      ? [
          [x(main.share), row],
          [x(other.share), row],
          [NaN, NaN],
        ]
      : [],
  );

  return renderChart(
    { id: 'loss', title: 'Samples lost per policy', description: rows.map((row) => row.description).join(' ') },
    WIDTH,
    rows.length * ROW + 34,
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
          data: rows.map(({ name }) => shorten(name, 24)),
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
        // Hollow and a little larger: still seen where both are the same.
        { type: 'scatter', silent: true, z: 4, symbolSize: 11, data: points(false) },
      ],
    },
  );
}

function lossOf({ summary, verdict }: Variant): Loss {
  return { share: 1 - summary.coverage, word: verdict.word };
}

function words(main: Variant, other: Variant | undefined): string {
  const changed = other && other.verdict.word !== main.verdict.word;
  return changed ? `${main.verdict.word} → ${other.verdict.word}` : main.verdict.word;
}

function describe(policy: PolicyReport, main: Variant, other: Variant | undefined, report: Report): string {
  const first = `${policy.id}: coverage ${percent(main.summary.coverage)}, ${main.verdict.word}`;
  if (!other) return `${first}.`;
  const guest = discardWords[otherDiscard(report)];
  return `${first}; if the ${guest} ${percent(other.summary.coverage)}, ${other.verdict.word}.`;
}
