/**
 * A campaign on Slurm: one job array, then a job that collects. Slurm's own programs do the work; ours only picks the pairs.
 * The campaign's folder must be on a file system that the nodes share: each task checks before it starts.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { shellLine } from '../../words/shell.ts';
import { RequestError } from '../about.ts';
import type { CampaignFile } from './file.ts';
import { resultIds } from './result.ts';
import { pendingPairs } from './state.ts';
import type { CampaignState } from './state.ts';
import { writeWholeFile } from './whole.ts';

const Job = z.object({
  /** Slurm's numbers: of the array, and of the job that collects. */
  array: z.string().regex(/^\d+$/),
  collect: z.string().regex(/^\d+$/),
  tasks: z.number(),
  pairs: z.number(),
  /** Folder of its files: keys, script, logs. */
  folder: z.string(),
  /** Ids of the results it is to produce. */
  ids: z.array(z.string()),
});
export type SlurmJob = z.infer<typeof Job>;

export interface SlurmRequest {
  /** Program and arguments before `campaign pair DIR KEY`, on the nodes too. */
  readonly command: readonly string[];
  readonly retry?: boolean;
}

/** Exit code of a task that doesn't see the campaign's folder. */
const NOT_SHARED = 93;
/** Slurm's default MaxArraySize less one. */
const MOST_TASKS = 1000;
/** Queue polling interval, ms. */
const LOOK_MS = 2000;

/** Output of a Slurm program. @throws RequestError with its own message */
function slurm(program: string, args: readonly string[], cwd?: string): string {
  const ran = spawnSync(program, args, { encoding: 'utf8', ...(cwd !== undefined && { cwd }) });
  if (ran.error)
    throw new RequestError(
      `${program}: ${(ran.error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no Slurm here: not found in PATH' : ran.error.message}`,
    );
  if (ran.status !== 0)
    throw new RequestError(`${program}: ${ran.stderr.trim().split('\n').at(-1) || `exit code ${ran.status}`}`);
  return ran.stdout;
}

const jobFile = (folder: string): string => join(folder, 'slurm', 'job.json');

/** The campaign's job, if one is in the queue. */
export function queuedJob(folder: string): SlurmJob | undefined {
  if (!existsSync(jobFile(folder))) return undefined;
  const parsed = Job.safeParse(JSON.parse(readFileSync(jobFile(folder), 'utf8')));
  if (!parsed.success) return undefined;
  return tasksOf(parsed.data).length ? parsed.data : undefined;
}

/** States of the tasks and the collecting job that are still queued. */
function tasksOf({ array, collect }: SlurmJob): string[] {
  const ran = spawnSync('squeue', ['-h', '-r', '-j', `${array},${collect}`, '-o', '%T %r'], { encoding: 'utf8' });
  // A job that has left the queue isn't an error.
  if (ran.status !== 0 && !/Invalid job id/i.test(ran.stderr))
    throw new RequestError(
      `squeue: ${ran.stderr.trim().split('\n').at(-1) || ran.error?.message || `exit code ${ran.status}`}`,
    );
  return ran.stdout.split('\n').filter(Boolean);
}

/** Submits what is pending. Undefined if nothing is. @throws RequestError: no Slurm, or it refuses the job */
export function submitToSlurm(state: CampaignState, { command, retry }: SlurmRequest): SlurmJob | undefined {
  const pending = pendingPairs(state, retry);
  if (!pending.length) return undefined;
  const root = resolve(state.campaign.folder);
  const own = state.campaign.file.slurm;
  const most = Math.min(MOST_TASKS, maxArraySize() - 1);
  const perTask = own['pairs-per-task'] ?? Math.ceil(pending.length / most);
  const tasks = Math.ceil(pending.length / perTask);
  if (tasks > most)
    throw new RequestError(
      `slurm.pairs-per-task: ${pending.length} pairs, ${perTask} a task, are ${tasks} tasks; this Slurm takes ${most} in an array`,
    );
  const token = randomBytes(8).toString('hex');
  const folder = join('slurm', token);
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, 'pairs'), pending.map(({ pair }) => `${pair.key}\n`).join(''));
  writeFileSync(join(root, folder, 'task.sh'), taskScript(root, folder, token, perTask, command));
  const limits = limitOptions(own, perTask);
  const array = slurm(
    'sbatch',
    [
      ...[
        '--parsable',
        '--job-name=umbra-campaign',
        `--array=0-${tasks - 1}${own.jobs === undefined ? '' : `%${own.jobs}`}`,
      ],
      ...[`--output=${join(root, folder, '%a.log')}`, `--chdir=${root}`, ...limits, join(root, folder, 'task.sh')],
    ],
    root,
  )
    .trim()
    .split(';')[0];
  // Whatever happened to the pairs, those that succeeded are collected.
  const collect = slurm(
    'sbatch',
    [
      ...[
        '--parsable',
        '--job-name=umbra-collect',
        `--dependency=afterany:${array}`,
        `--output=${join(root, folder, 'collect.log')}`,
      ],
      ...[`--chdir=${root}`, ...limits, `--wrap=${shellLine([...command, 'campaign', 'collect', root])}`],
    ],
    root,
  )
    .trim()
    .split(';')[0];
  const job: SlurmJob = {
    array,
    collect,
    tasks,
    pairs: pending.length,
    folder,
    ids: pending.map(({ print }) => print!.id),
  };
  writeWholeFile(jobFile(state.campaign.folder), `${JSON.stringify(job)}\n`);
  return job;
}

