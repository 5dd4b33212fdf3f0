/** The Skew view's charts as ECharts options. */
import type { SkewAnswer, SkewDigest } from '../../core/contract/runs.ts';
import { axis, tooltip } from '../charts/axes.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption, CustomSeriesOption } from '../charts/echarts.ts';
import { duration, percent } from '../format.ts';
import { adjustedText, points, share, short, survival } from './words.ts';
import type { ShareRow } from './words.ts';

/** Height of a bar's row, px. */
export const ROW = 22;

/** Diverging bars: surviving share minus reference share, with 95 % intervals. Solid and with *: significant. */
export function differenceBars(
  rows: readonly ShareRow[],
  c: Colours,
  picked: string | undefined,
  profiles = survival,
): ChartOption {
  const lines = axis(c);
  const whisker: CustomSeriesOption = {
    type: 'custom',
    silent: true,
    z: 3,
    data: rows.map((r, i) => [r.low ?? NaN, r.high ?? NaN, i]),
    encode: { x: [0, 1], y: 2 },
    renderItem: (_params, api) => {
      const [x0, y] = api.coord([api.value(0), api.value(2)]);
      const [x1] = api.coord([api.value(1), api.value(2)]);
      if (!Number.isFinite(x0) || !Number.isFinite(x1)) return undefined;
      const line = (ax: number, ay: number, bx: number, by: number) => ({
        type: 'line' as const,
        shape: { x1: ax, y1: ay, x2: bx, y2: by },
        style: { stroke: c.ink, lineWidth: 1 },
      });
      return {
        type: 'group',
        children: [line(x0, y, x1, y), line(x0, y - 3, x0, y + 3), line(x1, y - 3, x1, y + 3)],
      };
    },
  };
  return {
    grid: { left: 8, right: 64, top: 4, bottom: 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...tooltip(c),
      formatter: (at) => {
        const row = rows[(Array.isArray(at) ? at[0] : at).dataIndex];
        return [
          row.name,
          `${share(row.p)} ${profiles.p}, ${share(row.q)} ${profiles.q}`,
          `${points(row.difference)} pp${typeof row.low !== 'number' || typeof row.high !== 'number' ? '' : `, 95 % ${points(row.low)} to ${points(row.high)}`}`,
          `for all keys together p ${adjustedText(row.adjusted)}`,
        ].join('\n');
      },
    },
    xAxis: {
      ...lines,
      type: 'value',
      axisLabel: { ...lines.axisLabel, formatter: (v: number) => `${v < 0 ? '−' : v > 0 ? '+' : ''}${Math.abs(v)} pp` },
      scale: false,
    },
    yAxis: {
      ...lines,
      type: 'category',
      inverse: true,
      data: rows.map((r) => r.name),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        interval: 0,
        color: c.ink,
        fontSize: 11,
        fontFamily: c.mono,
        formatter: (name: string, i: number) => `${short(name)}  ${share(rows[i].p).padStart(7)}`,
      },
    },
    series: [
      {
        type: 'bar',
        barWidth: 12,
        data: rows.map((r) => ({
          value: r.difference,
          itemStyle: {
            color: r.significant ? c.killed : c.dens,
            opacity: r.significant ? 1 : 0.45,
            ...(r.name === picked && { borderColor: c.accent, borderWidth: 2 }),
          },
        })),
      },
      whisker,
      valueLabels(rows, c),
    ],
  };
}

/** At the right edge, so that they never overlap bars or whiskers. */
function valueLabels(rows: readonly ShareRow[], c: Colours): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    clip: false,
    data: rows.map((_, i) => [0, i]),
    encode: { x: 0, y: 1 },
    renderItem: (params, api) => {
      const row = rows[params.dataIndex];
      const [, y] = api.coord([0, api.value(1)]);
      const area = params.coordSys as unknown as { x: number; width: number };
      return {
        type: 'text',
        style: {
          text: `${points(row.difference)}${row.significant ? ' *' : '  '}`,
          x: area.x + area.width + 60,
          y,
          align: 'right',
          verticalAlign: 'middle',
          fill: row.significant ? c.ink : c.muted,
          font: `${row.significant ? 600 : 400} 11px ${c.mono}`,
        },
      };
    },
  };
}

