/** Shares before and after as a slope chart: a line per key, from its share in one profile to that in the other. */
import { axis, tooltip } from '../charts/axes.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption, LineSeriesOption } from '../charts/echarts.ts';
import { spread } from '../charts/spread.ts';
import { points, share, short, survival } from './words.ts';
import type { Profiles, ShareRow } from './words.ts';

/** px: the chart's edges, and from one label to the next. */
const TOP = 28;
const BOTTOM = 8;
const LABEL = 14;

/** px: as many names as fit under each other without touching. */
export function slopeHeight(rows: number): number {
  return Math.max(160, 40 + rows * 19);
}

/** @param ends names of the two sides */
export function slopeChart(
  rows: readonly ShareRow[],
  c: Colours,
  picked: string | undefined,
  ends: readonly [string, string],
  profiles: Profiles = survival,
): ChartOption {
  const lines = axis(c);
  const positive = rows.flatMap((r) => [r.p, r.q]).filter((x) => x > 0);
  const low = 10 ** (Math.log10(Math.min(...positive, 1)) - 0.25);
  const high = Math.min(1, Math.max(...positive, low * 10) * 1.3);
  // No share on one side: its line ends at the lower edge.
  const at = (x: number) => Math.max(x, low);
  const height = slopeHeight(rows.length) - TOP - BOTTOM;
  const y = (x: number) => height * (1 - Math.log(at(x) / low) / Math.log(high / low));
  const shifts = (side: 'p' | 'q') => {
    const wished = rows.map((row) => y(row[side]));
    return spread(wished, LABEL).map((place, i) => place - wished[i]);
  };
  const [left, right] = [shifts('p'), shifts('q')];
  const value = {
    ...lines,
    type: 'log' as const,
    min: low,
    max: high,
    axisLabel: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
    minorSplitLine: { show: false },
  };
  const series = rows.map((row, i): LineSeriesOption => {
    const on = row.name === picked;
    const color = on ? c.accent : row.significant ? c.killed : c.dens;
    const label = {
      show: true,
      fontSize: 11,
      fontFamily: c.mono,
      color: on ? c.accent : row.significant ? c.ink : c.muted,
      fontWeight: on || row.significant ? (600 as const) : (400 as const),
    };
    return {
      type: 'line',
      name: row.name,
      triggerLineEvent: true,
      data: [
        {
          value: at(row.p),
          label: { ...label, position: 'left', offset: [0, left[i]], formatter: () => share(row.p) },
        },
        {
          value: at(row.q),
          label: {
            ...label,
            position: 'right',
            offset: [0, right[i]],
            formatter: () =>
              `${(row.q ? share(row.q) : 'gone').padEnd(7)}${row.significant ? '*' : ' '} ${short(row.name, 26)}`,
          },
        },
      ],
      symbol: row.significant ? 'diamond' : 'circle',
      symbolSize: on ? 8 : row.significant ? 7 : 5,
      z: on ? 5 : row.significant ? 4 : 3,
      itemStyle: { color },
      lineStyle: { color, width: on ? 3 : row.significant ? 2 : 1.25, opacity: on || row.significant ? 1 : 0.75 },
    };
  });
  return {
    grid: { left: 64, right: 250, top: TOP, bottom: BOTTOM },
    tooltip: {
      ...tooltip(c),
      formatter: (point) => {
        const { seriesIndex = 0 } = Array.isArray(point) ? point[0] : point;
        const row = rows[seriesIndex];
        return row
          ? `${row.name}\n${share(row.p)} ${profiles.p}, ${share(row.q)} ${profiles.q}\n${points(row.difference)} pp`
          : '';
      },
    },
    xAxis: {
      ...lines,
      type: 'category',
      data: [...ends],
      boundaryGap: false,
      position: 'top',
      axisTick: { show: false },
      axisLine: { show: false },
      splitLine: { show: true, lineStyle: { color: c.line } },
    },
    yAxis: value,
    series,
  };
}
