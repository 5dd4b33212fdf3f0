/** The wording of the campaign page, without the page: rows of its matrix, verdict counts, flags. */
import type { CampaignOverview, MatrixCell, MatrixRow } from '../../core/contract/campaign.ts';
import { verdicts } from '../../core/model/terms.ts';
import type { VerdictWord } from '../../core/model/terms.ts';
import { list } from '../../core/words/lists.ts';
import { percent } from '../../core/words/numbers.ts';
import { flagIds } from '../../core/words/pair-flags.ts';
import type { FlagId } from '../../core/words/pair-flags.ts';
import { count } from '../format.ts';

/** Short forms for tables. */
export const shortFlags: Readonly<Record<FlagId, string>> = {
  'scaled-clocks': 'scaled clocks',
  emulated: 'emulated',
  'stage2-unsure': 'stage 2 unsure',
};

export const many = (n: number, what: string): string =>
  `${count(n)} ${what}${n === 1 ? '' : /(s|x|ch)$/.test(what) ? 'es' : 's'}`;

/** `10 pairs of 2 boards`. */
export function ofPairs({ pairs, units }: Pick<MatrixRow, 'pairs' | 'units'>, unit: string): string {
  return units ? `${many(pairs, 'pair')} of ${many(units, unit)}` : many(pairs, 'pair');
}

export interface VerdictCount {
  readonly verdict: VerdictWord;
  readonly pairs: number;
}

/** Verdicts that occur in a cell. */
export function verdictCounts({ verdicts: counts }: MatrixCell): VerdictCount[] {
  return verdicts.flatMap((verdict, i) => (counts[i] ? [{ verdict, pairs: counts[i] }] : []));
}

/** `8 representative, 2 usable with care`. */
export function verdictWords(cell: MatrixCell): string {
  return list(
    verdictCounts(cell).map(({ verdict, pairs }) => `${count(pairs)} ${verdict}`),
    9,
  );
}

/** A cell in a sentence, for its title and for screen readers. */
export function cellWords(cell: MatrixCell, policy: string, mark: string): string {
  const spread =
    cell.least === cell.most
      ? `${percent(cell.median)} lost in each pair`
      : `median ${percent(cell.median)} lost, quartiles ${percent(cell.low)} to ${percent(cell.high)}, range ${percent(cell.least)} to ${percent(cell.most)}`;
  return `${policy}: ${spread}${mark ? `; ${mark}` : ''}. Verdicts: ${verdictWords(cell)}.`;
}

/** What a row's cell says about its policy: best, or indistinguishable from the best. */
export function markOf(row: MatrixRow, place: number): '' | 'best' | "can't tell" {
  if (row.word === 'all alike' || row.word === 'no repetitions' || !row.best.includes(place)) return '';
  return row.word;
}

/** Below a row's name, where no cell can say it. */
export const rowNote: Readonly<Record<MatrixRow['word'], string>> = {
  best: '',
  "can't tell": '',
  'all alike': 'all alike',
  'no repetitions': 'no repetitions',
};

/** Flags named in an address; undefined: the campaign's own rule. */
export function flagsOut(out: string | undefined): FlagId[] | undefined {
  return out === undefined ? undefined : flagIds.filter((id) => out.split(',').includes(id));
}

/** The address's word for these flags; undefined if they match the campaign's rule. */
export function outWord(flags: readonly FlagId[], { rule }: Pick<CampaignOverview, 'rule'>): string | undefined {
  const same = flags.length === rule.length && flags.every((id) => rule.includes(id));
  return same ? undefined : flagIds.filter((id) => flags.includes(id)).join(',') || 'none';
}