/** Coverage per time bin, and below it when the keys that moved were active. */
export function overTime(
  { time }: SkewDigest,
  activity: SkewAnswer['activity'],
  c: Colours,
  picked: string | undefined,
): ChartOption {
  const lines = axis(c);
  const bins = time.coverage.length;
  const at = (bin: number) => time.t0 + ((time.t1 - time.t0) * bin) / bins;
  const steps = (values: ArrayLike<number | null>) => [
    ...Array.from({ length: bins }, (_, b) => [at(b), values[b] ?? NaN]),
    [time.t1, values[bins - 1] ?? NaN],
  ];
  const lowest = Math.min(...time.coverage.filter((x) => x !== null));
  const floor = lowest > 0.9 ? Math.floor(lowest * 100 - 0.001) / 100 : lowest > 0.5 ? 0.5 : 0;
  const left = 190;
  const rows = activity.map((a, i) => ({ ...a, top: 112 + i * 26 }));
  const x = (gridIndex: number, last: boolean) => ({
    ...lines,
    gridIndex,
    type: 'value' as const,
    min: time.t0,
    max: time.t1,
    splitLine: { show: false },
    axisTick: { ...lines.axisTick, show: last },
    axisLabel: { ...lines.axisLabel, show: last, formatter: (ns: number) => duration(ns) },
  });
  const line = { type: 'line' as const, step: 'end' as const, symbol: 'none' };
  return {
    tooltip: {
      ...tooltip(c),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: c.muted } },
      formatter: (points_) => {
        const [first] = Array.isArray(points_) ? points_ : [points_];
        const bin = Math.min(bins - 1, first.dataIndex);
        const covered = time.coverage[bin];
        return [
          `${duration(at(bin))} – ${duration(at(bin + 1))}`,
          `coverage ${covered === null ? 'no sample' : `${percent(covered)} %`}`,
          ...activity.map((a) => `${short(a.name)} ${Number.isNaN(a.share[bin]) ? '–' : share(a.share[bin])}`),
        ].join('\n');
      },
    },
    grid: [{ left, right: 20, top: 10, height: 84 }, ...rows.map(({ top }) => ({ left, right: 20, top, height: 20 }))],
    xAxis: [x(0, !rows.length), ...rows.map((_, i) => x(i + 1, i === rows.length - 1))],
    yAxis: [
      {
        ...lines,
        type: 'value',
        min: floor,
        max: 1,
        interval: (1 - floor) / 2,
        axisLabel: { ...lines.axisLabel, formatter: (v: number) => `${Number((v * 100).toFixed(2))} %` },
      },
      ...rows.map(({ name }, i) => ({
        ...lines,
        gridIndex: i + 1,
        type: 'value' as const,
        min: 0,
        name: short(name, 26),
        nameLocation: 'middle' as const,
        nameRotate: 0,
        nameGap: 8,
        nameTextStyle: {
          ...lines.nameTextStyle,
          align: 'right' as const,
          fontFamily: c.mono,
          color: name === picked ? c.accent : c.ink,
        },
        axisLabel: { show: false },
        axisTick: { show: false },
        splitLine: { show: false },
      })),
    ],
    series: [
      { ...line, xAxisIndex: 0, yAxisIndex: 0, data: steps(time.coverage), lineStyle: { color: c.accent, width: 1.5 } },
      ...rows.map(({ share: values, name }, i) => ({
        ...line,
        xAxisIndex: i + 1,
        yAxisIndex: i + 1,
        data: steps(values),
        lineStyle: { color: name === picked ? c.accent : c.dens, width: 1 },
        areaStyle: { color: name === picked ? c.accent : c.dens, opacity: 0.35 },
      })),
    ],
  };
}

/** Height of `overTime` for this many keys, px. */
export function overTimeHeight(keys: number): number {
  return 112 + keys * 26 + 26;
}
