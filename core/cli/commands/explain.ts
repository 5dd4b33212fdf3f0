import { explainInLab } from '../../lab/windows/explain.ts';
import { keyKinds } from '../../lab/symbols/keys.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { resultChoice, resultOptions } from '../result-options.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    ...resultOptions,
    window: { type: 'string', value: 'N', help: 'its place in the list of `umbra windows`, from 0', required: true },
    by: { type: 'string', value: 'KEY', help: `what ran in the dark is counted by ${keyKinds.join(' | ')}` },
  },
  details:
    'Times are ms after the run’s first sample. Origins of numbers: measured (in a capture), assumed (a default), user, policy (its\n' +
    'own figure); of stage 2 changes: observed, inferred or unknown, with the evidence in the trace.',
  run(args, out) {
    const text = args.text('by');
    const by = keyKinds.find((k) => k === text);
    if (text !== undefined && !by) throw new UsageError(`--by takes ${keyKinds.join(', ')}, not '${text}'`);
    const { story, sentences } = explainInLab(args.need('db'), {
      ...resultChoice(args),
      window: args.integer('window')!,
      by,
    });
    if (args.flag('json')) return out.json({ story, sentences });
    for (const { text } of sentences) out.write(`${text}\n`);
  },
};
