/** ECharts' server-side rendering: an option in, an SVG out that follows the page's colours and needs no script. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import type { EChartsCoreOption } from 'echarts/core';
import { init, use } from 'echarts/core';
import { GridComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { Markup, escape, printable } from './html.ts';
import type { Colour } from '../words/signs.ts';
import { placeholder, themed } from './palette.ts';

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, SVGRenderer]);

export interface ChartText {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What a reader who can't see the chart must know. */
  readonly description: string;
}

/** Unquoted: ECharts puts it into an attribute as it is. */
const FONT = 'system-ui,-apple-system,Segoe UI,Roboto,sans-serif';

/** @param width and height: px at which the text has its size; the SVG scales to its place */
export function renderChart(text: ChartText, width: number, height: number, option: EChartsCoreOption): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...option });
    return new Markup(finish(chart.renderToSVGString(), text, width, height));
  } finally {
    // An instance that is not disposed keeps the process alive.
    chart.dispose();
  }
}

/**
 * ECharts counts ids up over the life of the process: replaced, so that the same report gives the same bytes. What it adds for scripts and
 * hovering is removed.
 */
function finish(svg: string, { id, title, description }: ChartText, width: number, height: number): string {
  const body = svg
    .slice(svg.indexOf('>') + 1)
    .replace(/<style.*?<\/style>/gs, '')
    .replace(/ (ecmeta_\w+|class|pointer-events|xml:space)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`);
  const head =
    `<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d" style="max-width:${Math.round(width * 1.15)}px">` +
    `<title id="${id}-t">${escape(title)}</title><desc id="${id}-d">${escape(description)}</desc>`;
  return themed(head + printable(body));
}

/** An axis in the page's manner: labels, a hair line, and nothing else. */
export function axis(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { axisLabel, splitLine, ...rest } = extra as Record<string, Record<string, unknown>>;
  return {
    axisLine: { show: false },
    axisTick: { show: false },
    ...rest,
    axisLabel: { color: placeholder('muted'), fontSize: 11, ...axisLabel },
    splitLine: { show: true, lineStyle: { color: placeholder('line') }, ...splitLine },
  };
}

export function label(colour: Colour, extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { show: true, color: placeholder(colour), fontSize: 11, ...extra };
}
