import { collectCampaign } from '../../lab/campaign/collect.ts';
import { counted } from '../format.ts';
import { lookAt } from './looking.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  options: [],
  run({ folder, args, out }) {
    const state = lookAt(folder, out);
    const {
      folder: dataset,
      facts,
      rows,
    } = collectCampaign(state, (done, total) => out.progress({ phase: 'collecting', done, total, unit: 'pairs' }));
    if (args.flag('json')) return out.json({ dataset, counts: facts.counts, rows });
    const { pairs, done, failed, pending, repeated } = facts.counts;
    out.write(`${dataset}: ${done} of ${counted(pairs, 'pair')}`);
    const rest = [
      failed && `${failed} failed`,
      pending && `${pending} not replayed yet`,
      repeated && `${repeated} repeated`,
    ];
    out.write(
      `${rest
        .filter(Boolean)
        .map((words) => `, ${words}`)
        .join('')}\n`,
    );
    for (const [name, n] of Object.entries(rows)) out.write(`  ${name}: ${counted(n, 'row')}\n`);
  },
};
