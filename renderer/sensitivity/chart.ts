/** A sweep's curves as an ECharts option: one measure over the parameter, a line for policies with the same outcome. */
import type { SweepAnswer, SweepCrossings } from '../../core/contract/sweep.ts';
import { axis, logFromZero, tooltip } from '../charts/axes.ts';
import { stroke } from '../charts/colours.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption, CustomSeriesOption, LineSeriesOption } from '../charts/echarts.ts';
import { spread } from '../charts/spread.ts';
import { namesText, valueText } from './measures.ts';
import type { Line, Measure } from './measures.ts';

/** px of the whole chart, above and below its plot, and from one curve's name to the next. */
export const HEIGHT = 340;
const [TOP, BOTTOM, LABEL] = [24, 44, 13];

export interface Drawn {
  readonly sweep: SweepAnswer;
  readonly measure: Measure;
  readonly lines: readonly Line[];
  /** For this measure. */
  readonly crossings: readonly SweepCrossings[];
  /** The hovered one, as an index into `crossings`. */
  readonly lit: number | undefined;
  /** Drawn bold, with its range over the placements. */
  readonly policy: string | undefined;
  readonly linear: boolean;
}

export function sweepChart({ sweep, measure, lines, crossings, lit, policy, linear }: Drawn, c: Colours): ChartOption {
  const rules = axis(c);
  const { values, unit, log, own } = sweep;
  const ends = [values[0], values[values.length - 1]];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const all = lines.flatMap((line) => line.y).filter((v) => !Number.isNaN(v));
  const logY = logFromZero(c, all, measure.tick);
  const top = linear ? Math.max(...all, 1e-6) * 1.06 : logY.high;
  const bottom = linear ? 0 : logY.low;
  const at = (y: number) => (linear ? y : logY.at(y));
  const y = linear
    ? {
        ...rules,
        type: 'value' as const,
        min: 0,
        max: top,
        nameLocation: 'middle' as const,
        axisLabel: { ...rules.axisLabel, showMaxLabel: false, formatter: measure.tick },
      }
    : logY.axis;
  const place = (line: Line) => line.policies.includes(policy ?? '');
  // Curves that end close together: their names are moved apart.
  const last = values[0] <= values[values.length - 1] ? values.length - 1 : 0;
  const part = (v: number) =>
    linear ? (v - bottom) / (top - bottom) : Math.log(at(v) / bottom) / Math.log(top / bottom);
  const wished = lines.map(({ y: ys }) => (HEIGHT - TOP - BOTTOM) * (1 - (part(ys[last]) || 0)));
  const shown = sweep.done === values.length;
  const placed = shown ? spread(wished, LABEL) : wished;
  const series = lines.map((line, i): LineSeriesOption => {
    const { color, type } = stroke(line.place, c);
    const points = line.y
      .map((v, step) => [values[step], at(v)] as const)
      .toSorted((a, b) => a[0] - b[0])
      .map((p) => [...p]);
    return {
      type: 'line',
      name: line.policies[0],
      triggerLineEvent: true,
      symbol: 'circle',
      symbolSize: place(line) ? 6 : 4,
      z: place(line) ? 4 : 3,
      data: points,
      itemStyle: { color },
      lineStyle: { color, type, width: place(line) ? 3 : 1.5 },
      endLabel: {
        show: shown,
        distance: 8,
        offset: [0, placed[i] - wished[i]],
        color: place(line) ? c.ink : c.muted,
        fontWeight: place(line) ? 600 : 400,
        fontSize: 11,
        fontFamily: c.ui,
        formatter: () => `${line.policies[0]}${line.policies.length > 1 ? ` +${line.policies.length - 1}` : ''}`,
      },
    };
  });
  const inRange = own && own.value >= low && own.value <= high;
  return {
    grid: { left: 66, right: 158, top: TOP, bottom: BOTTOM },
    tooltip: {
      ...tooltip(c),
      formatter: (point) => {
        const { seriesIndex = 0, dataIndex } = Array.isArray(point) ? point[0] : point;
        const line = lines[seriesIndex];
        if (!line) return '';
        const order = values[0] <= values[values.length - 1] ? dataIndex : sweep.done - 1 - dataIndex;
        return `${line.policies.join('\n')}\n${sweep.param} ${valueText(values[order], unit)}: ${measure.title} ${measure.text(line.y[order])}`;
      },
    },
    xAxis: {
      ...rules,
      type: log ? 'log' : 'value',
      ...(log && { logBase: unit === 'bytes' ? 2 : 10 }),
      min: low,
      max: high,
      name: `${sweep.param}${log ? ', logarithmic' : ''}`,
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: { ...rules.axisLabel, formatter: (v: number) => valueText(v, unit) },
    },
    yAxis: { ...y, name: `${measure.title}${linear ? '' : ', logarithmic from 0'}`, nameGap: 52 },
    series: [
      ...series,
      ...(inRange ? [ownLine(own, bottom, top, unit, c)] : []),
      crossingMarks(crossings, lines, values, log, lit, at, c),
      ...lines.filter((line) => place(line) && line.curve.range).map((line) => rangeMarks(line, measure, sweep, at, c)),
    ],
  };
}

