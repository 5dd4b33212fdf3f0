/** Which pairs of a campaign are listed, in which order. */
import type { CampaignPairs } from '../../core/contract/campaign.ts';
import { pairStatuses } from '../../core/contract/campaign.ts';
import type { PairStatus } from '../../core/contract/campaign.ts';
import { verdicts } from '../../core/model/terms.ts';
import type { VerdictWord } from '../../core/model/terms.ts';
import { flagIds } from '../../core/words/pair-flags.ts';
import type { FlagId } from '../../core/words/pair-flags.ts';

export interface PairFilter {
  /** A factor's value. */
  readonly by?: string;
  readonly value?: string;
  readonly pairs?: 'failed' | 'pending' | 'flagged';
}

export interface PairOrder {
  readonly by: 'pair' | 'loss';
  readonly descending: boolean;
}

/** Indices of the pairs shown. Those without a loss come last in either order. */
export function pairRows(table: CampaignPairs, { by, value, pairs }: PairFilter, order: PairOrder): Uint32Array {
  const factor = value === undefined ? undefined : table.factors.find(({ name }) => name === by);
  const wanted = factor?.values.indexOf(value!);
  const status = pairs === 'failed' || pairs === 'pending' ? pairStatuses.indexOf(pairs) : undefined;
  const shown = table.pair.flatMap((_, i) => {
    if (factor && factor.code[i] !== wanted) return [];
    if (status !== undefined && table.status[i] !== status) return [];
    return pairs === 'flagged' && !table.flags[i] ? [] : [i];
  });
  const sign = order.descending ? -1 : 1;
  if (order.by === 'loss') {
    const key = (i: number) => (Number.isNaN(table.loss[i]) ? Infinity : sign * table.loss[i]);
    shown.sort((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)));
  } else if (order.descending) shown.reverse();
  return Uint32Array.from(shown);
}

export const statusOf = ({ status }: CampaignPairs, i: number): PairStatus => pairStatuses[status[i]];
export const verdictAt = ({ verdict }: CampaignPairs, i: number): VerdictWord | undefined => verdicts[verdict[i]];
export const flagsAt = ({ flags }: CampaignPairs, i: number): FlagId[] =>
  flagIds.filter((_, bit) => (flags[i] >> bit) & 1);
