/** The contract's requests about runs (contract-runs.ts), on one lab file. */
import type { Db } from '../../store/lab-file.ts';
import { readResults } from '../../store/run-store.ts';
import { readQueries } from '../../store/saved-queries.ts';
import type { Call, Params, Result } from '../../contract/contract.ts';
import type { RunMethod, RunParamsOf, RunResultOf, StoredResult } from '../../contract/runs.ts';
import { checkParams, checkPolicies, library } from '../runs/library.ts';
import { createQueries } from './queries.ts';
import type { QueryMethod } from './queries.ts';
import type { StoredSummary } from '../../model/terms/results.ts';
import { sqlTables } from './sql-query.ts';

/** The caller: whether it still waits, and where progress goes. */
export type QueryCall = Pick<Call, 'signal'> & Partial<Pick<Call, 'progress'>>;

/** Runs a request elsewhere, where it can be killed. */
export type QueryRunner = <M extends QueryMethod>(method: M, params: Params<M>, call: QueryCall) => Promise<Result<M>>;

export type RunHandlers = {
  readonly [M in RunMethod]: (params: RunParamsOf<M>, call: Call) => RunResultOf<M> | Promise<RunResultOf<M>>;
};

/** @param read gives a connection for one request */
export function runHandlers(read: <T>(use: (db: Db) => T) => T, run: QueryRunner): RunHandlers {
  const query = queriesOf(run);
  return {
    library: () => read(library),
    checkPolicies: ({ text }) => checkPolicies(text),
    checkParams: ({ values }) => checkParams(values),
    results: ({ run: id }) => read((db) => storedResults(db, id)),
    schema: () => read(sqlTables),
    blackouts: query('blackouts'),
    windows: query('windows'),
    dark: query('dark'),
    functions: query('functions'),
    code: query('code'),
    skew: query('skew'),
    calibration: query('calibration'),
    compareRuns: query('compareRuns'),
    compareCaptures: query('compareCaptures'),
    report: query('report'),
    comparisonReport: query('comparisonReport'),
    sql: query('sql'),
    checkSql: query('checkSql'),
    savedQueries: () => read(readQueries),
  };
}

/** Requests about campaigns: none of them reads the lab. */
export function campaignHandlers(run: QueryRunner) {
  const query = queriesOf(run);
  return {
    campaign: query('campaign'),
    campaignReversals: query('campaignReversals'),
    campaignPairs: query('campaignPairs'),
    collectCampaign: query('collectCampaign'),
    pairLab: query('pairLab'),
  };
}

/** Handlers that pass their requests on to it. */
export function queriesOf(run: QueryRunner) {
  return <M extends QueryMethod>(method: M) =>
    (params: Params<M>, call: Call): Promise<Result<M>> =>
      run(method, params, call);
}

/** Without what the list of runs already gives in sum. */
function shown({ restsOn: _, ...rest }: StoredSummary): Omit<StoredSummary, 'restsOn'> {
  return rest;
}

function storedResults(db: Db, run: number): StoredResult[] {
  return readResults(db, run).map(({ policy, dlDiscard, summary }) => ({
    policy,
    dlDiscard,
    ...shown(summary),
  }));
}

/** Queries in the caller's own process, which can't be cancelled. */
export function inlineQueries(lab: string): QueryRunner {
  const queries = createQueries(lab);
  return <M extends QueryMethod>(method: M, params: Params<M>, { progress }: QueryCall) =>
    new Promise<Result<M>>((resolve) => resolve(queries[method](params, progress)));
}
