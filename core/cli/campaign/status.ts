import { removeResults } from '../../lab/campaign/result.ts';
import { statusCounts } from '../../lab/campaign/state.ts';
import type { CampaignState } from '../../lab/campaign/state.ts';
import { plural } from '../../words/lists.ts';
import type { Output } from '../output.ts';
import { lookAt } from './looking.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  options: ['tidy'],
  run({ folder, args, out }) {
    const state = lookAt(folder, out);
    const removed = args.flag('tidy') ? removeResults(folder, state.stale) : undefined;
    const counts = statusCounts(state);
    if (args.flag('json'))
      return out.json({ ...counts, failures: failures(state), ...(removed !== undefined && { removed }) });
    out.write(
      `${plural(counts.pairs, 'pair')}: ${counts.done} done, ${counts.failed} failed, ${counts.pending} to be replayed\n`,
    );
    if (counts.repeated)
      out.write(`${plural(counts.repeated, 'pair')} with the same captures as an earlier pair: counted once\n`);
    if (removed !== undefined) out.write(`${plural(removed, 'result')} of other settings, versions or files deleted\n`);
    else if (counts.stale)
      out.write(`${plural(counts.stale, 'result')} of other settings, versions or files; --tidy deletes them\n`);
    listFailures(state, out);
  },
};

function failures({ pairs }: CampaignState): { pair: string; reason: string }[] {
  return pairs.flatMap(({ pair, status, reason }) =>
    status === 'failed' ? [{ pair: pair.key, reason: reason ?? '' }] : [],
  );
}

/** Failures shown; `status --json` has all. */
const SHOWN = 20;

export function listFailures(state: CampaignState, out: Output): void {
  const all = failures(state);
  for (const { pair, reason } of all.slice(0, SHOWN)) out.write(`failed: ${pair}: ${reason}\n`);
  if (all.length > SHOWN) out.write(`… and ${all.length - SHOWN} more failures: --json lists them\n`);
}
