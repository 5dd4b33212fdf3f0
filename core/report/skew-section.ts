/** Skew and verdict, policy by policy; those whose profile differs in nothing stand together. */
import { list } from '../words/lists.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import type { DlDiscard, PolicyReport, Report, Variant } from './model.ts';
import { verdictMark } from './results.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import { skewFacts } from './tables.ts';
import type { Compared } from './model.ts';
import { compared, discardWords, otherDiscard, scaledMark, verdictSentence } from './words.ts';

/** Policies with the same verdict that rests on the same numbers. */
export interface Group {
  readonly discard: DlDiscard;
  readonly policies: PolicyReport[];
  readonly variant: Variant;
}

export function groups(all: readonly Compared[], discard: DlDiscard): Group[] {
  const found = new Map<string, Group>();
  for (const { policy, variant } of all) {
    const { rows, cause } = variant.skew ?? {};
    const key = JSON.stringify([verdictSentence(policy, variant), rows?.map((row) => row.kept), cause?.excess]);
    const same = found.get(key);
    if (same) same.policies.push(policy);
    else found.set(key, { discard, policies: [policy], variant });
  }
  return [...found.values()];
}

export const isSkewed = ({ variant }: Group): boolean =>
  variant.skew !== undefined &&
  movedMost(variant.skew).length > 0 &&
  ((variant.skew.cause.pValue ?? 1) <= 0.05 ||
    variant.skew.significantKeys > 0 ||
    variant.verdict.word === 'misleading');

/** The groups that a report shows in full, and those of its own variant in which nothing moved. */
export function skewGroups(report: Report): { drawn: readonly Group[]; rest: readonly Group[]; all: readonly Group[] } {
  const other = otherDiscard(report);
  const all = [...groups(compared(report), report.dlDiscard), ...groups(compared(report, other), other)];
  const found = all.filter(isSkewed);
  // Where nothing is significant, what noise looks like: the policy that lost most.
  const most = all
    .filter(({ variant }) => variant.skew && movedMost(variant.skew).length > 0)
    .toSorted((a, b) => b.variant.summary.lost - a.variant.summary.lost);
  const drawn = found.length > 0 ? found : most.slice(0, 1);
  const rest = all.filter((group) => group.discard === report.dlDiscard && !isSkewed(group));
  return { drawn, rest, all };
}

export function skewSection(report: Report): Markup {
  const mark = scaledMark(report);
  const { drawn, rest, all } = skewGroups(report);
  return html`<section aria-labelledby="h-skew">
    <h2 id="h-skew">Skew by ${report.skewKey}${mark && html` <span class="mark">${mark}</span>`}</h2>
    ${
      drawn.length > 0 &&
      html`<p class="fn">
          Surviving share minus reference share of the keys that moved most; after each name its reference share.
          Whiskers: 95 % intervals for all keys together, from the same losses moved to other moments; keys with too few
          losses have none. Solid bars with *: the interval excludes 0.
        </p>
        <div class="charts">${drawn.map((group, i) => figure(report, group, i))}</div>`
    }
    ${rest.length > 0 && html`<p class="fn">No key moved with where the blackouts fell under ${list(rest.flatMap(ids), 12)}${all.length > rest.length && ` (${discardWords[report.dlDiscard]})`}.</p>`}
  </section>`;
}

const ids = ({ policies }: Group): string[] => policies.map(({ id }) => id);

export function groupName(report: Report, group: Group): string {
  const guest = group.discard === report.dlDiscard ? '' : `; ${discardWords[group.discard]}`;
  return `${list(ids(group), 4)}${guest}`;
}

function figure(report: Report, group: Group, i: number): Markup | false {
  const { skew } = group.variant;
  if (!skew) return false;
  const who = groupName(report, group);
  return html`<figure>
    <figcaption>${who}</figcaption>
    ${skewChart(`skew${i}`, who, skew)}
    <p class="fn">${skewFacts(group.variant)}</p>
  </figure>`;
}

/** A verdict with the policies that it is about, and what becomes of it with the other kind of guest. */
export interface VerdictGroup {
  readonly policies: readonly PolicyReport[];
  readonly word: Variant['verdict']['word'];
  readonly sentence: string;
  /** A sentence per different verdict. */
  readonly changed: readonly string[];
}

export function verdictGroups(report: Report): VerdictGroup[] {
  const other = otherDiscard(report);
  return groups(compared(report), report.dlDiscard).map(({ policies, variant }) => {
    const counterparts = compared(report, other).filter(({ policy }) => policies.includes(policy));
    const differing = groups(counterparts, other).filter(
      (group) => group.variant.verdict.word !== variant.verdict.word,
    );
    return {
      policies,
      word: variant.verdict.word,
      sentence: verdictSentence(policies[0]!, variant),
      changed: differing.map((group) => otherVerdict(group, group.policies.length < policies.length)),
    };
  });
}

function otherVerdict(group: Group, named: boolean): string {
  const whose = named ? ` (${list(ids(group))})` : '';
  const { word } = group.variant.verdict;
  return `If the ${discardWords[group.discard]}${whose}: ${word}. ${verdictSentence(group.policies[0]!, group.variant)}`;
}

export function verdictSection(report: Report): Markup {
  return html`<section aria-labelledby="h-verdicts">
    <h2 id="h-verdicts">Verdicts</h2>
    <dl class="verdicts">
      ${verdictGroups(report).map(
        ({ policies, word, sentence, changed }) =>
          html`<dt>${policies.map(({ id }) => html`<span>${id}</span>`)}</dt>
            <dd>
              ${verdictMark(word)}
              <p>${sentence}</p>
              ${changed.map((text) => html`<p class="fn">${text}</p>`)}
            </dd>`,
      )}
    </dl>
  </section>`;
}
