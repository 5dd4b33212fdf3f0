import { followSlurm, queuedJob, submitToSlurm } from '../../lab/campaign/slurm.ts';
import { readCampaign } from '../../lab/campaign/file.ts';
import { plural } from '../../words/lists.ts';
import { lookAt } from './looking.ts';
import { umbraCommand } from './umbra-command.ts';
import { listFailures } from './status.ts';
import type { VerbCall } from './verb.ts';

/** Submits what is pending, or finds the job already in the queue, and follows it. */
export async function runOnSlurm({ folder, args, out }: VerbCall): Promise<void> {
  readCampaign(folder);
  const there = queuedJob(folder);
  const job = there ?? submitToSlurm(lookAt(folder, out), { command: umbraCommand(), retry: args.flag('retry') });
  if (!job) {
    if (args.flag('json')) return out.json({ job: null, pairs: 0 });
    return out.write('nothing to replay: every pair has its result\n');
  }
  out.note(
    `Slurm job ${job.array}: ${plural(job.pairs, 'pair')} in ${plural(job.tasks, 'task')}; ${job.collect} collects${there ? ' (in the queue already)' : ''}`,
  );
  if (args.flag('detach')) {
    if (args.flag('json')) out.json({ job: job.array, collect: job.collect, pairs: job.pairs, tasks: job.tasks });
    return;
  }
  const ended = await followSlurm(
    folder,
    job,
    ({ done, total, running, waiting, why }) =>
      out.progress({
        phase: `Slurm job ${job.array}`,
        ...{ done, total, unit: 'pairs' },
        note: `${running} running, ${waiting} waiting${why ? ` (${why})` : ''}`,
      }),
    out.stopped(),
  );
  if (!ended)
    return out.note(
      `job ${job.array} goes on; the same command follows it again, \`scancel ${job.array} ${job.collect}\` ends it`,
    );
  const after = lookAt(folder, out);
  const of = new Set(job.ids);
  const mine = after.pairs.filter(({ print, sameAs }) => print && sameAs === undefined && of.has(print.id));
  const count = (status: string): number => mine.filter((p) => p.status === status).length;
  const lacking = count('pending');
  if (args.flag('json'))
    return out.json({
      job: job.array,
      collect: job.collect,
      pairs: job.pairs,
      done: count('done'),
      failed: count('failed'),
      lacking,
    });
  out.write(`${plural(count('done'), 'pair')} replayed, ${count('failed')} failed\n`);
  if (lacking)
    out.write(
      `${plural(lacking, 'pair')} without a result: see ${folder}/${job.folder}/*.log; run again to submit them\n`,
    );
  listFailures(after, out);
}
