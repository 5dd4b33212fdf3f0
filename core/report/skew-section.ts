/** Skew and verdict, policy by policy; those whose profile differs in nothing stand together. */
import { count, list, pValue, percent, significant } from './format.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import type { DlDiscard, PolicyReport, Report, Variant } from './model.ts';
import { verdictMark } from './results.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import type { Compared } from './words.ts';
import { compared, discardWords, otherDiscard, scaledMark, verdictSentence } from './words.ts';

/** Policies with the same verdict that rests on the same numbers. */
interface Group {
  readonly discard: DlDiscard;
  readonly policies: PolicyReport[];
  readonly variant: Variant;
}

function groups(all: readonly Compared[], discard: DlDiscard): Group[] {
  const found = new Map<string, Group>();
  for (const { policy, variant } of all) {
    const { rows, nullModel } = variant.skew ?? {};
    const key = JSON.stringify([verdictSentence(policy, variant), rows?.map((row) => row.kept), nullModel?.excess]);
    const same = found.get(key);
    if (same) same.policies.push(policy);
    else found.set(key, { discard, policies: [policy], variant });
  }
  return [...found.values()];
}

const isSkewed = ({ variant }: Group): boolean =>
  variant.skew !== undefined &&
  movedMost(variant.skew).length > 0 &&
  (variant.verdict.skewed || variant.skew.significantKeys > 0);

export function skewSection(report: Report): Markup {
  const mark = scaledMark(report);
  const other = otherDiscard(report);
  const all = [...groups(compared(report), report.dlDiscard), ...groups(compared(report, other), other)];
  const found = all.filter(isSkewed);
  // Where nothing is significant, what noise looks like: the policy that lost most.
  const most = all
    .filter(({ variant }) => variant.skew && movedMost(variant.skew).length > 0)
    .toSorted((a, b) => b.variant.summary.lost - a.variant.summary.lost);
  const drawn = found.length > 0 ? found : most.slice(0, 1);
  const rest = all.filter((group) => group.discard === report.dlDiscard && !isSkewed(group));
  return html`<section aria-labelledby="h-skew">
    <h2 id="h-skew">Skew by ${report.skewKey}${mark && html` <span class="mark">${mark}</span>`}</h2>
    ${
      drawn.length > 0 &&
      html`<p class="fn">
          Surviving share minus reference share of the keys that moved most; after each name its reference share.
          Whiskers: 95 % intervals, block bootstrap over time. Solid bars with *: significant at 5 % for all keys
          together (hypergeometric test, Benjamini–Hochberg).
        </p>
        <div class="charts">${drawn.map((group, i) => figure(report, group, i))}</div>`
    }
    ${rest.length > 0 && html`<p class="fn">No key moved significantly under ${list(rest.flatMap(ids), 12)}${all.length > rest.length && ` (${discardWords[report.dlDiscard]})`}.</p>`}
  </section>`;
}

const ids = ({ policies }: Group): string[] => policies.map(({ id }) => id);

function figure(report: Report, group: Group, i: number): Markup | false {
  const { skew, latency } = group.variant;
  if (!skew) return false;
  const guest = group.discard === report.dlDiscard ? '' : `; ${discardWords[group.discard]}`;
  const who = `${list(ids(group), 4)}${guest}`;
  const { nullModel } = skew;
  const facts = [
    `TVD ${significant(skew.tvd, 2)} (by chance ${significant(nullModel.mean, 2)}, 95 % up to ${significant(nullModel.p95, 2)}; ${pValue(nullModel.pValue)}, ${count(nullModel.draws)} draws)`,
    `Jensen–Shannon distance ${significant(skew.jsDistance, 2)}`,
    `top-10 recall ${percent(skew.top10Recall)}`,
    skew.kendallTauB === undefined ? undefined : `Kendall τ-b of the top 50 ${significant(skew.kendallTauB)}`,
    `rank-biased overlap ${significant(skew.rankBiasedOverlap)}`,
    `${count(skew.significantKeys)} of ${count(skew.keys)} keys moved significantly`,
    latency &&
      `total latency p50/p90/p99 ${[latency.reference, latency.kept].map((l) => [l.p50, l.p90, l.p99].map((x) => significant(x)).join('/')).join(' → ')} cycles (KS distance ${significant(latency.ks, 2)})`,
  ];
  return html`<figure>
    <figcaption>${who}</figcaption>
    ${skewChart(`skew${i}`, who, skew)}
    <p class="fn">${facts.filter((fact) => fact !== undefined).join('; ')}.</p>
  </figure>`;
}

export function verdictSection(report: Report): Markup {
  const other = otherDiscard(report);
  return html`<section aria-labelledby="h-verdicts">
    <h2 id="h-verdicts">Verdicts</h2>
    <dl class="verdicts">
      ${groups(compared(report), report.dlDiscard).map(({ policies, variant }) => {
        const counterparts = compared(report, other).filter(({ policy }) => policies.includes(policy));
        const differing = groups(counterparts, other).filter(
          (group) => group.variant.verdict.word !== variant.verdict.word,
        );
        return html`<dt>${policies.map(({ id }) => html`<span>${id}</span>`)}</dt>
          <dd>
            ${verdictMark(variant.verdict.word)}
            <p>${verdictSentence(policies[0], variant)}</p>
            ${differing.map((group) => otherVerdict(group, group.policies.length < policies.length))}
          </dd>`;
      })}
    </dl>
  </section>`;
}

function otherVerdict(group: Group, named: boolean): Markup {
  return html`<p class="fn">
    If the ${discardWords[group.discard]}${named && ` (${list(ids(group))})`}: ${group.variant.verdict.word}.
    ${verdictSentence(group.policies[0], group.variant)}
  </p>`;
}
