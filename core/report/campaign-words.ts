/** Sentences across pairs. Each says how many pairs of how many machines it is about. */
import type { Group, Reversal, Standing } from '../analysis/campaign-compare.ts';
import type { LayoutPair } from '../analysis/campaign-layout.ts';
import { list } from '../words/lists.ts';
import { count, percent, points } from '../words/numbers.ts';
import type { CampaignReport } from './campaign.ts';

const named = (n: number, what: string): string =>
  `${count(n)} ${what}${n === 1 ? '' : /(s|x|ch)$/.test(what) ? 'es' : 's'}`;

/** `50 pairs of 4 boards`. */
export function ofPairs({ unit }: Pick<CampaignReport, 'unit'>, pairs: readonly LayoutPair[]): string {
  const machines = new Set(pairs.flatMap(({ factors }) => factors[unit] ?? []));
  return machines.size
    ? `${named(pairs.length, 'pair')} of ${named(machines.size, unit)}`
    : named(pairs.length, 'pair');
}

export function policyNames({ policies }: Pick<CampaignReport, 'policies'>, of: readonly number[], most = 5): string {
  return list(
    of.map((p) => policies[p]),
    most,
  );
}

export function groupName({ factor, value }: Group): string {
  return factor === undefined ? 'all pairs' : `${factor} ${value}`;
}

/** `1.20 ± 0.31 percentage points`. */
export function differenceWords({ mean, half }: { readonly mean: number; readonly half: number }): string {
  return `${points(100 * Math.abs(mean), 100 * half).replace('+', '')} ± ${points(100 * half, 100 * half).replace('+', '')}`;
}

/** One sentence: which policy loses least in a group, or that this can't be said. */
export function standingSentence(report: CampaignReport, standing: Standing): string {
  const { group, word, best, alike, lead, order } = standing;
  const where = group.factor === undefined ? 'Over all' : `With ${groupName(group)}, over`;
  const of = `${where} ${ofPairs(report, group.pairs)}`;
  const mean = percent(order[0].mean);
  switch (word) {
    case 'all alike':
      return order[0].mean === 0
        ? `${of}, no policy loses a sample.`
        : `${of}, all policies lose the same: ${mean} on average.`;
    case 'no repetitions':
      return `${of}, ${policyNames(report, [order[0].policy])} loses least on average (${mean}); there are no repetitions to tell whether that is chance.`;
    case 'best': {
      const next = lead ? `; ${report.policies[lead.b]}, the next, loses ${differenceWords(lead)} more` : '';
      const both =
        alike.length > 1
          ? `${policyNames(report, alike)} lose the same, and least`
          : `${policyNames(report, alike)} loses least`;
      return `${of}, ${both} (${mean} on average)${next}.`;
    }
    case "can't tell": {
      const worse = lead ? `; ${report.policies[lead.b]} loses ${differenceWords(lead)} more` : '';
      return `${of}, it is open which of ${policyNames(report, best)} loses least (from ${mean} on average)${worse}.`;
    }
  }
}

export function reversalSentence(report: CampaignReport, { a, b, forA, forB, on }: Reversal): string {
  const [nameA, nameB] = [report.policies[a], report.policies[b]];
  if ('check' in on) {
    const title = report.checks.find(({ id }) => id === on.check)?.title ?? on.check;
    const where = on.group.factor === undefined ? '' : ` with ${groupName(on.group)}`;
    return `Over ${ofPairs(report, on.group.pairs)}${where}, the order of ${nameA} and ${nameB} depends on an assumption: it turns around if ${title} (${nameA} ahead by ${differenceWords(forA)} one way, ${nameB} by ${differenceWords(forB)} the other).`;
  }
  const pairs = (value: string) => report.pairs.filter((p) => p.factors[on.factor] === value);
  return `The order of ${nameA} and ${nameB} depends on ${on.factor}: ${nameA} loses ${differenceWords(forA)} less with ${on.valueA} (${ofPairs(report, pairs(on.valueA))}), ${nameB} loses ${differenceWords(forB)} less with ${on.valueB} (${ofPairs(report, pairs(on.valueB))}).`;
}

/** The finding, one paragraph. */
export function campaignFinding(report: CampaignReport): string {
  const { pairs, standings, factorReversals, unit } = report;
  if (!pairs.length) return 'No pair came through: there is nothing to say.';
  if (report.policies.length < 2)
    return `Over ${ofPairs(report, pairs)}, one policy was replayed: there is nothing to compare it with.`;
  const [all, ...parts] = standings;
  const byUnit = parts.filter(({ group }) => group.factor === unit);
  const sentences = [standingSentence(report, all)];
  if (byUnit.length > 1) {
    const winners = new Map<string, string[]>();
    for (const { group, word, alike, best } of byUnit) {
      const who =
        word === 'best'
          ? policyNames(report, alike)
          : word === 'all alike'
            ? 'all alike'
            : word === 'no repetitions'
              ? 'can’t be told'
              : `${policyNames(report, best)} can’t be told apart`;
      winners.set(who, [...(winners.get(who) ?? []), group.value!]);
    }
    const clauses = [...winners].map(([who, values]) => `${who} on ${list(values, 5)}`);
    sentences.push(`By ${unit}, of ${ofPairs(report, pairs)}, the best is: ${clauses.join('; ')}.`);
  }
  const [first] = factorReversals;
  if (first) sentences.push(reversalSentence(report, first));
  return sentences.join(' ');
}

/** What intervals and words rest on. */
export function methodText(report: CampaignReport): string {
  const { families, repetition, pairs } = report;
  return [
    `All of this is said of ${ofPairs(report, pairs)}; other machines, kernels and workloads may differ.`,
    `± is half of a 95 % interval from how repetitions of a cell (pairs alike in all factors but ${repetition}) differ, cells counting alike, each with its own variance (Welch, Satterthwaite), never from blocks within a capture.`,
    `Each set of intervals holds together (Bonferroni): ${count(families.comparisons)} comparisons of two policies as the campaign assumes, ${count(families.checked)} with the assumption checks, ${count(families.effects)} effects of factors.`,
    'A policy is called best where it loses clearly less than every other one; a reversal is clear on both sides. What isn’t clear isn’t called the same.',
    'Repetitions are taken to be independent; a machine represents itself, not a fleet.',
  ].join(' ');
}
