import { replayInLab } from '../../lab/runs/runs.ts';
import { RequestError } from '../../lab/about.ts';
import { checkRun } from '../../lab/runs/run-check.ts';
import { captureId, kvmOption, speOption } from '../capture-options.ts';
import { plural } from '../../words/lists.ts';
import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import type { Output } from '../output.ts';
import { replaying } from '../steps.ts';
import { commandLine, replayChoice, replayOptions } from '../replay-options.ts';
import { printResults, resultsJson } from '../results.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...speOption,
    ...kvmOption,
    again: {
      type: 'string',
      value: 'RUN',
      help: 'instead: replay a stored run once more, store nothing, and say whether all rows are the same',
    },
    ...replayOptions,
  },
  run(args, out) {
    const run = args.integer('again');
    if (run !== undefined) return again(args, out, run);
    const choice = replayChoice(args);
    const [speId, kvmId] = [captureId(args, 'spe'), captureId(args, 'kvm')];
    // Stored with the run: names the captures even if the lab gets others.
    const left = [
      ...(args.given('spe') ? [] : ['--spe', String(speId)]),
      ...(args.given('kvm') ? [] : ['--kvm', String(kvmId)]),
    ];
    const request = { speId, kvmId, ...choice, command: commandLine('replay', args, left) };
    const stored = replayInLab(args.need('db'), request, replaying(out));
    if (args.flag('json')) out.json(resultsJson(stored));
    else printResults(out, stored);
  },
};

/** A run's options are stored with it: others would make a different run. */
function again(args: Args, out: Output, run: number): void {
  const other = ['spe', 'kvm', ...Object.keys(replayOptions)].find((name) => args.given(name));
  if (other) throw new UsageError(`--again takes everything from the run: leave out --${other}`);
  const check = checkRun(args.need('db'), run, replaying(out));
  const { results, windows, stalls, skews } = check.rows;
  const compared = `${plural(results, 'result')}, ${plural(windows, 'window')}, ${plural(stalls, 'stall')} and ${plural(skews, 'skew')}`;
  if (args.flag('json')) out.json(check);
  else if (check.identical) out.write(`run ${run}: identical: ${compared}\n`);
  else for (const line of check.differences) out.write(`${line}\n`);
  if (check.identical) return;
  const elsewhere = check.madeBy === check.umbra ? '' : `; Umbra ${check.madeBy} made it, this is ${check.umbra}`;
  throw new RequestError(
    `run ${run} does not reproduce: ${plural(check.differences.length, 'difference')}${elsewhere}`,
  );
}
