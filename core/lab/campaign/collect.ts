/** A campaign's results as a Parquet dataset, Hive-partitioned by factors: the same results give the same bytes. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assumptionChecks } from '../../model/checks.ts';
import { version } from '../version.ts';
import { ParquetFile } from '../exports/parquet.ts';
import type { Cell } from '../exports/tables.ts';
import { writeTextFile, writeWhole } from '../output-file.ts';
import type { OutputFile } from '../output-file.ts';
import { DATASET, datasetFacts, FACTS, factorColumns, partitionsOf } from './dataset.ts';
import type { DatasetFacts } from './dataset.ts';
import { flagsOf } from './flags.ts';
import { given } from './fingerprint.ts';
import { compare } from './pairs.ts';
import { readResult } from './result.ts';
import type { CampaignState, PairState } from './state.ts';
import { datasetTableNames, datasetTables } from './tables.ts';
import type { Collected, DatasetTable } from './tables.ts';
import { partBeside, removeLeftovers } from '../part-files.ts';

export interface CollectDone {
  readonly folder: string;
  readonly facts: DatasetFacts;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Rows of a group, held until it is full. */
const ROWS = 1 << 16;

/**
 * Writes the dataset aside and renames it when complete: an existing one stays until then, and untouched if anything fails.
 * @throws RequestError: a damaged result
 */
export function collectCampaign(
  state: CampaignState,
  onPair: (done: number, total: number) => void = () => undefined,
): CollectDone {
  const { folder } = state.campaign;
  removeLeftovers(folder);
  const own = join(folder, DATASET);
  const part = partBeside(own);
  try {
    mkdirSync(part);
    const rows: Record<string, number> = Object.fromEntries(datasetTableNames.map((name) => [name, 0]));
    let done = 0;
    for (const [place, pairs] of partitions(state)) {
      const collected = function* (): Generator<Collected> {
        for (const one of pairs) {
          onPair(done++, state.pairs.length);
          yield collect(state, one);
        }
      };
      writePartition(state, join(part, '%'), place, collected(), rows);
    }
    const facts = datasetFacts(state, { version, settings: given(state.settings.settings), checks: assumptionChecks });
    writeTextFile(join(part, FACTS), `${JSON.stringify(facts, null, 1)}\n`);
    writeTextFile(join(part, 'README.md'), readme(facts));
    const old = `${part.slice(0, -'.part'.length)}old.part`;
    if (existsSync(own)) renameSync(own, old);
    renameSync(part, own);
    rmSync(old, { recursive: true, force: true });
    return { folder: own, facts, rows };
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

function collect({ campaign }: CampaignState, state: PairState): Collected {
  const { pair, print, status, sameAs } = state;
  const result = status === 'done' && sameAs === undefined ? readResult(campaign.folder, print!.id) : undefined;
  if (!result || 'failed' in result) return { state, flags: pair.emulated ? ['emulated'] : [] };
  const facts = { scale: result.facts.scale, midrs: result.facts.midrs, stage2: result.stage2 };
  return { state, done: result, flags: flagsOf(facts, pair.emulated, campaign.file.report['known-stage2']) };
}

/** Pairs by destination folder, both in order. */
function partitions({ campaign, factors, pairs }: CampaignState): [string, PairState[]][] {
  const found = new Map<string, PairState[]>();
  for (const state of pairs) {
    const place = partitionsOf(campaign, factors)
      .map((name) => `${name}=${hivePart(state.pair.factors[name])}`)
      .join('/');
    const there = found.get(place);
    if (there) there.push(state);
    else found.set(place, [state]);
  }
  return [...found].sort(([a], [b]) => compare(a, b));
}

/** As Hive and DuckDB read it back. */
function hivePart(value: string | undefined): string {
  if (value === undefined) return '__HIVE_DEFAULT_PARTITION__';
  return value.replace(/[^\w.+@-]/gu, (c) =>
    encodeURIComponent(c).replace(/^([!'()*~])$/, (x) => `%${x.charCodeAt(0).toString(16).toUpperCase()}`),
  );
}

/** All tables of one folder at once, so that each result is read once. */
function writePartition(
  state: CampaignState,
  at: string,
  place: string,
  pairs: Iterable<Collected>,
  counts: Record<string, number>,
): void {
  const { columns, values } = factorColumns(state);
  const names = [...datasetTableNames];
  const open = (i: number, writers: readonly TableWriter[]): void => {
    const name = names[i];
    if (name === undefined) {
      for (const one of pairs)
        for (const writer of writers) writer.add(one, [one.state.pair.key, ...values(one.state.pair.factors)]);
      return;
    }
    const folder = join(at.replace('%', name), place);
    mkdirSync(folder, { recursive: true });
    writeWhole(join(folder, 'part-0.parquet'), (file) => {
      const writer = new TableWriter(file, datasetTables[name], columns);
      open(i + 1, [...writers, writer]);
      counts[name] += writer.finish();
    });
  };
  open(0, []);
}

class TableWriter {
  readonly #parquet: ParquetFile;
  readonly #table: DatasetTable;
  readonly #held: Cell[][];
  #rows = 0;

  constructor(file: OutputFile, table: DatasetTable, factors: readonly string[]) {
    const head = ['pair', ...factors].map((name) => ({ name, kind: 'text' as const }));
    const columns = [...head, ...table.columns];
    this.#parquet = new ParquetFile(file, columns);
    this.#table = table;
    this.#held = columns.map(() => []);
  }

  add(of: Collected, head: readonly Cell[]): void {
    for (const row of this.#table.rows(of)) {
      [...head, ...row].forEach((cell, c) => this.#held[c].push(cell));
      this.#rows++;
      if (this.#held[0].length === ROWS) this.#flush();
    }
  }

  /** Total rows. */
  finish(): number {
    this.#flush();
    this.#parquet.finish();
    return this.#rows;
  }

  #flush(): void {
    if (this.#held[0].length) this.#parquet.rowGroup(this.#held);
    for (const column of this.#held) column.length = 0;
  }
}

function readme({ partition, factors }: DatasetFacts): string {
  const own = factors.filter((name) => !partition.includes(name));
  return [
    '# An Umbra campaign’s dataset',
    '',
    `Parquet, a folder a table, Hive-partitioned by ${partition.join(', ') || 'nothing'}. Every table has \`pair\`${own.length ? ` and the factors ${own.join(', ')}` : ''}.`,
    'A cell is null where nothing is known. `umbra campaign sql` reads it, as do DuckDB, Spark and pandas:',
    '',
    '    duckdb -c "select policy, avg(loss) from read_parquet(\'outcomes/**/*.parquet\', hive_partitioning = true) group by 1"',
    '',
    ...columnDocs(),
  ].join('\n');
}

/** Every table and column, in Markdown; the same in docs/campaigns.md. */
export function columnDocs(): string[] {
  return Object.entries<DatasetTable>(datasetTables).flatMap(([name, { says, columns }]) => [
    `## ${name}`,
    '',
    `${says.charAt(0).toUpperCase()}${says.slice(1)}.`,
    '',
    '| column | type | what |',
    '| --- | --- | --- |',
    ...columns.map((c) => `| ${c.name} | ${c.kind} | ${c.says} |`),
    '',
  ]);
}