/** Where the run itself is. */
function ownLine(
  own: NonNullable<SweepAnswer['own']>,
  bottom: number,
  top: number,
  unit: string,
  c: Colours,
): LineSeriesOption {
  return {
    type: 'line',
    silent: true,
    symbol: 'none',
    z: 1,
    data: [
      [own.value, bottom],
      [own.value, top],
    ],
    lineStyle: { color: c.muted, width: 1, type: 'dashed' },
    endLabel: {
      show: true,
      // Above the plot: the curves' names are to its right.
      offset: [-6, -12],
      align: 'center',
      color: c.muted,
      fontSize: 11,
      fontFamily: c.ui,
      formatter: () => `this run: ${valueText(own.value, unit)}, ${own.origin === 'user' ? 'set' : own.origin}`,
    },
  };
}

/** A ring at each crossing, with the steps it lies between as its whisker. */
function crossingMarks(
  crossings: readonly SweepCrossings[],
  lines: readonly Line[],
  values: Float64Array,
  log: boolean,
  lit: number | undefined,
  at: (y: number) => number,
  c: Colours,
): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    z: 5,
    data: crossings.map(({ low, high, at: x, winners }) => [
      low,
      x,
      high,
      at(heightAt(lines, winners[0], values, log, x)),
    ]),
    encode: { x: [0, 1, 2], y: 3 },
    renderItem: (params, api) => {
      const [x0, y] = api.coord([api.value(0), api.value(3)]);
      const [x] = api.coord([api.value(1), api.value(3)]);
      const [x1] = api.coord([api.value(2), api.value(3)]);
      if (!Number.isFinite(y)) return undefined;
      const on = params.dataIndex === lit;
      const stroke = on ? c.accent : c.ink;
      const line = (ax: number, ay: number, bx: number, by: number) => ({
        type: 'line' as const,
        shape: { x1: ax, y1: ay, x2: bx, y2: by },
        style: { stroke, lineWidth: on ? 2 : 1 },
      });
      return {
        type: 'group',
        children: [
          line(x0, y, x1, y),
          line(x0, y - 3, x0, y + 3),
          line(x1, y - 3, x1, y + 3),
          {
            type: 'circle' as const,
            shape: { cx: x, cy: y, r: on ? 7 : 5 },
            style: { fill: c.surface, stroke, lineWidth: on ? 3 : 2 },
          },
        ],
      };
    },
  };
}

/** A policy's value at any place between two steps, as straight as the curve is drawn on linear axes. */
export function heightAt(
  lines: readonly Line[],
  policy: string,
  values: Float64Array,
  log: boolean,
  x: number,
): number {
  const y = lines.find((line) => line.policies.includes(policy))?.y;
  if (!y) return NaN;
  const along = log ? Math.log : (v: number) => v;
  for (let i = 0; i + 1 < y.length; i++) {
    const [a, b] = [values[i], values[i + 1]];
    if (x < Math.min(a, b) || x > Math.max(a, b)) continue;
    const part = a === b ? 0 : (along(x) - along(a)) / (along(b) - along(a));
    return y[i] + part * (y[i + 1] - y[i]);
  }
  return NaN;
}

/** 5 to 95 % of the placements, at each step. */
function rangeMarks(
  { curve }: Line,
  measure: Measure,
  { values, done }: SweepAnswer,
  at: (y: number) => number,
  c: Colours,
): CustomSeriesOption {
  const range = measure.id === 'excess' ? undefined : curve.range?.[measure.id];
  const shown = (v: number) => at(measure.id === 'coverage' ? 1 - v : v);
  return {
    type: 'custom',
    silent: true,
    z: 2,
    data: range ? Array.from({ length: done }, (_, i) => [values[i], shown(range.p5[i]), shown(range.p95[i])]) : [],
    encode: { x: 0, y: [1, 2] },
    renderItem: (_params, api) => {
      const [x, y0] = api.coord([api.value(0), api.value(1)]);
      const [, y1] = api.coord([api.value(0), api.value(2)]);
      return {
        type: 'line',
        shape: { x1: x, y1: y0, x2: x, y2: y1 },
        style: { stroke: c.ink, lineWidth: 1.5 },
      };
    },
  };
}

/** A description of the picture, for those who can't see it. */
export function chartLabel({ sweep, measure, lines, crossings }: Drawn): string {
  const ends = [0, sweep.done - 1];
  const curves = lines.map(
    ({ policies, y }) => `${namesText(policies)} ${ends.map((i) => measure.text(y[i])).join(' to ')}`,
  );
  const points = `${crossings.length} crossing ${crossings.length === 1 ? 'point' : 'points'}`;
  return `${measure.title} over ${sweep.param}, ${points}; ${curves.join('; ')}; the table below holds the figures`;
}
