/** The use cases around runs that the command line and the windows call: replay, list windows, skew, report. */
import type { Db } from '../../store/lab-file.ts';
import { inLabFile, openLabFile } from '../../store/lab-file.ts';
import { readWindows } from '../../store/run-store.ts';
import type { WindowRow } from '../../store/run-store.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { findResult, replayAgain } from './replay-again.ts';
import type { ResultChoice } from './replay-again.ts';
import { replayRun } from './replay.ts';
import type { OnStep, ReplayedRun, ReplayRequest } from './replay.ts';
import { reportForm, writeReportOf } from '../reports/report-files.ts';
import type { ReportRequest } from '../reports/report-files.ts';
import { keyedSkew, skewKeysOf } from './skew.ts';
import type { PolicySkew } from './skew.ts';

/** Replays and stores, all or nothing. @param onStep see replayRun */
export function replayInLab(lab: string, request: ReplayRequest, onStep?: OnStep): ReplayedRun {
  return inLabFile(lab, 'write', (db) => replayRun(db, request, onStep));
}

function reading<T>(lab: string, use: (db: Db) => T): T {
  const db = openLabFile(lab, 'read');
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** The blackout windows of one result, by lane, then start. */
export function listWindows(lab: string, choice: ResultChoice): WindowRow[] {
  return reading(lab, (db) => {
    const { policy, dlDiscard } = findResult(db, choice);
    return [...readWindows(db, choice.run, policy.id, dlDiscard)];
  });
}

/**
 * Skew of one result by any key, by default the one that verdicts of this capture rest on: the stored run is replayed again,
 * which gives the same fates.
 */
export function skewOf(lab: string, choice: ResultChoice, by?: KeyKind): PolicySkew & { readonly reference: number } {
  return reading(lab, (db) => {
    const { inputs, outcome, summary } = replayAgain(db, choice);
    const kind = by ?? skewKeysOf(db, inputs.spe.id)[0];
    const keys = { kind, ...sampleKeys(db, inputs.spe, inputs.reference.stored, kind) };
    return {
      ...keyedSkew(inputs.lanes, outcome, summary, keys, inputs.settings.params.seed),
      reference: summary.reference,
    };
  });
}

/** Writes the report of a run in the form that the file's name asks for. Returns the files written. */
export function writeReport(lab: string, run: number, file: string, options: ReportRequest = {}): string[] {
  reportForm(file);
  return reading(lab, (db) => writeReportOf(db, run, file, options));
}
