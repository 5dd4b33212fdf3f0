/** Skew and verdict, policy by policy; those whose profile differs in nothing stand together. */
import { count, list, pValue, percent, significant } from './format.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import type { PolicyReport, Report, Variant } from './model.ts';
import { verdictMark } from './results.ts';
import { movedMost, skewChart } from './skew-chart.ts';
import { compared, discardWords, otherDiscard, scaledMark, verdictSentence } from './words.ts';

interface Group {
  readonly policies: PolicyReport[];
  readonly variant: Variant;
}

/** Policies with the same verdict that rests on the same numbers. */
function groups(report: Report): Group[] {
  const found = new Map<string, Group>();
  for (const { policy, variant } of compared(report)) {
    const { rows, nullModel } = variant.skew ?? {};
    const key = JSON.stringify([verdictSentence(policy, variant), rows?.map((row) => row.kept), nullModel?.excess]);
    const same = found.get(key);
    if (same) same.policies.push(policy);
    else found.set(key, { policies: [policy], variant });
  }
  return [...found.values()];
}

export function skewSection(report: Report): Markup {
  const mark = scaledMark(report);
  const moved = groups(report).filter(({ variant }) => variant.skew && movedMost(variant.skew).length > 0);
  const found = moved.filter(({ variant }) => variant.verdict.skewed || variant.skew!.significantKeys > 0);
  // Where nothing is significant, what noise looks like: the policy that lost most.
  const most = moved.toSorted((a, b) => b.variant.summary.lost - a.variant.summary.lost).slice(0, 1);
  const drawn = found.length > 0 ? found : most;
  const rest = groups(report).filter((group) => !drawn.includes(group));
  return html`<section aria-labelledby="h-skew">
    <h2 id="h-skew">Skew by ${report.skewKey}${mark && html` <span class="mark">${mark}</span>`}</h2>
    ${
      drawn.length > 0 &&
      html`<p class="fn">
          Surviving share minus reference share of the keys that moved most; after each name its reference share.
          Whiskers: 95 % intervals, block bootstrap over time. Solid bars with *: significant at 5 % for all keys
          together (hypergeometric test, Benjamini–Hochberg).
        </p>
        <div class="charts">${drawn.map(({ policies, variant }, i) => figure(policies, variant, i))}</div>`
    }
    ${rest.length > 0 && html`<p class="fn">No key moved significantly under ${list(rest.flatMap(ids), 12)}.</p>`}
  </section>`;
}

const ids = ({ policies }: Group): string[] => policies.map(({ id }) => id);

function figure(policies: readonly PolicyReport[], { skew, latency }: Variant, i: number): Markup | false {
  if (!skew) return false;
  const who = list(
    policies.map(({ id }) => id),
    4,
  );
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
      ${groups(report).map(({ policies, variant }) => {
        const others = policies.flatMap((policy) => {
          const counterpart = policy.variants[other];
          const differs = counterpart && counterpart.verdict.word !== variant.verdict.word;
          return differs ? [{ policy, counterpart }] : [];
        });
        return html`<dt>${policies.map(({ id }) => html`<span>${id}</span>`)}</dt>
          <dd>
            ${verdictMark(variant.verdict.word)}
            <p>${verdictSentence(policies[0]!, variant)}</p>
            ${others.map(
              ({ policy, counterpart }) =>
                html`<p class="fn">
                  If the ${discardWords[other]}${policies.length > 1 && ` (${policy.id})`}: ${counterpart.verdict.word}.
                  ${verdictSentence(policy, counterpart)}
                </p>`,
            )}
          </dd>`;
      })}
    </dl>
  </section>`;
}
