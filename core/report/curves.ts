/** Charts with one line per policy. Policies whose lines are the same share one. */
import { axis, label, renderChart } from './chart.ts';
import { list, shorten } from '../words/lists.ts';
import { duration, percent } from '../words/numbers.ts';
import type { Markup } from './html.ts';
import type { Report, ReportedOutcome } from './model.ts';
import { lineColours, placeholder } from './palette.ts';
import { compared } from './words.ts';

type Point = readonly [x: number, y: number];

interface Curve {
  readonly ids: string[];
  readonly points: readonly Point[];
}

/** Most points a curve is drawn with. */
const POINTS = 240;
const WIDTH = 540;
const HEIGHT = 300;

/** How long the blackout windows are: the share of windows that last at most that long. Undefined without windows. */
export function durationsChart(report: Report): Markup | undefined {
  const curves = distinct(report, byDuration);
  if (curves.length === 0) return undefined;
  const ends = curves.flatMap(({ points }) => [points[0][0], points.at(-1)![0]]);
  const low = Math.floor(Math.min(...ends) - 0.05);
  const high = Math.max(low + 1, Math.ceil(Math.max(...ends) + 0.05));
  return renderChart(
    {
      id: 'durations',
      title: 'Blackout windows by duration',
      description: `Share of windows no longer than a given duration. ${describeDurations(report)}`,
    },
    WIDTH,
    HEIGHT,
    {
      grid: { left: 48, right: 24, top: 10, bottom: 30 },
      xAxis: axis({
        type: 'value',
        min: low,
        max: high,
        interval: 1,
        axisLabel: { formatter: (v: number) => duration(10 ** v) },
      }),
      yAxis: axis({
        type: 'value',
        min: 0,
        max: 1,
        interval: 0.25,
        axisLabel: { formatter: (v: number) => percent(v) },
      }),
      series: drawn(
        curves.map((curve) => ({ ...curve, points: [[low, 0] as const, ...curve.points, [high, 1] as const] })),
      ),
    },
  );
}

const ROW = 30;

/** Samples lost over time, a row per policy that lost some; dead ones left out: they would hide the others. Undefined without any. */
export function coverageChart(report: Report): Markup | undefined {
  const curves = distinct(report, overTime);
  if (curves.length === 0) return undefined;
  const floor = Math.min(...curves.flatMap(({ points }) => points.flatMap(([, y]) => (Number.isNaN(y) ? [] : [y]))));
  const min = Math.min(0.99, Math.floor(floor * 20) / 20);
  const height = curves.length * ROW + 34;
  const place = { left: 200, right: 44 };
  return renderChart(
    {
      id: 'coverage',
      title: 'Coverage over time',
      description: curves
        .map(({ ids, points }) => {
          const worst = Math.min(...points.flatMap(([, y]) => (Number.isNaN(y) ? [] : [y])));
          return `${list(ids)}: ${percent(worst)} in the worst of ${points.length - 1} time bins.`;
        })
        .join(' '),
    },
    WIDTH,
    height,
    {
      grid: curves.map((_, i) => ({ ...place, top: 8 + i * ROW, height: ROW - 6 })),
      xAxis: curves.map((_, i) =>
        axis({
          type: 'value',
          gridIndex: i,
          min: report.span.start / 1e6,
          max: report.span.end / 1e6,
          axisLabel: {
            show: i === curves.length - 1,
            formatter: (v: number) => duration(v * 1e6),
            showMaxLabel: false,
            hideOverlap: true,
          },
          splitLine: { show: false },
        }),
      ),
      yAxis: curves.map(({ ids }, i) =>
        axis({
          type: 'value',
          gridIndex: i,
          position: 'right',
          min,
          max: 1,
          interval: 1 - min,
          name: shorten(list(ids, 2), 30),
          nameLocation: 'middle',
          nameRotate: 0,
          nameGap: -(WIDTH - place.left - place.right) - 8,
          nameTextStyle: { align: 'right', color: placeholder('ink'), fontSize: 11.5 },
          axisLabel: { show: i === 0, formatter: (v: number) => percent(v) },
        }),
      ),
      series: curves.map(({ points }, i) => ({
        type: 'line',
        step: 'end',
        silent: true,
        showSymbol: false,
        xAxisIndex: i,
        yAxisIndex: i,
        data: points,
        lineStyle: { color: placeholder('killed'), width: 1 },
        areaStyle: { color: placeholder('killed'), opacity: 0.35, origin: 'end' },
      })),
    },
  );
}

