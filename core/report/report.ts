import { coverageChart, durationsChart, sharedLines } from './curves.ts';
import { inputsSection, parametersSection, reproduceSection } from './facts.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';
import { LOSS_KEY, lossChart } from './loss-chart.ts';
import type { Report } from './model.ts';
import { page } from './page.ts';
import { provenanceComment } from './provenance.ts';
import { resultsSection, verdictMark } from './results.ts';
import { isShown } from './options.ts';
import type { SectionId } from './sections.ts';
import type { ReportOptions } from './options.ts';
import { skewSection, verdictSection } from './skew-section.ts';
import { definitions, timelineSection } from './timeline.ts';
import { verdicts } from '../model/terms.ts';
import { finding } from './finding.ts';
import { compared, LIMIT, scaledMark } from './words.ts';

/** The report as one HTML file that is self-contained. The same report gives the same bytes. */
export function renderHtml(report: Report, options: ReportOptions = {}): string {
  const shown = (id: SectionId, section: (report: Report) => Content): Content =>
    isShown(options, id) && section(report);
  const files = report.inputs.map(({ file }) => file).join(' × ');
  const found = finding(report);
  const notes = [...report.notes, scaledMark(report)].filter((note) => note !== undefined);
  return page({
    umbra: report.umbra,
    name: files,
    title: 'What each KVM fault policy would do to this SPE profile',
    subtitle: files,
    notes,
    lead: found.lead,
    points: found.points,
    figure: lossFigure(report),
    userNotes: options.notes,
    definitions: definitions(),
    sections: html`${shown('inputs', inputsSection)} ${shown('timeline', timelineSection)}
    ${shown('policies', resultsSection)} ${shown('windows', curvesSection)} ${shown('skew', skewSection)}
    ${shown('verdicts', verdictSection)} ${shown('parameters', parametersSection)} ${reproduceSection(report)}`,
    foot: LIMIT,
    comment: options.provenance && provenanceComment(options.provenance),
  });
}

function lossFigure(report: Report): Markup | false {
  if (compared(report).length === 0) return false;
  return html`<figure>
    <figcaption>Samples lost</figcaption>
    ${lossChart(report)}
    <p class="key"><span>${LOSS_KEY}</span>${verdicts.map((word) => verdictMark(word))}</p>
  </figure>`;
}

function curvesSection(report: Report): Markup | false {
  const durations = durationsChart(report);
  const coverage = coverageChart(report);
  if (!durations && !coverage) return false;
  const mark = scaledMark(report);
  return html`<section aria-labelledby="h-curves">
    <h2 id="h-curves">Blackout windows${mark && html` <span class="mark">${mark}</span>`}</h2>
    <div class="charts">
      ${
        durations &&
        html`<figure>
          <figcaption>Share of windows no longer than a given duration</figcaption>
          ${durations} ${linesKey(report, 'durations')}
        </figure>`
      }${
        coverage &&
        html`<figure>
          <figcaption>Coverage over time, but for dead profiles</figcaption>
          ${coverage} ${linesKey(report, 'coverage')}
        </figure>`
      }
    </div>
  </section>`;
}

function linesKey(report: Report, chart: 'durations' | 'coverage'): Content {
  const text = sharedLines(report, chart);
  return text !== '' && html`<p class="fn">${text}</p>`;
}
