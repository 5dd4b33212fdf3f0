/** The options that name one policy's result of a run. */
import type { ResultChoice } from '../lab/runs/replay-again.ts';
import type { Args, Option } from './command.ts';
import { UsageError } from './command.ts';

export const resultOptions: Readonly<Record<string, Option>> = {
  db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
  run: { type: 'string', value: 'ID', help: 'run', required: true },
  policy: { type: 'string', value: 'P', help: 'policy', required: true },
  dl: { type: 'string', value: 'record|buffer', help: "what the guest does with DL=1 (the run's own)" },
};

export function resultChoice(args: Args): ResultChoice {
  return { run: args.integer('run')!, policy: args.need('policy'), dlDiscard: dlDiscardOf(args) };
}

export function dlDiscardOf(args: Args): ResultChoice['dlDiscard'] {
  const dlDiscard = args.text('dl');
  if (dlDiscard !== undefined && dlDiscard !== 'record' && dlDiscard !== 'buffer') {
    throw new UsageError(`--dl takes record or buffer, not '${dlDiscard}'`);
  }
  return dlDiscard;
}
