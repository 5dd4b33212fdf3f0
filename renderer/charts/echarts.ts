/** ECharts with just the parts that the views use. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import type { ComposeOption, ECharts } from 'echarts/core';
import type { BarSeriesOption, CustomSeriesOption, LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { GridComponentOption, TooltipComponentOption } from 'echarts/components';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';

use([
  ...[BarChart, CustomChart, LineChart, ScatterChart],
  ...[GridComponent, TooltipComponent, LabelLayout, CanvasRenderer],
]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | CustomSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | TooltipComponentOption
>;
export type { CustomSeriesOption, ECharts, LineSeriesOption, ScatterSeriesOption };

/** An empty chart in `element`; dispose of it. */
export function createChart(element: HTMLElement): ECharts {
  return init(element, null, { renderer: 'canvas' });
}
