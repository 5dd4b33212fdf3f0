/** What all charts share: thin rules, quiet labels, tooltips in the page's colours. */
import type { Colours } from './colours.ts';
import type { ChartOption } from './echarts.ts';

/** Axis parts; spread it into an axis, then say what differs. */
export function axis(c: Colours) {
  return {
    nameTextStyle: { color: c.muted, fontSize: 11, fontFamily: c.ui },
    axisLabel: { color: c.muted, fontSize: 11, fontFamily: c.ui, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: c.line } },
    axisTick: { lineStyle: { color: c.line } },
    splitLine: { lineStyle: { color: c.line, opacity: 0.6 } },
  };
}

/** Drawn on the canvas: the pages' policy allows no styles in markup. */
export function tooltip(c: Colours): NonNullable<ChartOption['tooltip']> {
  return {
    renderMode: 'richText',
    confine: true,
    backgroundColor: c.surface,
    borderColor: c.line,
    borderWidth: 1,
    padding: [6, 9],
    textStyle: { color: c.ink, fontSize: 12, fontFamily: c.ui },
  };
}
