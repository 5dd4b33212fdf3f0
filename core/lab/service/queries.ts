/** The slow requests: meant for their own process, which can be killed (core/host/query-worker.ts). */
import { statSync } from 'node:fs';
import type { Db } from '../../store/lab-file.ts';
import { openLabFile } from '../../store/lab-file.ts';
import { capturesCompared, runsCompared } from '../runs/compare.ts';
import type { Method, Params, Progress, Result } from '../../contract/contract.ts';
import type { CampaignMethod } from '../../contract/campaign.ts';
import type { CampaignViews } from '../campaign/view.ts';
import { exits } from '../captures/exits.ts';
import { observedBands, observedSummary } from '../captures/observed.ts';
import { replayAgain } from '../runs/replay-again.ts';
import type { ReplayedAgain, ResultChoice } from '../runs/replay-again.ts';
import { blackouts, calibrated, checkKey, dark, skewAnswer, windowTable } from './run-queries.ts';
import { functionCode, functionSamples } from '../windows/code.ts';
import { functionsOf } from '../windows/functions.ts';
import { searchRun } from '../windows/search.ts';
import { vmDraft } from '../captures/vm-draft.ts';
import { symbolCoverage } from '../symbols/symbols.ts';
import { getCapture } from '../../store/captures.ts';
import { checkSql } from './sql-check.ts';
import { sqlAnswer } from './sql-query.ts';

export const queryMethods = [
  'blackouts',
  'windows',
  'dark',
  'functions',
  'code',
  'skew',
  'calibration',
  'compareRuns',
  'compareCaptures',
  'report',
  'comparisonReport',
  'exits',
  'observed',
  'observedBands',
  'search',
  'sql',
  'checkSql',
  'vmDraft',
  'symbolCoverage',
  'campaign',
  'campaignReversals',
  'campaignPairs',
  'collectCampaign',
  'pairLab',
] as const satisfies Method[];
export type QueryMethod = (typeof queryMethods)[number];

/** Requests that load something large first: the disassembler, report charts, DuckDB. */
type Later = 'code' | 'report' | 'comparisonReport' | CampaignMethod;
type Answer<M extends QueryMethod> = M extends Later ? Promise<Result<M>> : Result<M>;

type OnProgress = (progress: Progress) => void;

export type Queries = {
  readonly [M in QueryMethod]: (params: Params<M>, progress?: OnProgress) => Answer<M>;
};

/** Queries of one lab file. The last replay is cached: the next query is often about the same result. */
export function createQueries(lab: string): Queries {
  let last: { readonly key: string; readonly again: ReplayedAgain } | undefined;
  const read = <T>(use: (db: Db) => T): T => {
    const db = openLabFile(lab, 'read');
    try {
      return db.transaction(use)(db);
    } finally {
      db.close();
    }
  };
  const replayed = (db: Db, { run, policy, dlDiscard }: ResultChoice, progress: OnProgress = silent): ReplayedAgain => {
    // Stored runs never change, but another file of that name has other runs.
    const key = JSON.stringify([statSync(lab).ino, run, policy, dlDiscard]);
    if (last?.key !== key) {
      last = undefined;
      progress({ phase: `replaying ${policy}`, done: 0, unit: 'steps' });
      last = { key, again: replayAgain(db, { run, policy, dlDiscard }) };
    }
    return last.again;
  };
  let views: CampaignViews | undefined;
  const campaigns = async (): Promise<CampaignViews> =>
    (views ??= new (await import('../campaign/view.ts')).CampaignViews());
  return {
    blackouts: (params) => read((db) => blackouts(db, params)),
    windows: (params) => read((db) => windowTable(db, params)),
    dark: (params, progress = silent) =>
      read((db) => {
        const again = replayed(db, params, progress);
        progress({ phase: 'counting samples', done: 0, unit: 'steps' });
        return dark(db, params, again);
      }),
    functions: (params, progress = silent) =>
      read((db) => {
        const again = replayed(db, params, progress);
        progress({ phase: 'counting samples by function', done: 0, unit: 'steps' });
        return functionsOf(db, again);
      }),
    code: async (params, progress = silent) =>
      functionCode(read((db) => functionSamples(db, params.key, replayed(db, params, progress)))),
    skew: (params, progress = silent) =>
      read((db) => {
        const again = replayed(db, params, progress);
        progress({ phase: 'rotating the loss mask', done: 0, unit: 'steps' });
        return skewAnswer(db, params, again);
      }),
    calibration: (params) => read((db) => calibrated(db, params)),
    compareRuns: ({ by, ...request }, progress = silent) =>
      read((db) => {
        progress({ phase: 'reading captures', done: 0, unit: 'policies' });
        return runsCompared(db, { ...request, ...keyOf(by) }, (done, total, policy) =>
          progress({ phase: `comparing ${policy}`, done, total, unit: 'policies' }),
        );
      }),
    compareCaptures: ({ a, b, by }, progress = silent) =>
      read((db) => {
        progress({ phase: 'comparing block of time by block of time', done: 0, unit: 'steps' });
        return capturesCompared(db, a, b, keyOf(by).by);
      }),
    report: async (params, progress = silent) => {
      progress({ phase: 'reading captures', done: 0, unit: 'steps' });
      const { reportPreview } = await import('./report-queries.ts');
      return read((db) => reportPreview(db, params));
    },
    comparisonReport: async ({ compare: { by, ...request }, ...params }, progress = silent) => {
      progress({ phase: 'comparing', done: 0, unit: 'steps' });
      const { comparisonPreview } = await import('./report-queries.ts');
      return read((db) => comparisonPreview(db, lab, { ...request, ...keyOf(by) }, params));
    },
    observedBands: ({ spe, origin }) => read((db) => observedBands(db, spe, BigInt(origin))),
    observed: ({ spe }, progress = silent) => {
      progress({ phase: 'reading samples', done: 0, unit: 'steps' });
      return read((db) => observedSummary(db, spe));
    },
    exits: ({ kvm, part }) => read((db) => exits(db, kvm, part)),
    search: ({ run, text }) => read((db) => searchRun(db, run, text)),
    sql: (params) => sqlAnswer(lab, params),
    checkSql: ({ sql }) => checkSql(lab, sql),
    vmDraft: ({ kvm }) => read((db) => vmDraft(db, getCapture(db, kvm, 'kvm'))),
    symbolCoverage: ({ spe }) => read((db) => symbolCoverage(db, getCapture(db, spe, 'spe'))),
    campaign: async (params, progress = silent) => (await campaigns()).overview(params, progress),
    campaignReversals: async (params, progress = silent) => (await campaigns()).reversals(params, progress),
    campaignPairs: async (params, progress = silent) => (await campaigns()).pairs(params, progress),
    collectCampaign: async (params, progress = silent) =>
      (await import('../campaign/actions.ts')).collectFolder(params, progress),
    pairLab: async (params, progress = silent) => (await import('../campaign/actions.ts')).pairLab(params, progress),
  };
}

const silent = (): void => undefined;

function keyOf(by: string | undefined) {
  return by === undefined ? {} : { by: checkKey(by) };
}
