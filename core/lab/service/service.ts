/** The service contract on one lab file. Read-only; every request reopens the file, so it sees what the CLI did meanwhile. */
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { listCaptures } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { createIntervalCache, fileState } from '../../store/intervals.ts';
import { LabBusyError, openLabFile } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import type { Db } from '../../store/lab-file.ts';
import { listRuns, readResults, readSkew } from '../../store/run-store.ts';
import type { ResultRow, RunRow, SkewRow } from '../../store/run-store.ts';
import { SCHEMA_VERSION } from '../../store/schema.ts';
import { readLanes } from '../../store/spe-store.ts';
import { removedOf } from '../../store/tidy.ts';
import { explainError } from '../about.ts';
import { version } from '../version.ts';
import type { Call, Capture, LabInfo, LabService, Run } from '../../contract/contract.ts';
import { runJob } from './jobs.ts';
import { runPolicy } from './run-policy.ts';
import { boardHandlers } from './service-board.ts';
import { jobHandlers } from './service-jobs.ts';
import type { JobRunner } from './service-jobs.ts';
import { campaignHandlers, inlineQueries, runHandlers } from './service-runs.ts';
import type { QueryRunner } from './service-runs.ts';
import { timelineHandlers } from './service-timeline.ts';

/** Polling interval for changes by others, ms: file system events miss changes made over a network. */
const WATCH_MS = 500;
/** How long a request waits for a writer at a time, ms: the host is blocked meanwhile. */
const PATIENCE_MS = 100;
/** How long a request is retried in all, ms. */
const GIVE_UP_MS = 700;

/**
 * Migrates a lab of an older version; makes one with `create`. Throws a LabFileError if `path` isn't a lab file, or is one of a newer
 * version.
 */
export function checkLab(path: string, create = false): void {
  if (create) makeLab(path);
  try {
    openLabFile(path, 'read').close();
  } catch {
    openLabFile(path, 'write').close();
  }
}

/** Makes an empty lab unless the file exists. */
function makeLab(path: string): void {
  if (!existsSync(path)) inLabFile(path, 'create', () => undefined);
}

export interface ServiceOptions {
  /** Runs slow requests; this process if left out. */
  readonly queries?: QueryRunner;
  /** The same for jobs that write. */
  readonly jobs?: JobRunner;
  /** The first request makes the lab file if missing. */
  readonly create?: boolean;
  /** Why recording from boards is off; it is on if left out. */
  readonly captureOff?: string;
}

/** Doesn't touch the file yet: requests fail until the lab can be opened. */
export function openLabService(path: string, options: ServiceOptions = {}): LabService {
  const file = resolve(path);
  const intervals = createIntervalCache(file);
  const read = <T>(work: (db: Db) => T): T => {
    intervals.refresh();
    const db = openLabFile(file, 'read', PATIENCE_MS);
    try {
      // One transaction: a request sees one state of the lab, even while the CLI writes.
      return db.transaction(work)(db);
    } catch (error) {
      // A writer started between opening and reading.
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
      throw new LabBusyError(`${file}: another command is writing to it; try again when it is done`);
    } finally {
      db.close();
    }
  };
  const queries = options.queries ?? inlineQueries(file);
  const watch = watchFile(file);
  const jobs: JobRunner = options.jobs ?? (async (job, { progress }) => runJob(file, job, progress));
  const changing = jobHandlers(read, jobs, queries);
  const boards = boardHandlers(file, jobs, options.captureOff);
  return {
    handlers: patient(() => options.create && makeLab(file), {
      lab: () => read((db) => labInfo(db, file)),
      captures: () => read((db) => listCaptures(db).map((row) => toCapture(db, row))),
      runs: () => read((db) => listRuns(db).map((row) => toRun(row, readResults(db, row.id), readSkew(db, row.id)))),
      ...runHandlers(read, queries),
      ...changing.handlers,
      ...boards.handlers,
      ...campaignHandlers(queries),
      ...timelineHandlers(read, intervals.read, queries, jobs),
    }),
    onChange: watch.add,
    explain: (error) => explainError(error, file),
    close() {
      watch.close();
      changing.close();
      boards.close();
    },
  };
}

/**
 * Handlers that retry while the lab is being written, up to GIVE_UP_MS: our writers lock readers out only briefly, others may
 * not. `first` runs before each.
 */
function patient(first: () => void, handlers: LabService['handlers']): LabService['handlers'] {
  const again = (handle: (params: never, call: Call) => unknown) => async (params: never, call: Call) => {
    for (const end = performance.now() + GIVE_UP_MS; ;) {
      try {
        first();
        return await handle(params, call);
      } catch (error) {
        if (!(error instanceof LabBusyError) || call.signal.aborted || performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      }
    }
  };
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handle]) => [method, again(handle)]),
  ) as unknown as LabService['handlers'];
}

function labInfo(db: Db, file: string): LabInfo {
  const { captures, runs } = removedOf(db);
  const count = (table: 'capture' | 'run') => Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  return {
    path: file,
    name: basename(file),
    umbra: version,
    format: SCHEMA_VERSION,
    bytes: statSync(file).size,
    captures: count('capture') - captures.length,
    runs: count('run') - runs.length,
    removed: { captures: [...captures], runs: [...runs] },
  };
}

function toCapture(db: Db, row: CaptureRow): Capture {
  const { t0, t1, vm, ...rest } = row;
  const cpus = row.facts.cpuList ?? readLanes(db, row.id).map((lane) => lane.cpu);
  return {
    ...rest,
    ...(t0 !== undefined && { t0: String(t0) }),
    ...(t1 !== undefined && { t1: String(t1) }),
    cpus: [...new Set(cpus)].filter((cpu) => cpu >= 0).sort((a, b) => a - b),
    hasVm: vm !== undefined,
    warnings: [...row.warnings],
  };
}

function toRun(row: RunRow, results: readonly ResultRow[], skew: readonly SkewRow[]): Run {
  return {
    id: row.id,
    ...(row.name !== undefined && { name: row.name }),
    spe: row.speId,
    kvm: row.kvmId,
    umbra: row.umbra,
    command: row.command,
    params: row.params,
    facts: row.facts,
    policies: results.map((r) => runPolicy(r, skew)),
  };
}

/** Calls listeners after each change of a file, or of SQLite's log beside it. Polls only while there are listeners. */
function watchFile(file: string) {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let seen = '';
  const look = () => {
    const now = fileState(file);
    if (now === seen) return;
    seen = now;
    for (const listener of listeners) listener();
  };
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    add(listener: () => void): () => void {
      listeners.add(listener);
      if (!timer) {
        seen = fileState(file);
        timer = setInterval(look, WATCH_MS).unref();
      }
      return () => {
        listeners.delete(listener);
        if (!listeners.size) rest();
      };
    },
    close(): void {
      listeners.clear();
      rest();
    },
  };
}
