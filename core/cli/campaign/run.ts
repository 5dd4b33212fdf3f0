import { RequestError } from '../../lab/about.ts';
import { runCampaign } from '../../lab/campaign/run.ts';
import type { RunProgress } from '../../lab/campaign/run.ts';
import { UsageError } from '../command.ts';
import { Interrupted } from '../output.ts';
import type { Output } from '../output.ts';
import { plural } from '../../words/lists.ts';
import { lookAt } from './looking.ts';
import { listFailures } from './status.ts';
import { umbraCommand } from './umbra-command.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  options: ['jobs', 'retry', 'again', 'on', 'detach'],
  async run(call) {
    const { folder, args, out } = call;
    const on = args.text('on');
    if (on !== undefined && on !== 'slurm') throw new UsageError(`--on takes slurm, not '${on}'`);
    if (on) {
      const other = ['jobs', 'again'].find((name) => args.given(name));
      if (other)
        throw new UsageError(
          `--${other} is of this machine: slurm.jobs of the campaign says how many tasks run at a time`,
        );
      return (await import('./run-slurm.ts')).runOnSlurm(call);
    }
    if (args.flag('detach')) throw new UsageError('--detach is of --on slurm');
    const state = lookAt(folder, out);
    const done = await runCampaign(state, {
      command: umbraCommand(),
      ...{ jobs: args.integer('jobs', 1, 4096), retry: args.flag('retry'), again: args.flag('again') },
      onProgress: showing(out),
      stopped: out.stopped(),
    });
    if (done.stopped) throw new Interrupted('interrupted');
    const after = lookAt(folder, out);
    if (args.flag('json')) out.json(done);
    else {
      const failed = after.pairs.filter(({ status }) => status === 'failed').length;
      out.write(
        `${plural(done.replayed, 'pair')} replayed, ${done.known} had their results; ${failed} of ${after.pairs.length} failed\n`,
      );
      listFailures(after, out);
    }
    if (done.replayed + done.known === 0 && done.failed) throw new RequestError('no pair came through');
  },
};

function showing(out: Output): (p: RunProgress) => void {
  return ({ done, total, running, failed }) =>
    out.progress({
      phase: 'replaying',
      ...{ done, total, unit: 'pairs' },
      note: `${running} at a time${failed ? `, ${failed} failed` : ''}`,
    });
}
