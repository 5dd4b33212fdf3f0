import { planMake, planOf, planTsv } from '../../lab/campaign/plan.ts';
import { UsageError } from '../command.ts';
import { textTable } from '../table.ts';
import { lookAt } from './looking.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  options: ['format'],
  run({ folder, args, out }) {
    const format = args.flag('json') ? 'json' : args.text('format');
    if (format !== undefined && !['tsv', 'make', 'json'].includes(format))
      throw new UsageError(`--format takes tsv, make or json, not '${format}'`);
    const state = lookAt(folder, out);
    if (format === 'json') return out.json({ factors: state.factors, pairs: planOf(state) });
    if (format === 'tsv') return out.write(planTsv(state));
    if (format === 'make') return out.write(planMake(state));
    const rows = planOf(state).map(({ key, factors, spe, kvm, status }) => [
      key,
      ...state.factors.map((name) => factors[name] ?? '-'),
      ...[spe, kvm, status],
    ]);
    out.write(textTable(['pair', ...state.factors, 'spe', 'kvm', 'status'], rows, ''));
  },
};
