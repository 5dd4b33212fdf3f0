/** Whether a report across pairs says what is true of them, and nothing more. */
import { average, cellsOf, effectsOf } from '../../core/analysis/campaign-layout.ts';
import type { LayoutPair } from '../../core/analysis/campaign-layout.ts';
import type { CampaignReport } from '../../core/report/campaign.ts';
import { campaignFinding, reversalSentence, standingSentence } from '../../core/report/campaign-words.ts';

/** Share truly lost, by pair and policy. */
export type TrueLoss = (pair: string, policy: string) => number;

export interface Judged {
  /** Losses of the dataset that are the true ones, of how many. */
  readonly exact: number;
  readonly losses: number;
  /** By board: what the report says. */
  readonly boards: ReadonlyMap<string, string>;
  /** Statements compared with the truth. */
  readonly statements: number;
  /** Those that say more than there is, or something else. */
  readonly wrong: readonly string[];
}

/** Differences of mean losses below it count as none. */
const NONE = 1e-12;

export function judge(report: CampaignReport, truth: TrueLoss): Judged {
  const { policies, pairs, unit, factors } = report;
  const wrong: string[] = [];
  let statements = 0;
  const check = (holds: boolean, what: string): void => {
    statements++;
    if (!holds) wrong.push(what);
  };
  const losses = pairs.flatMap((pair) =>
    pair.loss.map((loss, p) => ({ loss, true: truth(pair.key, policies[p]), samples: pair.samples })),
  );
  const trueOf =
    (policy: number) =>
    ({ key }: LayoutPair): number =>
      truth(key, policies[policy]);
  const mean = (of: readonly LayoutPair[], policy: number): number =>
    average(cellsOf(of, factors), trueOf(policy)).mean;

  const boards = new Map<string, string>();
  for (const standing of report.standings) {
    const { group, word, best, alike } = standing;
    const means = standing.order.map(({ policy }) => ({ policy, mean: mean(group.pairs, policy) }));
    const least = Math.min(...means.map((m) => m.mean));
    const trulyBest = means.filter((m) => m.mean <= least + NONE).map((m) => m.policy);
    const sentence = standingSentence(report, standing);
    if (group.factor === unit)
      boards.set(group.value!, word === 'best' ? alike.map((p) => policies[p]).join(' = ') : word);
    check(/pairs? of \d+ /.test(sentence), `of how many pairs? ${sentence}`);
    if (word === 'best')
      check(
        trulyBest.every((p) => alike.includes(p)),
        sentence,
      );
    if (word === 'all alike') check(trulyBest.length === means.length, sentence);
    // What is truly best is never ruled out.
    if (word === "can't tell")
      check(
        trulyBest.every((p) => best.includes(p)),
        sentence,
      );
  }
  for (const reversal of report.factorReversals) {
    const { a, b, on } = reversal;
    if (!('factor' in on)) continue;
    const difference = (value: string): number => {
      const own = pairs.filter(({ factors: of }) => of[on.factor] === value);
      return mean(own, a) - mean(own, b);
    };
    check(difference(on.valueA) < 0 && difference(on.valueB) > 0, reversalSentence(report, reversal));
  }
  const cells = cellsOf(pairs, factors);
  for (const { policy, factors: all } of report.effects)
    for (const { factor, values } of all) {
      const real = effectsOf(cells, factor, trueOf(policy), 1).values;
      for (const value of values.filter(({ clear }) => clear)) {
        const own = real.find((r) => r.value === value.value)!;
        check(
          own.mean * value.mean > 0,
          `${factor} ${value.value} under ${policies[policy]}: ${value.mean}, truly ${own.mean}`,
        );
      }
    }
  for (const sentence of campaignFinding(report).split(/(?<=\.) (?=[A-Z])/))
    check(/pairs? of \d+ /.test(sentence), `of how many pairs? ${sentence}`);
  return {
    exact: losses.filter((l) => Math.abs(l.loss - l.true) < 0.5 / l.samples).length,
    losses: losses.length,
    ...{ boards, statements, wrong },
  };
}
