/**
 * Campaigns as a whole: 200 synthesised pairs (4 boards × 5 workloads × 10 repetitions) whose truth is known, run on this machine, under a Slurm of
 * one node, and killed 20 times; datasets compared byte for byte and read by other programs; the report compared with the truth.
 * `npm run campaign:acceptance [-- REPETITIONS [FOLDER]]`: some 20 minutes on two cores; prints a table, fails if anything doesn't hold.
 * pandas and pyarrow are those of $PYTHON (python3); without them hyparquet reads in their place.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { buildCampaignReport } from '../../core/lab/campaign/report.ts';
import { campaignFinding } from '../../core/report/campaign-words.ts';
import { pairOptions, policies, replayParams, synthCampaign } from '../e2e/campaign-synth.ts';
import type { Layout } from '../e2e/campaign-synth.ts';
import { startSlurm, whyNoSlurm } from '../e2e/one-node-slurm.ts';
import { judge } from './report-truth.ts';
import { campaign, differences, files, killRun, results, table, unmade } from './steps.ts';
import type { Ran, Row } from './steps.ts';
import { trueLosses } from './truth.ts';

const KILLS = 20;
const repetitions = Number(process.argv[2] ?? 10);
const layout: Layout = {
  boards: ['reclaim', 'munmap', 'quiet', 'busy'],
  workloads: ['mixed', 'scan', 'probe', 'compact', 'load'],
  ...{ repetitions, samples: 2000 },
};
const total = layout.boards.length * layout.workloads.length * repetitions;
const root =
  process.argv[3] === undefined ? mkdtempSync(join(tmpdir(), 'umbra-acceptance-')) : resolve(process.argv[3]);
mkdirSync(root, { recursive: true });
const [local, killed, cluster] = ['local', 'killed', 'cluster'].map((name) => join(root, name));
const rows: Row[] = [];
const tell = (row: Row): void => {
  rows.push(row);
  console.error(`${row.holds ? 'holds' : 'FAILS'}: ${row.step}: ${row.found}`);
};
const timed = ({ seconds, cpu }: Ran) => ({ seconds, cpu });

/** Compared with the dataset of the local run. */
function same(step: string, folder: string, more: Partial<Row> = {}): void {
  const other = differences(join(local, 'dataset'), join(folder, 'dataset'));
  const n = files(join(folder, 'dataset')).length;
  tell({
    step,
    found: other.length
      ? `${other.length} of ${n} files differ: ${other[0]}`
      : `${n} files, equal to the local run’s byte for byte`,
    holds: !other.length && results(folder).length === total,
    ...more,
  });
}

function runLocally(): void {
  synthCampaign(local, layout, '\n[slurm]\npartition = "short"\ntime = "10"\nmemory = "300M"\npairs-per-task = 5\n');
  for (const folder of [killed, cluster]) cpSync(local, folder, { recursive: true });
  const ran = campaign({}, 'run', local);
  const costs = results(local).map((name) => {
    const { cost } = JSON.parse(readFileSync(join(local, 'results', name), 'utf8')) as { cost: { peakBytes: number } };
    return cost.peakBytes;
  });
  const peak = Math.max(...costs) / 2 ** 20;
  tell({
    step: `${total} pairs on this machine`,
    found: `${costs.length} results; at most ${peak.toFixed(0)} MiB a pair`,
    holds: costs.length === total,
    ...timed(ran),
  });
  const collected = campaign({}, 'collect', local);
  tell({ step: 'collect', found: `${files(join(local, 'dataset')).length} files`, holds: true, ...timed(collected) });
  const again = campaign({}, 'run', local, '--json');
  const { replayed } = JSON.parse(again.stdout) as { replayed: number };
  tell({ step: 'run again', found: `${replayed} pairs replayed`, holds: replayed === 0, ...timed(again) });
}

async function runKilled(): Promise<void> {
  const began = performance.now();
  for (let k = 0; k < KILLS; k++) await killRun(killed, k % 5, 137 * (k % 7));
  const before = results(killed).length;
  campaign({}, 'run', killed);
  campaign({}, 'collect', killed);
  const left = files(join(killed, 'results')).filter((name) => !/^[0-9a-f]+\.json$/.test(name));
  if (left.length) tell({ step: 'killed', found: `left behind: ${left.join(', ')}`, holds: false });
  const seconds = (performance.now() - began) / 1000;
  same(`killed ${KILLS} times (${before} results by then), resumed`, killed, { seconds });
}

async function runOnSlurm(): Promise<void> {
  const why = whyNoSlurm();
  if (why !== undefined) return tell({ step: 'Slurm', found: `skipped: ${why}`, holds: true });
  const slurm = await startSlurm(mkdtempSync(join(root, 'slurm-')));
  try {
    const began = performance.now();
    campaign(slurm.env, 'run', cluster, '--on', 'slurm', '--detach');
    while (results(cluster).length < total / 5) await pause(500);
    const job = (format: string) =>
      execFileSync('squeue', ['-h', '-o', format], { env: { ...process.env, ...slurm.env }, encoding: 'utf8' });
    const ids = [...new Set(job('%F').split('\n').filter(Boolean))];
    execFileSync('scancel', ids, { env: { ...process.env, ...slurm.env } });
    while (job('%A').trim()) await pause(500);
    const before = results(cluster).length;
    campaign(slurm.env, 'run', cluster, '--on', 'slurm');
    const seconds = (performance.now() - began) / 1000;
    same(`Slurm of one node: cancelled at ${before} results, submitted again`, cluster, { seconds });
  } finally {
    await slurm.stop();
  }
}

