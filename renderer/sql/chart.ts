/** Two columns of an answer as an ECharts option. */
import type { SqlAnswer } from '../../core/contract/runs.ts';
import { axis, tooltip } from '../charts/axes.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption } from '../charts/echarts.ts';
import { count } from '../format.ts';
import { plottable } from './csv.ts';

/** Undefined where there is nothing to draw. @returns `height` in px */
export function answerChart(
  answer: SqlAnswer,
  c: Colours,
): { readonly option: ChartOption; readonly height: number } | undefined {
  const plot = plottable(answer);
  if (!plot) return undefined;
  const lines = axis(c);
  const { kind, points } = plot;
  const [x, y] = answer.columns;
  const number = (v: number) => (Number.isInteger(v) ? count(v) : String(v));
  const value = {
    ...lines,
    type: 'value' as const,
    name: y,
    nameLocation: 'end' as const,
    axisLabel: { ...lines.axisLabel, formatter: number },
  };
  const tip = { ...tooltip(c), trigger: 'axis' as const };
  const edges = { left: 8, right: 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' } as const;
  if (kind === 'bars') {
    return {
      height: Math.min(420, 56 + points.length * 20),
      option: {
        tooltip: tip,
        grid: { ...edges, top: 8, bottom: 40 },
        xAxis: { ...value, nameLocation: 'middle', nameGap: 26 },
        yAxis: { ...lines, type: 'category', inverse: true, data: points.map(([name]) => String(name ?? 'NULL')) },
        series: [{ type: 'bar', data: points.map(([, v]) => v), itemStyle: { color: c.dens }, barMaxWidth: 16 }],
      },
    };
  }
  return {
    height: 240,
    option: {
      tooltip: tip,
      grid: { ...edges, top: 28, bottom: 40 },
      xAxis: { ...value, scale: true, name: x, nameLocation: 'middle', nameGap: 26 },
      yAxis: { ...value, scale: true },
      series: [
        {
          type: 'line',
          symbol: 'none',
          data: points,
          lineStyle: { color: c.accent, width: 1.5 },
        },
      ],
    },
  };
}
