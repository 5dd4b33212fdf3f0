/** Skew and verdict, policy by policy; those whose profile differs in nothing go together. */
import type { VerdictWord } from '../model/terms.ts';
import { holdsSentence, sameNames, sameNamesShort } from '../words/checks.ts';
import { list } from '../words/lists.ts';
import { checkedOf, samePolicies, survival } from './check-words.ts';
import type { SamePolicies } from './check-words.ts';
import { verdictCounts } from './finding.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import type { PolicyReport, Report } from './model.ts';
import { verdictMark } from './results.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import { skewFacts } from './tables.ts';
import { compared, scaledMark, verdictSentence } from './words.ts';

/** Policies with the same verdict, resting on the same numbers. */
function groups(all: readonly PolicyReport[]): SamePolicies[] {
  return samePolicies(all, (policy) => {
    const { rows, cause } = policy.outcome.skew ?? {};
    return [verdictSentence(policy, policy.outcome), rows?.map((row) => row.kept), cause?.excess];
  });
}

export const isSkewed = ({ outcome: { skew, verdict } }: Pick<SamePolicies, 'outcome'>): boolean =>
  skew !== undefined &&
  movedMost(skew).length > 0 &&
  ((skew.cause.pValue ?? 1) <= 0.05 || skew.significantKeys > 0 || verdict.word === 'misleading');

/** The groups that a report shows in full, and those in which nothing moved. */
export function skewGroups(report: Report): { drawn: readonly SamePolicies[]; rest: readonly SamePolicies[] } {
  const all = groups(compared(report));
  const found = all.filter(isSkewed);
  // Where nothing is significant, what noise looks like: the policy that lost most.
  const most = all
    .filter(({ outcome }) => outcome.skew && movedMost(outcome.skew).length > 0)
    .toSorted((a, b) => b.outcome.summary.lost - a.outcome.summary.lost);
  const drawn = found.length > 0 ? found : most.slice(0, 1);
  return { drawn, rest: all.filter((group) => !isSkewed(group)) };
}

export function skewSection(report: Report): Markup {
  const mark = scaledMark(report);
  const { drawn, rest } = skewGroups(report);
  return html`<section aria-labelledby="h-skew">
    <h2 id="h-skew">Skew by ${report.skewKey}${mark && html` <span class="mark">${mark}</span>`}</h2>
    ${
      drawn.length > 0 &&
      html`<p class="fn">
          Surviving share minus reference share of the keys that moved most; after each name its reference share.
          Whiskers: 95 % intervals for all keys together, from the same losses moved to other moments; keys with too few
          losses have none. Solid bars with *: the interval excludes 0.
        </p>
        <div class="charts">${drawn.map((group, i) => figure(group, i))}</div>`
    }
    ${
      rest.length > 0 &&
      html`<p class="fn">
        No key moved with where the blackouts fell under
        ${list(
          rest.flatMap(({ ids }) => ids),
          12,
        )}.
      </p>`
    }
  </section>`;
}

export function groupName({ ids }: SamePolicies): string {
  return ids.length > 4 ? sameNamesShort(ids) : sameNames(ids);
}

function figure(group: SamePolicies, i: number): Markup | false {
  const { skew } = group.outcome;
  if (!skew) return false;
  const who = groupName(group);
  return html`<figure>
    <figcaption>${who}</figcaption>
    ${skewChart(`skew${i}`, who, skew)}
    <p class="fn">${skewFacts(group.outcome)}</p>
  </figure>`;
}

/** A verdict with the policies it is about. */
export interface VerdictGroup {
  readonly ids: readonly string[];
  readonly word: VerdictWord;
  readonly sentence: string;
  /** Whether it holds under the assumption checks; for trials, how often each verdict came out. */
  readonly notes: readonly string[];
}

export function verdictGroups(report: Report): VerdictGroup[] {
  return samePolicies(compared(report), survival).map(({ policies: [policy], ids, outcome }) => {
    const counts = verdictCounts(outcome);
    return {
      ids,
      word: outcome.verdict.word,
      sentence: verdictSentence(policy, outcome),
      notes: [holdsSentence(checkedOf(outcome)), counts && `By placement: ${counts}.`].filter(
        (note) => note !== undefined,
      ),
    };
  });
}

export function verdictSection(report: Report): Markup {
  return html`<section aria-labelledby="h-verdicts">
    <h2 id="h-verdicts">Verdicts</h2>
    <dl class="verdicts">
      ${verdictGroups(report).map(
        ({ ids, word, sentence, notes }) =>
          html`<dt>${ids.map((id, i) => html`<span>${i > 0 && '= '}${id}</span>`)}</dt>
            <dd>
              ${verdictMark(word)}
              <p>${sentence}</p>
              ${notes.map((text) => html`<p class="fn">${text}</p>`)}
            </dd>`,
      )}
    </dl>
  </section>`;
}