/** Sums by policy, as other programs read them. */
type Sums = Readonly<Record<string, number>>;

const PANDAS = `
import json, sys, pandas
print(json.dumps({k: int(v) for k, v in pandas.read_parquet(sys.argv[1]).groupby("policy")["lost"].sum().items()}))
print(pandas.__version__, __import__("pyarrow").__version__)
`;

async function readElsewhere(): Promise<void> {
  const own = JSON.parse(
    campaign({}, 'sql', local, 'select policy, sum(lost)::int as lost from outcomes group by all', '--json').stdout,
  ) as { policy: string; lost: number }[];
  const wanted: Sums = Object.fromEntries(own.map(({ policy, lost }) => [policy, lost]));
  const outcomes = join(local, 'dataset/outcomes');
  const compare = (step: string, found: Sums): void => {
    const policiesRead = Object.keys(wanted);
    const equal = policiesRead.every((policy) => found[policy] === wanted[policy]) && policiesRead.length > 0;
    tell({
      step,
      found: Object.entries(found)
        .sort()
        .map(([p, n]) => `${p} ${n}`)
        .join(', '),
      holds: equal,
    });
  };
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const read = await db.runAndReadAll(
    `select policy, sum(lost)::int from read_parquet('${outcomes}/**/*.parquet', hive_partitioning = true) group by 1`,
  );
  compare('DuckDB by itself: samples lost', Object.fromEntries(read.getRows().map(([p, n]) => [String(p), Number(n)])));
  const python = spawnSync(process.env['PYTHON'] ?? 'python3', ['-c', PANDAS, outcomes], { encoding: 'utf8' });
  if (python.status === 0) {
    const [sums, versions] = python.stdout.trim().split('\n');
    const [pandas, pyarrow] = versions.split(' ');
    return compare(`pandas ${pandas}, pyarrow ${pyarrow}: samples lost`, JSON.parse(sums) as Sums);
  }
  const found: Record<string, number> = {};
  for (const name of files(outcomes)) {
    const bytes = readFileSync(join(outcomes, name));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    for (const { policy, lost } of (await parquetReadObjects({ file })) as { policy: string; lost: bigint }[])
      found[policy] = (found[policy] ?? 0) + Number(lost);
  }
  compare('hyparquet (no pandas here): samples lost', found);
}

async function holdAgainstTruth(): Promise<void> {
  const truth = new Map<string, ReadonlyMap<string, number>>();
  for (const { key, options } of pairOptions(layout)) truth.set(key, trueLosses(options, replayParams));
  const began = performance.now();
  const { report } = (await buildCampaignReport(local, ''))!;
  const seconds = (performance.now() - began) / 1000;
  const judged = judge(report, (pair, policy) => truth.get(pair)!.get(policy)!);
  tell({
    step: 'losses of the dataset that are the true ones',
    found: `${judged.exact} of ${judged.losses}`,
    holds: judged.exact === judged.losses,
  });
  // More than ten repetitions show more; fewer less. That the truth isn't contradicted holds for any number.
  const expected = { reclaim: 'pin-at-enable', munmap: 'map-on-fault', quiet: 'all alike' };
  const says = [...judged.boards].sort().map(([board, what]) => `${board}: ${what}`);
  tell({
    step: 'best on each board, by the report',
    found: says.join('; '),
    holds: repetitions < 10 || Object.entries(expected).every(([board, what]) => judged.boards.get(board) === what),
  });
  const turns = report.factorReversals.filter(({ on }) => 'factor' in on && on.factor === 'board').length;
  tell({
    step: 'reversals on a board that the report names',
    found: `${turns}: ${policies.join(', ')}`,
    holds: repetitions < 10 || turns > 0,
  });
  tell({
    step: 'statements held against the truth',
    found: `${judged.statements}, wrong: ${judged.wrong.join('; ') || 'none'}`,
    holds: !judged.wrong.length,
    seconds,
  });
  console.error(campaignFinding(report));
}

function reports(): void {
  for (const form of ['html', 'md', 'txt']) campaign({}, 'report', local, '-o', join(root, `report.${form}`));
  for (const form of ['html', 'md']) {
    const verified = campaign({}, 'report', local, '--verify', join(root, `report.${form}`), '--sample', '5');
    tell({
      step: `report.${form} verified`,
      found: verified.stdout.trim().split(': ').slice(1).join(': '),
      holds: true,
      ...timed(verified),
    });
  }
}

for (const folder of [local, killed, cluster]) unmade(folder);
runLocally();
await readElsewhere();
await holdAgainstTruth();
reports();
await runKilled();
await runOnSlurm();
console.log(table(rows));
if (process.argv[3] === undefined) rmSync(root, { recursive: true, force: true });
process.exit(rows.every(({ holds }) => holds) ? 0 : 1);
