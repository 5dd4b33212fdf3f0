/** Latencies before and after as an ECharts option. */
import type { LatencyCurves } from '../../core/contract/runs.ts';
import { axis, shareAxis, tooltip } from '../charts/axes.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption, LineSeriesOption } from '../charts/echarts.ts';
import { count, percent } from '../format.ts';

/** Share of records that took at most so many cycles, log x: a latency of 0 is drawn at 1. */
export function latencyChart({ cycles, reference, kept }: LatencyCurves, c: Colours): ChartOption {
  const lines = axis(c);
  const low = 10 ** Math.floor(Math.log10(Math.max(1, cycles[0])));
  const high = Math.max(cycles[cycles.length - 1], 10 * low);
  const curve = (name: string, share: Float64Array, lineStyle: LineSeriesOption['lineStyle']): LineSeriesOption => ({
    ...{ type: 'line', name, step: 'end', symbol: 'none', lineStyle },
    data: [
      [low, 0],
      ...Array.from(cycles, (x, i) => [Math.max(low, x), share[i]]),
      ...(cycles[cycles.length - 1] < high ? [[high, 1]] : []),
    ],
  });
  return {
    grid: { left: 48, right: 16, top: 10, bottom: 42 },
    tooltip: {
      ...tooltip(c),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: c.muted } },
      formatter: (all) => {
        const [{ dataIndex }] = Array.isArray(all) ? all : [all];
        const i = Math.min(Math.max(0, dataIndex - 1), cycles.length - 1);
        return `${cycles[i]} cycles or less\nreference ${percent(reference[i])} %\nsurviving ${percent(kept[i])} %`;
      },
    },
    xAxis: {
      ...lines,
      type: 'log',
      min: low,
      max: high,
      name: 'total latency, cycles, logarithmic',
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel: { ...lines.axisLabel, formatter: (v: number) => count(Math.round(v)) },
    },
    yAxis: shareAxis(c),
    series: [
      curve('reference', reference, { color: c.dens, width: 3 }),
      curve('surviving', kept, { color: c.killed, width: 1.5 }),
    ],
  };
}
