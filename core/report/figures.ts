/** A report's figures by name, for the forms that keep them in separate files. */
import { coverageChart, durationsChart } from './curves.ts';
import type { Markup } from './html.ts';
import { lossChart } from './loss-chart.ts';
import type { Report } from './model.ts';
import { isShown } from './options.ts';
import type { ReportOptions } from './options.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import { groupName, skewGroups } from './skew-section.ts';
import type { SamePolicies } from './check-words.ts';
import { standaloneSvg, timelineSvg } from './standalone.ts';
import { compared } from './words.ts';

/** File names without folder: `loss.svg`. */
export type FigureName = 'loss' | 'timeline' | 'durations' | 'coverage' | `skew-${number}`;

/** The figures of the sections shown, as SVG files' texts. */
export function figures(report: Report, options: ReportOptions = {}): Map<FigureName, string> {
  const found = new Map<FigureName, string>();
  const add = (name: FigureName, chart: Markup | undefined): void => {
    if (chart) found.set(name, standaloneSvg(chart));
  };
  if (compared(report).length > 0) add('loss', lossChart(report));
  if (isShown(options, 'timeline') && report.lanes.length > 0) add('timeline', timelineSvg(report));
  if (isShown(options, 'windows')) {
    add('durations', durationsChart(report));
    add('coverage', coverageChart(report));
  }
  if (isShown(options, 'skew')) {
    drawnSkews(report).forEach((group, i) => {
      const { skew } = group.outcome;
      if (skew) add(`skew-${i}`, skewChart(`skew${i}`, groupName(group), skew));
    });
  }
  return found;
}

export function drawnSkews(report: Report): readonly SamePolicies[] {
  return skewGroups(report).drawn.filter(({ outcome }) => outcome.skew && movedMost(outcome.skew).length > 0);
}