function byDuration({ windows }: ReportedOutcome): readonly Point[] | undefined {
  return windows.n > 0 ? ecdf(windows.start, windows.end, windows.n) : undefined;
}

function overTime({ skew, summary, verdict }: ReportedOutcome): readonly Point[] | undefined {
  if (!skew || summary.lost === 0 || verdict.word === 'dead') return undefined;
  const { t0, t1, coverage } = skew.time;
  const width = (t1 - t0) / coverage.length;
  const points = coverage.map((share, bin) => [(t0 + bin * width) / 1e6, share ?? NaN] as const);
  return [...points, [t1 / 1e6, points.at(-1)![1]]];
}

/** Which policies share a line, if its label doesn't name them all; empty if each has its own. */
export function sharedLines(report: Report, chart: 'durations' | 'coverage'): string {
  return distinct(report, chart === 'durations' ? byDuration : overTime)
    .filter(({ ids }) => ids.length > 2)
    .map(({ ids }) => `${list(ids, 2)}: ${list(ids.slice(1), 12)}.`)
    .join(' ');
}

/** One curve for all policies whose points are the same. */
function distinct(report: Report, points: (outcome: ReportedOutcome) => readonly Point[] | undefined): Curve[] {
  const byPoints = new Map<string, Curve>();
  for (const { id, outcome } of compared(report)) {
    const curve = points(outcome);
    if (!curve || curve.length === 0) continue;
    const key = curve.join(';');
    const same = byPoints.get(key);
    if (same) same.ids.push(id);
    else byPoints.set(key, { ids: [id], points: curve });
  }
  return [...byPoints.values()].sort((a, b) => area(a) - area(b));
}

/** Sorts curves from left to right: by where they are half way up, roughly. */
function area({ points }: Curve): number {
  return points.reduce((sum, [x]) => sum + x, 0) / points.length;
}

/** Steps of the distribution function over log10 ns, at most `POINTS` of them, both ends included. */
function ecdf(start: ArrayLike<number>, end: ArrayLike<number>, n: number): Point[] {
  const sorted = Float64Array.from({ length: n }, (_, i) => Math.max(1, end[i] - start[i])).sort();
  const points: Point[] = [];
  const stride = Math.max(1, n / POINTS);
  for (let next = 0; next < n; next += stride) {
    const at = Math.floor(next);
    const last = sorted.findLastIndex((value) => value === sorted[at]);
    points.push([Math.log10(sorted[at]), (last + 1) / n]);
    next = Math.max(next, last + 1 - stride);
  }
  const longest = Math.log10(sorted[n - 1]);
  if (points.at(-1)![0] < longest) points.push([longest, 1]);
  return points;
}

/** Lines with their labels on them, each at its own height. */
function drawn(curves: readonly Curve[]): unknown[] {
  return curves.flatMap(({ ids, points }, i) => {
    const colour = lineColours[i % lineColours.length];
    const type = ['solid', 'dashed', 'dotted'][Math.floor(i / lineColours.length) % 3];
    const level = 0.92 - (0.84 * i) / Math.max(1, curves.length - 1);
    const at = crossing(points, level);
    const text = shorten(list(ids, 2), 44);
    const toLeft = at[0] > (points[0][0] + points.at(-1)![0]) / 2;
    return [
      {
        type: 'line',
        step: 'end',
        silent: true,
        showSymbol: false,
        data: points,
        lineStyle: { color: placeholder(colour), width: 1.5, type },
      },
      {
        type: 'scatter',
        silent: true,
        symbolSize: 4,
        itemStyle: { color: placeholder(colour), opacity: 1 },
        data: [at],
        z: 10,
        label: label(colour, {
          formatter: () => text,
          position: toLeft ? 'left' : 'right',
          textBorderColor: placeholder('surface'),
          textBorderWidth: 3,
        }),
      },
    ];
  });
}

/** Where a rising step curve reaches a height. */
function crossing(points: readonly Point[], height: number): Point {
  const reached = points.find(([, y]) => y >= height) ?? points.at(-1)!;
  return [reached[0], height];
}

function describeDurations(report: Report): string {
  return compared(report)
    .flatMap(({ id, outcome: { summary } }) =>
      summary.durations
        ? [`${id}: median ${duration(summary.durations.p50)}, longest ${duration(summary.durations.max)}.`]
        : [],
    )
    .join(' ');
}
