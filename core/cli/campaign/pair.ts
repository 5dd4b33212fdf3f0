import { Worker } from 'node:worker_threads';
import { RequestError } from '../../lab/about.ts';
import { readCampaign } from '../../lab/campaign/file.ts';
import { runPair } from '../../lab/campaign/pair.ts';
import { PARENT } from '../../lab/campaign/run.ts';
import { percent } from '../format.ts';
import { reading, replaying } from '../steps.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  operand: 'KEY',
  options: ['again', 'lab'],
  run({ folder, operand: key, args, out }) {
    endWithParent();
    const { result, known } = runPair(readCampaign(folder), {
      ...{ key, again: args.flag('again'), lab: args.text('lab') },
      ...{ onRead: reading(out), onStep: replaying(out) },
    });
    if ('failed' in result) throw new RequestError(`${key}: ${result.failed}`);
    const outcomes = result.outcomes.map(({ policy, coverage, verdict }) => ({ policy, coverage, verdict }));
    if (args.flag('json')) return out.json({ pair: key, fingerprint: result.fingerprint, known, outcomes });
    out.write(`${key}: ${known ? 'has its result already' : 'replayed'}\n`);
    for (const { policy, coverage, verdict } of outcomes)
      out.write(`  ${policy}: ${percent(coverage)} covered, ${verdict}\n`);
  },
};

/** When a run is killed, its pair ends with it; the next run restarts the pair. */
function endWithParent(): void {
  const parent = Number(process.env[PARENT]);
  if (parent && parent === process.ppid)
    new Worker(new URL('../../host/parent-watch.ts', import.meta.url), { workerData: parent }).unref();
}
