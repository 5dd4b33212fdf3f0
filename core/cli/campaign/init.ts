import { initCampaign } from '../../lab/campaign/init.ts';
import { plural } from '../../words/lists.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  options: [],
  run({ folder, args, out }) {
    const { path, patterns } = initCampaign(folder);
    if (args.flag('json')) return out.json({ campaign: path, pairs: patterns });
    for (const { spe, kvm, pairs } of patterns)
      out.write(`${plural(pairs, 'pair')}: ${spe === kvm ? spe : `${spe} with ${kvm}`}\n`);
    if (!patterns.length) out.write('no pairs found: the file has an example\n');
    out.write(`${path}: rename the factors to what they are, then \`umbra campaign plan ${folder}\`\n`);
  },
};
