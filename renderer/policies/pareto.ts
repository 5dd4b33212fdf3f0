/** Coverage lost against slowdown: what a policy costs and what it buys. */
import { logFromZero, tooltip } from '../charts/axes.ts';
import type { Colours } from '../charts/colours.ts';
import type { ChartOption } from '../charts/echarts.ts';
import { bytes, percent } from '../format.ts';
import { besides } from '../charts/spread.ts';
import type { Spot } from './spots.ts';

/** px of a decade on a page of usual width, and of a label. */
const DECADE = { x: 230, y: 56 };
const LABEL = { width: 150, height: 14 };

/** Log axes whose left and lower edges represent zero. */
export function paretoChart(all: readonly Spot[], c: Colours, picked: string | undefined): ChartOption {
  const scale = (of: 'loss' | 'slowdown') =>
    logFromZero(
      c,
      all.map((s) => s[of]),
      (v) => `${Number((100 * v).toPrecision(1))} %`,
    );
  const [x, y] = [scale('slowdown'), scale('loss')];
  const most = Math.max(...all.map((s) => s.pinned), 1);
  const at = (s: Spot) => [x.at(s.slowdown), y.at(s.loss)];
  const moved = besides(
    all.map((s) => ({ x: Math.log10(x.at(s.slowdown)) * DECADE.x, y: -Math.log10(y.at(s.loss)) * DECADE.y })),
    LABEL,
  );
  const frontier = all.filter((s) => s.best).toSorted((a, b) => a.slowdown - b.slowdown);
  return {
    grid: { left: 66, right: 150, top: 16, bottom: 44 },
    tooltip: {
      ...tooltip(c),
      formatter: (point) => {
        const s = all[(Array.isArray(point) ? point[0] : point).dataIndex];
        return s
          ? `${s.policies.join(', ')}\ncoverage lost ${percent(s.loss)} %\nslowdown ${percent(s.slowdown)} %\npinned ${bytes(s.pinned)}`
          : '';
      },
    },
    xAxis: { ...x.axis, name: 'slowdown (stall by session time)', nameGap: 28 },
    yAxis: { ...y.axis, name: 'coverage lost', nameGap: 50 },
    series: [
      {
        type: 'scatter',
        name: 'policies',
        z: 3,
        data: all.map((s, i) => ({
          value: at(s),
          // Area by memory; policies that pin nothing are a small ring.
          symbolSize: s.pinned ? 9 + 27 * Math.sqrt(s.pinned / most) : 9,
          itemStyle: {
            color: s.pinned ? c.dens : c.surface,
            opacity: s.pinned ? 0.85 : 1,
            borderColor: picked !== undefined && s.policies.includes(picked) ? c.accent : s.best ? c.ink : c.dens,
            borderWidth: picked !== undefined && s.policies.includes(picked) ? 3 : 1.5,
          },
          label: {
            show: true,
            position: 'right' as const,
            offset: [0, moved[i]],
            color: s.best ? c.ink : c.muted,
            fontSize: 11,
            fontFamily: c.ui,
            formatter: () => `${s.policies[0]}${s.policies.length > 1 ? ` +${s.policies.length - 1}` : ''}`,
          },
        })),
      },
      {
        type: 'line',
        silent: true,
        symbol: 'none',
        step: 'end',
        data: frontier.map(at),
        lineStyle: { color: c.muted, width: 1, type: 'dashed' },
      },
    ],
  };
}
