/** The tables of a report across pairs. */
import type { Effects } from '../analysis/campaign-layout.ts';
import { quantile } from '../analysis/numbers.ts';
import { verdicts } from '../model/terms.ts';
import { shorten } from '../words/lists.ts';
import { count, percent, points } from '../words/numbers.ts';
import type { CampaignPairResult, CampaignReport } from './campaign.ts';
import { groupName } from './campaign-words.ts';
import type { Table } from './tables.ts';

/** Policies shown: of those that are alike in all pairs, the first. */
export const shownPolicies = ({ alike, policies }: CampaignReport): number[] =>
  policies.flatMap((_, p) => (alike[p] === undefined ? [p] : []));

/** Mean loss by group and policy. */
export function standingTable(report: CampaignReport): Table {
  const shown = shownPolicies(report);
  return {
    head: ['', 'pairs', ...shown.map((p) => shorten(report.policies[p], 22))],
    align: `lr${'r'.repeat(shown.length)}`,
    rows: report.standings.map((s) => {
      const mark = (p: number): string => {
        if (s.word === 'all alike' || s.word === 'no repetitions' || !s.best.includes(p)) return '';
        return s.word === 'best' ? ' *' : ' ?';
      };
      const mean = (p: number): number => s.order.find(({ policy }) => policy === p)?.mean ?? NaN;
      return [groupName(s.group), count(s.group.pairs.length), ...shown.map((p) => `${percent(mean(p))}${mark(p)}`)];
    }),
  };
}

export function lossTable(report: CampaignReport): Table {
  return {
    head: ['policy', 'median', 'lower quartile', 'upper quartile', 'least', 'most'],
    align: 'lrrrrr',
    rows: shownPolicies(report).map((p) => {
      const sorted = Float64Array.from(report.pairs, ({ loss }) => loss[p]).sort();
      return [report.policies[p], ...[0.5, 0.25, 0.75, 0, 1].map((at) => percent(quantile(sorted, at)))];
    }),
  };
}

export function verdictTable(report: CampaignReport, pairs: readonly CampaignPairResult[]): Table {
  const words = verdicts.filter((word) => report.pairs.some((pair) => pair.verdicts.includes(word)));
  return {
    head: ['policy', ...words],
    align: `l${'r'.repeat(words.length)}`,
    rows: shownPolicies(report).map((p) => [
      report.policies[p],
      ...words.map((word) => count(pairs.filter((pair) => pair.verdicts[p] === word).length)),
    ]),
  };
}

export function effectsTable(
  report: CampaignReport,
  own: readonly { readonly policy: number; readonly effects: Effects }[],
): Table {
  const values = own[0]?.effects.values.map(({ value }) => value) ?? [];
  return {
    head: ['policy', ...values.map((v) => shorten(v, 22))],
    align: `l${'r'.repeat(values.length)}`,
    rows: own.map(({ policy, effects }) => [
      report.policies[policy],
      ...effects.values.map(({ mean, half, clear }) => {
        if (mean === 0 && !clear) return '0';
        const width = Number.isNaN(half) ? '' : ` ± ${points(100 * half, 100 * half).replace(/^\+|\u202fpp$/g, '')}`;
        return `${points(100 * mean, 100 * half).replace(/\u202fpp$/, '')}${width}${clear ? ' *' : ''}`;
      }),
    ]),
  };
}

export function effectsTotal({ families }: CampaignReport): number {
  return families.effects;
}

export function changesTable(report: CampaignReport): Table {
  const title = (id: string): string => report.checks.find((c) => c.id === id)?.title ?? id;
  return {
    head: ['policy', 'if', 'pairs', 'then'],
    align: 'llrl',
    rows: report.changes.map(({ policy, check, pairs, to }) => [
      report.policies[policy],
      title(check),
      count(pairs),
      to,
    ]),
  };
}

export function flagsTable(report: CampaignReport): Table {
  return {
    head: ['flag', 'pairs with', 'pairs', ''],
    align: 'llrl',
    rows: report.flags.map(({ id, words, pairs, out }) => [
      id,
      words,
      count(pairs),
      pairs === 0 ? '' : out ? 'left out' : 'counted',
    ]),
  };
}
