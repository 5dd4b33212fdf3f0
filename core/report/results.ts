/** The table of policies. */
import { excessOf } from './cause-words.ts';
import { range } from '../words/lists.ts';
import { bytes, count, duration, pValue, percent, significant } from '../words/numbers.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';
import { verdictSigns } from '../words/signs.ts';
import type { VerdictWord } from '../model/terms.ts';
import { checkedCoverage, holdsClause } from '../words/checks.ts';
import type { PolicyReport, Report } from './model.ts';
import type { Spread } from '../analysis/numbers.ts';
import { checkedOf, samePolicies, survival } from './check-words.ts';
import type { SamePolicies } from './check-words.ts';
import { verdictCounts } from './finding.ts';
import { isChecked, trialsOf } from './tables.ts';
import { scaledMark } from './words.ts';

export function resultsSection(report: Report): Markup {
  const trials = trialsOf(report);
  const checked = isChecked(report);
  const mark = scaledMark(report);
  // One row where all cells are the same; what survives may be the same where the costs aren't.
  const rows = samePolicies(report.policies, (policy) => [survival(policy), costs(policy)]).map((same) =>
    resultRow(same, checked),
  );
  return html`<section aria-labelledby="h-results">
    <h2 id="h-results">Policies${mark && html` <span class="mark">${mark}</span>`}</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="h-results">
      <table class="results">
        <caption>
          What each policy keeps and costs
        </caption>
        <thead>
          <tr>
            <th scope="col">policy</th>
            <th scope="col">coverage</th>
            ${checked && html`<th scope="col">over checks</th>`}
            <th scope="col">blackout</th>
            <th scope="col">windows</th>
            <th scope="col">p99 window</th>
            <th scope="col">stall</th>
            <th scope="col">slowdown</th>
            <th scope="col">pinned peak</th>
            <th scope="col">excess skew</th>
            <th scope="col">verdict</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="fn">
      ${checked && 'Over checks: coverage when one assumption at a time is changed. '}${trials > 1 && `Means over ${count(trials)} random placements of the buffers; small: their 5–95 % range. `}
      Coverage: samples kept. Blackout: guest time unprofiled, all lanes together. Stall: host time in which a vCPU
      stood still; slowdown: stall over profiled time. Excess skew: total variation distance of the shares by
      ${report.skewKey}, less what the same blackouts at other moments give on average.
    </p>
  </section>`;
}

/** What a policy costs, as far as a row shows it. */
function costs({ outcome: { summary: s, trials } }: PolicyReport): unknown {
  return [s.stallNs, s.slowdown, s.pinnedBytesPeak, trials?.stallNs, trials?.slowdown, trials?.pinnedBytesPeak];
}

function resultRow({ policies: [policy], ids, outcome }: SamePolicies, checked: boolean): Markup {
  const { summary, trials, skew, verdict } = outcome;
  const notes = policy.isReference ? [] : [holdsClause(checkedOf(outcome)), verdictCounts(outcome)];
  const share = trials?.coverage.mean ?? summary.coverage;
  const excess =
    skew && summary.lost > 0
      ? html`${excessOf(skew.cause)}<small>${skew.cause.pValue === undefined ? '' : pValue(skew.cause.pValue)}</small>`
      : '–';
  return html`<tr>
    <th scope="row">${ids.map((id, i) => html`<span class="same">${i > 0 && '= '}${id}</span>`)}</th>
    <td>
      ${value(share, trials?.coverage, percent)}
      <div class="bar" aria-hidden="true"><i style="width:${(100 * share).toFixed(1)}%"></i></div>
    </td>
    ${checked && html`<td>${checkedCoverage(checkedOf(outcome)) ?? '–'}</td>`}
    <td>${value(summary.blackoutNs, trials?.blackoutNs, duration)}</td>
    <td>${value(summary.windows, trials?.windows, whole)}</td>
    <td>${summary.durations || trials?.p99 ? value(summary.durations?.p99 ?? NaN, trials?.p99, duration) : '–'}</td>
    <td>${value(summary.stallNs, trials?.stallNs, duration)}</td>
    <td>${value(summary.slowdown, trials?.slowdown, percent)}</td>
    <td>${value(summary.pinnedBytesPeak, trials?.pinnedBytesPeak, bytes)}</td>
    <td>${excess}</td>
    <td class="words">
      ${policy.isReference ? 'reference' : verdictMark(verdict.word)}${notes.map((note) => note !== undefined && html`<small>${note}</small>`)}
    </td>
  </tr>`;
}

/** The mean over the trials with its range, where there were several; else the run's own value. */
function value(own: number, trials: Spread | undefined, format: (x: number) => string): Content {
  if (!trials) return format(own);
  return html`${format(trials.mean)}${trials.p5 !== trials.p95 && html`<small>${range(trials.p5, trials.p95, format)}</small>`}`;
}

/** Means of counts: decimals only for small ones. */
const whole = (n: number): string => (n >= 10 ? count(n) : significant(n, 2));

export function verdictMark(word: VerdictWord): Markup {
  return html`<span class="verdict"
    ><i style="color:var(--${verdictSigns[word].colour})" aria-hidden="true">${verdictSigns[word].character}</i>
    ${word}</span
  >`;
}