function maxArraySize(): number {
  const found = /MaxArraySize\s*=\s*(\d+)/.exec(slurm('scontrol', ['show', 'config']));
  return found ? Math.max(2, Number(found[1])) : MOST_TASKS + 1;
}

/** A task works through its lines of the list. A failed pair is a row of the campaign, not a job failure. */
function taskScript(root: string, folder: string, token: string, perTask: number, command: readonly string[]): string {
  const list = join(root, folder, 'pairs');
  return `#!/bin/sh
# ${token}
if ! [ -r ${shellLine([list])} ] || ! [ -w ${shellLine([root])} ]; then
  echo "$(hostname) doesn't see ${root.replace(/["$\`\\]/g, '')}, or can't write to it: the folder must be on a file system that the nodes share" >&2
  exit ${NOT_SHARED}
fi
first=$((SLURM_ARRAY_TASK_ID * ${perTask} + 1))
last=$((first + ${perTask - 1}))
sed -n "\${first},\${last}p" ${shellLine([list])} | while IFS= read -r key; do
  ${shellLine([...command, 'campaign', 'pair', root])} "$key" </dev/null
done
exit 0
`;
}

/** The campaign's limits are per pair; a task has several. */
function limitOptions(own: CampaignFile['slurm'], perTask: number): string[] {
  const minutes = own.time === undefined ? undefined : Math.ceil((slurmSeconds(own.time) * perTask) / 60);
  return [
    ...(own.partition === undefined ? [] : [`--partition=${own.partition}`]),
    ...(own.account === undefined ? [] : [`--account=${own.account}`]),
    ...(minutes === undefined ? [] : [`--time=${minutes}`]),
    ...(own.memory === undefined ? [] : [`--mem=${own.memory}`]),
    ...own.options,
  ];
}

/** sbatch's time formats: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S. */
export function slurmSeconds(text: string): number {
  const [days, rest] = text.includes('-') ? text.split('-') : [undefined, text];
  const parts = rest.split(':').map(Number);
  if (days !== undefined) {
    const [h = 0, m = 0, s = 0] = parts;
    return ((Number(days) * 24 + h) * 60 + m) * 60 + s;
  }
  if (parts.length === 1) return parts[0] * 60;
  return parts.reduce((sum, part) => sum * 60 + part, 0);
}

export interface SlurmProgress {
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly waiting: number;
  /** Slurm's reason for the first waiting task. */
  readonly why?: string;
}

/** Consecutive polls that a busy controller may leave unanswered: squeue itself waits some seconds each time. */
const MISSES = 30;

/** The queued tasks, or why squeue failed. @param misses consecutive failed polls before this one */
function looked(job: SlurmJob, misses: number): string[] | string {
  try {
    return tasksOf(job);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (misses < MISSES) return error.message;
    throw new RequestError(`${error.message}; job ${job.array} goes on, the same command follows it again`);
  }
}

/** Follows a job until it has left the queue or the user stops watching (the job goes on). Returns whether it has ended. */
export async function followSlurm(
  campaign: string,
  job: SlurmJob,
  onProgress: (p: SlurmProgress) => void,
  stopped: Promise<void>,
): Promise<boolean> {
  let gone = false;
  void stopped.then(() => (gone = true));
  let misses = 0;
  for (;;) {
    const tasks = looked(job, misses++);
    if (typeof tasks === 'string') {
      onProgress({ done: 0, total: job.pairs, running: 0, waiting: job.tasks, why: tasks });
      await Promise.race([pause(LOOK_MS), stopped]);
      if (gone) return false;
      continue;
    }
    misses = 0;
    const { done, failed } = resultIds(campaign);
    const waiting = tasks.filter((line) => line.startsWith('PENDING')).map((line) => line.slice('PENDING '.length));
    onProgress({
      done: job.ids.filter((id) => done.has(id) || failed.has(id)).length,
      ...{ total: job.pairs, running: tasks.length - waiting.length, waiting: waiting.length },
      ...(waiting[0] !== undefined && { why: waiting[0] }),
    });
    if (!tasks.length) break;
    if (waiting.some((why) => /DependencyNeverSatisfied/.test(why)))
      throw new RequestError(`Slurm job ${job.collect} will never run: collect by hand`);
    if (gone) return false;
    await Promise.race([pause(LOOK_MS), stopped]);
    if (gone) return false;
  }
  complainOfFolder(campaign, job);
  return true;
}

/** @throws RequestError if no task saw the folder */
function complainOfFolder(campaign: string, job: SlurmJob): void {
  const { done, failed } = resultIds(campaign);
  if (job.ids.some((id) => done.has(id) || failed.has(id))) return;
  const log = join(campaign, job.folder, '0.log');
  const words = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : undefined;
  throw new RequestError(
    words
      ? `Slurm job ${job.array} made no result: ${words}`
      : `Slurm job ${job.array} made no result and no log (${log}): is ${resolve(campaign)} on a file system that the nodes share?`,
  );
}
