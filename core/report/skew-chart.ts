/** How the shares of the keys that moved most differ: bars with their 95 % intervals. */
import { axis, renderChart } from './chart.ts';
import { shorten } from '../words/lists.ts';
import { percent, points } from '../words/numbers.ts';
import type { Markup } from './html.ts';
import { placeholder } from './palette.ts';

const ROWS = 10;
const ROW = 20;
const WIDTH = 540;

/** A key's share in the profile compared with, 0 … 1, and how far it is off there, in percentage points. */
export interface ShareRow {
  readonly name: string;
  readonly p: number;
  readonly difference: number;
  /** 95 % interval. */
  readonly low?: number | null;
  readonly high?: number | null;
  readonly significant: boolean;
}

/** The keys that moved most, the most first. */
export function movedMost<T extends ShareRow>({ rows }: { readonly rows: readonly T[] }): T[] {
  return rows
    .filter((row) => row.difference !== 0)
    .toSorted((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
    .slice(0, ROWS);
}

/** What ECharts hands to a custom series' item renderer; the part in use. */
interface RenderApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

export function skewChart(id: string, who: string, skew: { readonly rows: readonly ShareRow[] }): Markup {
  const rows = movedMost(skew);
  const reach = Math.max(...rows.flatMap((row) => [row.difference, row.low ?? 0, row.high ?? 0].map(Math.abs)));
  const step = roundStep(reach / 2);
  const edge = Math.ceil(reach / step) * step;
  const halfWidths = rows.flatMap((row) =>
    typeof row.low !== 'number' || typeof row.high !== 'number' ? [] : [(row.high - row.low) / 2],
  );
  // The same number of decimals for the whole chart.
  const shown = (difference: number): string => points(difference, Math.max(...halfWidths, reach / 10));
  return renderChart(
    {
      id,
      title: `Share differences under ${who}`,
      description: rows
        .map((row) => `${row.name}: ${shown(row.difference)}${row.significant ? ', significant' : ''}.`)
        .join(' '),
    },
    WIDTH,
    rows.length * ROW + 30,
    {
      grid: { left: 214, right: 84, top: 2, bottom: 26 },
      xAxis: axis({
        type: 'value',
        min: -edge,
        max: edge,
        interval: step,
        axisLabel: {
          formatter: (v: number) => (v === 0 ? '0' : points(v, 10 * step)),
        },
      }),
      yAxis: [
        axis({
          type: 'category',
          inverse: true,
          data: rows.map((row) => `${shorten(row.name, 24)}\u2002${percent(row.p)}`),
          axisLabel: { color: placeholder('ink'), fontSize: 12 },
          splitLine: { show: false },
        }),
        axis({
          type: 'category',
          inverse: true,
          position: 'right',
          data: rows.map((row) => `${shown(row.difference)}${row.significant ? ' *' : ''}`),
          axisLabel: { color: placeholder('ink'), fontSize: 11.5 },
          splitLine: { show: false },
        }),
      ],
      series: [
        {
          type: 'bar',
          silent: true,
          barWidth: 11,
          data: rows.map((row) => ({
            value: row.difference,
            itemStyle: row.significant
              ? { color: placeholder('killed') }
              : { color: placeholder('surface'), borderColor: placeholder('dens'), borderWidth: 1 },
          })),
        },
        {
          type: 'custom',
          silent: true,
          z: 10,
          data: rows.flatMap((row, i) => (row.low === undefined ? [] : [[i, row.low, row.high]])),
          renderItem: whisker,
          encode: { x: [1, 2], y: 0 },
        },
        {
          type: 'line',
          silent: true,
          data: rows.map((_, i) => [0, i]),
          showSymbol: false,
          lineStyle: { color: placeholder('muted'), width: 1 },
        },
      ],
    },
  );
}

/** 1, 2 or 5 times a power of ten: the first that is not below. */
function roundStep(rough: number): number {
  const decade = 10 ** Math.floor(Math.log10(rough));
  return decade * [1, 2, 5, 10].find((m) => m * decade >= rough * 0.999)!;
}

function whisker(_: unknown, api: RenderApi): unknown {
  const [x1, y] = api.coord([api.value(1), api.value(0)]);
  const [x2] = api.coord([api.value(2), api.value(0)]);
  const style = { stroke: placeholder('ink'), lineWidth: 1, fill: 'none' };
  const line = (a: number, b: number, c: number, d: number): unknown => ({
    type: 'line',
    shape: { x1: a, y1: b, x2: c, y2: d },
    style,
  });
  return { type: 'group', children: [line(x1, y, x2, y), line(x1, y - 3, x1, y + 3), line(x2, y - 3, x2, y + 3)] };
}
