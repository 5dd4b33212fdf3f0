/** The distribution of window durations; policies with the same windows share a line. */
import { axis, shareAxis, tooltip } from '../charts/axes.ts';
import { stroke } from '../charts/colours.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption } from '../charts/echarts.ts';
import { duration, percent } from '../format.ts';
import type { Curve } from './curves.ts';

/** Log x: a window of 0 ns (one sample lost) is drawn at 1 ns. */
export function durationCurves(all: readonly Curve[], c: Colours, policy: string | undefined): ChartOption {
  const lines = axis(c);
  const longest = Math.max(...all.map((curve) => curve.ns.at(-1) ?? 1), 10);
  const shortest = Math.min(...all.map((curve) => curve.ns[0]), longest / 10);
  const low = 10 ** Math.floor(Math.log10(Math.max(1, shortest)));
  const high = 10 ** Math.ceil(Math.log10(longest) + 0.01);
  return {
    grid: { left: 48, right: 16, top: 10, bottom: 42 },
    tooltip: {
      ...tooltip(c),
      trigger: 'item',
      formatter: (at) => {
        const { seriesIndex, dataIndex } = Array.isArray(at) ? at[0] : at;
        const curve = all[seriesIndex ?? 0];
        const i = Math.min(Math.max(0, dataIndex - 1), curve.ns.length - 1);
        return `${curve.policies.join(', ')}\n${percent(curve.share[i])} % of ${curve.windows} windows last ${duration(curve.ns[i])} or less`;
      },
    },
    xAxis: {
      ...lines,
      type: 'log',
      splitNumber: Math.round(Math.log10(high / low)),
      min: low,
      max: high,
      name: 'duration of a window',
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel: { ...lines.axisLabel, formatter: (ns: number) => duration(ns) },
    },
    yAxis: shareAxis(c),
    series: all.map((curve, i) => {
      const chosen = policy !== undefined && curve.policies.includes(policy);
      const { color, type } = stroke(i, c);
      return {
        type: 'line',
        name: curve.policies[0],
        step: 'end',
        symbol: 'circle',
        symbolSize: 5,
        showSymbol: curve.ns.length < 3,
        triggerLineEvent: true,
        z: chosen ? 3 : 2,
        data: [
          [Math.max(1, curve.ns[0]), 0],
          ...Array.from(curve.ns, (ns, k) => [Math.max(1, ns), curve.share[k]]),
          [high, 1],
        ],
        itemStyle: { color },
        lineStyle: { color, type, width: chosen ? 3 : 1.4 },
      };
    }),
  };
}
