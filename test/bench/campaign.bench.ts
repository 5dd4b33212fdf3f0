/**
 * The queries of a report, and of the lab's page, across 10 000 pairs × 13 policies × 8 assumption checks (9 outcomes a policy): time, and the peak memory of DuckDB's
 * process. `node test/bench/campaign.bench.ts [PAIRS]`; the dataset is made here, its numbers mean nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCampaignReport, REPORT_MEMORY, reportQueries } from '../../core/lab/campaign/report.ts';
import type { DatasetFacts } from '../../core/lab/campaign/dataset.ts';
import { CampaignViews } from '../../core/lab/campaign/view.ts';
import { datasetTableNames, datasetTables } from '../../core/lab/campaign/tables.ts';
import type { DatasetTable } from '../../core/lab/campaign/tables.ts';
import { ParquetFile } from '../../core/lab/exports/parquet.ts';
import type { Cell } from '../../core/lab/exports/tables.ts';
import { writeWhole } from '../../core/lab/output-file.ts';
import { assumptionChecks } from '../../core/model/checks.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { createRandom } from '../../core/model/random.ts';
import { verdicts } from '../../core/model/terms.ts';

const pairs = Number(process.argv[2] ?? 10_000);
const BOARDS = 20;
const WORKLOADS = 25;
const root = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
const random = createRandom(1);

/** Rows of a table for one pair; what isn't looked at is null. */
function rowsOf(name: string, pair: number): Readonly<Record<string, Cell>>[] {
  if (name === 'pairs')
    return [{ status: 'done', flags: '', fingerprint: String(pair), digest: String(pair), samples: 24_000n }];
  const of = (loss: number) => ({
    kept: BigInt(Math.round(24_000 * (1 - loss))),
    coverage: 1 - loss,
    loss,
    verdict: verdicts[loss > 0.02 ? 1 : 0]!,
  });
  const loss = (p: number): number => (p === 0 ? 0 : (0.01 * p + 0.02 * random.uniform()) * (1 + (pair % BOARDS) / 10));
  if (name === 'outcomes') return builtinPolicies.map(({ id }, p) => ({ flags: '', policy: id, ...of(loss(p)) }));
  if (name === 'checks')
    return builtinPolicies.flatMap(({ id }, p) =>
      assumptionChecks.map((check) => ({
        policy: id,
        check_id: check.id,
        ...of(loss(p)),
        changes_verdict: random.below(9) === 0 ? 1 : 0,
      })),
    );
  return [];
}

for (const name of datasetTableNames) {
  const columns = [
    ...['pair', 'workload', 'repetition'].map((column) => ({ name: column, kind: 'text' as const })),
    ...(datasetTables[name] as DatasetTable).columns,
  ];
  for (let board = 0; board < BOARDS; board++) {
    const folder = join(root, 'dataset', name, `board=n${board}`);
    mkdirSync(folder, { recursive: true });
    writeWhole(join(folder, 'part-0.parquet'), (file) => {
      const parquet = new ParquetFile(file, columns);
      const held: Cell[][] = columns.map(() => []);
      for (let pair = board; pair < pairs; pair += BOARDS) {
        const workload = `w${Math.floor(pair / BOARDS) % WORKLOADS}`;
        const head: Record<string, Cell> = {
          pair: `n${board}/${workload}/${pair}`,
          workload,
          repetition: String(pair),
        };
        for (const row of rowsOf(name, pair))
          columns.forEach((c, i) => held[i]!.push({ ...head, ...row }[c.name] ?? null));
      }
      if (held[0]!.length) parquet.rowGroup(held);
      parquet.finish();
    });
  }
}
const facts: DatasetFacts = {
  ...{
    form: 1,
    umbra: 'bench',
    unit: 'board',
    repetition: 'repetition',
    partition: ['board'],
    factors: ['board', 'workload', 'repetition'],
  },
  policies: builtinPolicies.map((p) => ({ id: p.id, title: p.title, isReference: p.pin === 'no-stage-2' })),
  checks: assumptionChecks.map(({ id, title }) => ({ id, title })),
  ...{
    params: {},
    leaveOut: [],
    knownStage2: 0.95,
    counts: { pairs, done: pairs, failed: 0, pending: 0, repeated: 0 },
  },
};
writeFileSync(join(root, 'dataset/campaign.json'), JSON.stringify(facts));

const program = fileURLToPath(new URL('../../core/lab/campaign/duckdb-process.ts', import.meta.url));
const request = {
  dataset: join(root, 'dataset'),
  tables: datasetTableNames,
  queries: reportQueries(facts),
  memory: REPORT_MEMORY,
};
let began = performance.now();
// The shell's own measure of the child's peak, where there is GNU time.
const ran = spawnSync('/usr/bin/time', ['-f', '%M %U %S', process.execPath, program], {
  input: JSON.stringify(request),
  encoding: 'utf8',
  maxBuffer: 1 << 30,
});
const seconds = ((performance.now() - began) / 1000).toFixed(1);
const [peak = NaN, user = NaN, system = NaN] = ran.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
console.log(
  `${pairs} pairs: queries ${seconds} s (${(user + system).toFixed(1)} s of CPU), peak ${(peak / 1024).toFixed(0)} MiB; ${ran.stdout.includes('"done":true') ? 'complete' : ran.stdout.slice(-300)}`,
);
began = performance.now();
const built = await buildCampaignReport(root, 'bench');
console.log(
  `queries, statistics, all of the report: ${((performance.now() - began) / 1000).toFixed(1)} s, this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB; ${built?.report.pairs.length} pairs`,
);
// The page of the lab, in the process that answers it.
const views = new CampaignViews();
const silent = (): void => undefined;
const asked = {
  'matrix by board': () => views.overview({ folder: root }, silent),
  'matrix by workload': () => views.overview({ folder: root, by: 'workload' }, silent),
  pairs: () => views.pairs({ folder: root, policy: 'map-on-fault' }, silent),
  reversals: () => views.reversals({ folder: root }, silent),
};
for (const [what, ask] of Object.entries(asked)) {
  began = performance.now();
  const before = process.cpuUsage();
  await ask();
  const { user, system } = process.cpuUsage(before);
  console.log(
    `page, ${what}: ${((performance.now() - began) / 1000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  );
}
rmSync(root, { recursive: true, force: true });
