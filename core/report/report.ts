import { coverageChart, durationsChart } from './curves.ts';
import { inputsSection, parametersSection, reproduceSection } from './facts.ts';
import { html, Markup } from './html.ts';
import type { Content } from './html.ts';
import { lossChart } from './loss-chart.ts';
import type { Report } from './model.ts';
import { notesHtml } from './notes.ts';
import { provenanceComment } from './provenance.ts';
import { resultsSection, verdictMark } from './results.ts';
import { isShown } from './sections.ts';
import type { ReportOptions, SectionId } from './sections.ts';
import { skewSection, verdictSection } from './skew-section.ts';
import { styleCss } from './style.ts';
import { definitions, timelineSection } from './timeline.ts';
import { verdicts } from '../analysis/verdict.ts';
import { compared, discardWords, finding, LIMIT, otherDiscard, scaledMark } from './words.ts';

/**
 * The report as one HTML file that stands alone: no script, no network, no fonts; light and dark as the reader's system is.
 * The same report gives the same bytes.
 */
export function renderHtml(report: Report, options: ReportOptions = {}): string {
  const shown = (id: SectionId, section: (report: Report) => Content): Content =>
    isShown(options, id) && section(report);
  const files = report.inputs.map(({ file }) => file).join(' × ');
  const notes = [...report.notes, scaledMark(report)].filter((note) => note !== undefined);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="generator" content="Umbra ${report.umbra}" />
        <title>Umbra: ${files}</title>
        <style>
          ${new Markup(styleCss)}
        </style>
      </head>
      <body>
        ${definitions()}
        <main>
          <header>
            <h1>What each KVM fault policy would do to this SPE profile</h1>
            <p class="sub">${files}</p>
            ${
              notes.length > 0 &&
              html`<ul class="notes">
                ${notes.map((note) => html`<li>${note}</li>`)}
              </ul>`
            }
          </header>
          <p class="lead">${finding(report)}</p>
          ${lossFigure(report)} ${notesSection(options.notes)} ${shown('inputs', inputsSection)}
          ${shown('timeline', timelineSection)} ${shown('policies', resultsSection)} ${shown('windows', curvesSection)}
          ${shown('skew', skewSection)} ${shown('verdicts', verdictSection)} ${shown('parameters', parametersSection)}
          ${reproduceSection(report)}
          <footer>Made by Umbra ${report.umbra}. ${LIMIT}</footer>
          ${options.provenance && new Markup(provenanceComment(options.provenance))}
        </main>
      </body>
    </html> `.text;
}

function notesSection(notes: string | undefined): Markup | false {
  if (!notes?.trim()) return false;
  return html`<section aria-labelledby="h-notes">
    <h2 id="h-notes">Notes</h2>
    <div class="user">${notesHtml(notes)}</div>
  </section>`;
}

function lossFigure(report: Report): Markup | false {
  if (compared(report).length === 0) return false;
  const other = otherDiscard(report);
  const hasOther = report.policies.some((policy) => policy.variants[other]);
  return html`<figure>
    <figcaption>Samples lost</figcaption>
    ${lossChart(report)}
    <p class="key">
      <span>filled: ${discardWords[report.dlDiscard]}</span>${
        hasOther && html`<span>hollow: ${discardWords[other]}</span>`
      }${verdicts.map((word) => verdictMark(word))}
    </p>
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
          <figcaption>Share of windows that last at most so long</figcaption>
          ${durations}
        </figure>`
      }${
        coverage &&
        html`<figure>
          <figcaption>Coverage over time, but for dead profiles</figcaption>
          ${coverage}
        </figure>`
      }
    </div>
  </section>`;
}

export { finding } from './words.ts';
