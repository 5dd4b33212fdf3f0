/** The options that `umbra replay` and `umbra run` share. */
import { readReplayWords } from '../lab/runs/run-settings.ts';
import type { ReplayChoice } from '../lab/runs/run-settings.ts';
import { shellLine } from '../words/shell.ts';
import type { Args, Option } from './command.ts';

export const replayOptions: Readonly<Record<string, Option>> = {
  policy: { type: 'string', multiple: true, value: 'a,b|all', help: 'policies to replay (all)' },
  'policy-file': { type: 'string', multiple: true, value: 'F', help: 'own policies, JSON' },
  params: { type: 'string', value: 'F', help: 'parameters, a JSON object' },
  set: { type: 'string', multiple: true, value: 'name=value', help: 'one parameter, e.g. irqNs=1500' },
  align: {
    type: 'string',
    value: 'MODE',
    help: 'absolute | start | loop | fit: how the KVM timeline meets the samples',
  },
  offset: { type: 'string', value: 'NS', help: 'move the KVM timeline' },
  scale: { type: 'string', value: 'X', help: 'stretch the KVM timeline' },
  placement: { type: 'string', value: 'P', help: 'explicit | random | hot | quiet: where the SPE buffers lie' },
  buffer: {
    type: 'string',
    multiple: true,
    value: 'LANE=IPA:SIZE',
    help: "a lane's buffer; implies --placement explicit",
  },
  lanes: { type: 'string', value: 'CPU=VCPU,…', help: 'which SPE CPU is which vCPU (by number)' },
  trials: { type: 'string', value: 'N', help: 'random placements tried' },
  seed: { type: 'string', value: 'S', help: 'seed of all that is random' },
  scenario: { type: 'string', value: 'F', help: 'stage 2 events to inject, JSON' },
};

export function replayChoice(args: Args): ReplayChoice {
  const buffers = args.texts('buffer');
  const options = {
    align: args.text('align'),
    offsetNs: args.text('offset'),
    scale: args.text('scale'),
    placement: args.text('placement') ?? (buffers.length ? 'explicit' : undefined),
    buffers: buffers.length ? buffers : undefined,
    lanes: args.text('lanes'),
    trials: args.text('trials'),
    seed: args.text('seed'),
  };
  return readReplayWords({
    policies: args.texts('policy').flatMap((list) => list.split(',').filter(Boolean)),
    policyFiles: args.texts('policy-file'),
    paramsFile: args.text('params'),
    settings: args.texts('set'),
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    scenarioFile: args.text('scenario'),
  });
}

/** The command line as it would be typed again. */
export function commandLine(command: string, args: Args, more: readonly string[] = []): string {
  return shellLine(['umbra', command, ...args.argv, ...more]);
}
