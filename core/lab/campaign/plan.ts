/** A campaign as commands, one per pair, to run with GNU parallel, make, Snakemake or a batch system. */
import { shellLine } from '../../words/shell.ts';
import { resultName } from './result.ts';
import { pendingPairs } from './state.ts';
import type { CampaignState, PairState } from './state.ts';

export interface PlannedPair {
  readonly key: string;
  readonly factors: Readonly<Record<string, string>>;
  readonly spe: string;
  readonly kvm: string;
  readonly status: PairState['status'];
  readonly reason?: string;
  /** The result's file, relative to the campaign's folder; absent where a file is missing. */
  readonly result?: string;
  /** Quoted for a shell. */
  readonly command: string;
}

export function planOf(state: CampaignState): PlannedPair[] {
  return state.pairs.map(({ pair, print, status, reason }) => ({
    ...{ key: pair.key, factors: pair.factors, spe: pair.spe, kvm: pair.kvm, status },
    ...(reason !== undefined && { reason }),
    ...(print && { result: resultName(print.id) }),
    command: pairCommand(state, pair.key),
  }));
}

export function pairCommand({ campaign }: Pick<CampaignState, 'campaign'>, key: string): string {
  return shellLine(['umbra', 'campaign', 'pair', campaign.folder, key]);
}

/** A header, then a line per pair: key, factors, files, status, command. */
export function planTsv(state: CampaignState): string {
  const head = ['pair', ...state.factors, 'spe', 'kvm', 'status', 'command'];
  const rows = planOf(state).map((p) => [
    p.key,
    ...state.factors.map((name) => p.factors[name] ?? ''),
    ...[p.spe, p.kvm, p.status, p.command],
  ]);
  return [head, ...rows].map((row) => `${row.map((cell) => cell.replace(/[\t\n\r]/g, ' ')).join('\t')}\n`).join('');
}

/** A makefile: `make -j8 -f plan.mk`. Pairs with a result aren't remade; the dataset comes last. */
export function planMake(state: CampaignState): string {
  const { campaign } = state;
  const pending = pendingPairs(state, true);
  const target = ({ print }: PairState): string => make(`${campaign.folder}/${resultName(print!.id)}`);
  const rules = pending.map((one) => `${target(one)}:\n\t@${recipe(pairCommand(state, one.pair.key))}\n`);
  return [
    `# ${pending.length} of ${state.pairs.length} pairs are to be replayed. After a change of files or settings, plan again.`,
    '.PHONY: dataset',
    `dataset:${pending.map((one) => ` \\\n  ${target(one)}`).join('')}`,
    `\t@${recipe(shellLine(['umbra', 'campaign', 'collect', campaign.folder]))}\n`,
    ...rules,
  ].join('\n');
}

/** A path escaped for a make rule. */
const make = (path: string): string => path.replaceAll('$', '$$$$').replace(/[\s#:%\\]/g, '\\$&');

const recipe = (command: string): string => command.replaceAll('$', '$$$$');
