/** The report's one figure: what each policy loses, on a logarithmic scale, with either kind of guest. */
import { axis, renderChart } from './chart.ts';
import { coverage, percent, shorten } from './format.ts';
import type { Markup } from './html.ts';
import type { PolicyReport, Report, Variant } from './model.ts';
import type { Colour } from './palette.ts';
import { placeholder } from './palette.ts';
import { compared, discardWords, otherDiscard } from './words.ts';

export const verdictColours: Readonly<Record<Variant['verdict']['word'], Colour>> = {
  representative: 'good',
  'usable with care': 'warn',
  misleading: 'bad',
  dead: 'ink',
};

/** Each verdict has a shape, too. */
const symbols: Readonly<Record<Variant['verdict']['word'], string>> = {
  representative: 'circle',
  'usable with care': 'rect',
  misleading: 'triangle',
  dead: 'diamond',
};

const ROW = 22;

export function lossChart(report: Report): Markup {
  const rows = compared(report);
  const other = otherDiscard(report);
  const shares = rows.flatMap(({ policy, variant }) =>
    [variant, policy.variants[other]].flatMap((v) => (v ? lost(v) : [])),
  );
  const least = Math.min(...shares.filter((share) => share > 0), 0.01);
  // One decade below the least loss stands for none at all.
  const none = Math.floor(Math.log10(least)) - (shares.includes(0) ? 1 : 0);
  const x = (share: number): number => (share > 0 ? Math.log10(share) : none);
  const width = 800;
  // Room for the longest change of verdict in a wide fallback font: 7 px a character.
  const right = 248;

  const points = (filled: boolean): unknown[] =>
    rows.flatMap(({ policy, variant }, row) => {
      const shown = filled ? variant : policy.variants[other];
      if (!shown) return [];
      const colour = placeholder(verdictColours[shown.verdict.word]);
      const style = filled
        ? { color: colour, opacity: 1 }
        : { color: placeholder('surface'), borderColor: colour, borderWidth: 1.5, opacity: 1 };
      return [{ value: [x(lost(shown)), row], symbol: symbols[shown.verdict.word], itemStyle: style }];
    });
  const connectors = rows.flatMap(({ policy, variant }, row) => {
    const shown = policy.variants[other];
    return shown
      ? [
          [
            [x(lost(variant)), row],
            [x(lost(shown)), row],
            [NaN, NaN],
          ],
        ].flat()
      : [];
  });

  return renderChart(
    {
      id: 'loss',
      title: 'Samples lost per policy',
      description: rows
        .map(({ policy, variant }) => describe(policy, variant, policy.variants[other], report))
        .join(' '),
    },
    width,
    rows.length * ROW + 34,
    {
      grid: { left: 156, right, top: 4, bottom: 30 },
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
          data: rows.map(({ policy }) => shorten(policy.id, 24)),
          axisLabel: { color: placeholder('ink'), fontSize: 12 },
          splitLine: { show: false },
        }),
        axis({
          type: 'category',
          inverse: true,
          position: 'right',
          data: rows.map(({ policy, variant }) => words(variant, policy.variants[other])),
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
          lineStyle: { color: placeholder('density'), width: 1 },
        },
        { type: 'scatter', silent: true, z: 5, symbolSize: 8, data: points(false) },
        { type: 'scatter', silent: true, z: 6, symbolSize: 9, data: points(true) },
      ],
    },
  );
}

function lost({ summary }: Variant): number {
  return 1 - summary.coverage;
}

function words(main: Variant, other: Variant | undefined): string {
  const changed = other && other.verdict.word !== main.verdict.word;
  return changed ? `${main.verdict.word} → ${other.verdict.word}` : main.verdict.word;
}

function describe(policy: PolicyReport, main: Variant, other: Variant | undefined, report: Report): string {
  const first = `${policy.id}: coverage ${coverage(main.summary.coverage)}, ${main.verdict.word}`;
  if (!other) return `${first}.`;
  const guest = discardWords[otherDiscard(report)];
  return `${first}; if the ${guest} ${coverage(other.summary.coverage)}, ${other.verdict.word}.`;
}
