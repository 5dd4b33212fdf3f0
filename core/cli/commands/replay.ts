import { replayInLab } from '../../lab/runs.ts';
import type { Command } from '../command.ts';
import { replaying } from '../progress.ts';
import { commandLine, replayChoice, replayOptions } from '../replay-options.ts';
import { printResults, resultsJson } from '../results.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    spe: { type: 'string', value: 'ID', help: 'SPE capture', required: true },
    kvm: { type: 'string', value: 'ID', help: 'KVM trace', required: true },
    ...replayOptions,
  },
  run(args, out) {
    const request = { speId: args.integer('spe')!, kvmId: args.integer('kvm')!, ...replayChoice(args) };
    const run = replayInLab(args.need('db'), { ...request, command: commandLine('replay', args) }, replaying(out));
    if (args.flag('json')) out.json(resultsJson(run));
    else printResults(out, run);
  },
};
