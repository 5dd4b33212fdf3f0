/** Shared by all charts: thin rules, quiet labels, tooltips in the page's colours. */
import type { Colours } from './colours.ts';
import type { ChartOption } from './echarts.ts';

/** Axis parts; spread them into an axis, then override what differs. */
export function axis(c: Colours) {
  return {
    nameTextStyle: { color: c.muted, fontSize: 11, fontFamily: c.ui },
    axisLabel: { color: c.muted, fontSize: 11, fontFamily: c.ui, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: c.line } },
    axisTick: { lineStyle: { color: c.line } },
    splitLine: { lineStyle: { color: c.line, opacity: 0.6 } },
  };
}

/** A value axis of shares, 0 … 1. */
export function shareAxis(c: Colours) {
  const lines = axis(c);
  const axisLabel = { ...lines.axisLabel, formatter: (v: number) => `${v * 100} %` };
  return { ...lines, type: 'value' as const, min: 0, max: 1, interval: 0.25, axisLabel };
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

/**
 * A logarithmic axis for values from 0 up, whose lower edge represents 0 (a decade below the smallest other value).
 * @param text of a value above 0, at a power of ten
 */
export function logFromZero(c: Colours, all: readonly number[], text: (value: number) => string) {
  const lines = axis(c);
  const values = all.filter((v) => v > 0);
  const low = 10 ** (Math.floor(Math.log10(Math.min(...values, 0.1))) - 1);
  const high = Math.min(1, 10 ** Math.ceil(Math.log10(Math.max(...values, low * 100)) + 0.05));
  return {
    low,
    high,
    at: (value: number) => Math.max(value, low),
    axis: {
      ...lines,
      type: 'log' as const,
      min: low,
      max: high,
      nameLocation: 'middle' as const,
      axisLabel: { ...lines.axisLabel, formatter: (v: number) => (v <= low * 1.01 ? '0' : text(v)) },
    },
  };
}
