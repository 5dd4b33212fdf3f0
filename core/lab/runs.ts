/** The use cases around runs that the command line and the windows call: replay, list windows, skew, report. */
import { writeFileSync } from 'node:fs';
import type { Db } from '../store/lab-file.ts';
import { inLabFile, openLabFile } from '../store/lab-file.ts';
import { readWindows } from '../store/run-store.ts';
import type { WindowRow } from '../store/run-store.ts';
import { RequestError } from './about.ts';
import { sampleKeys } from './keys.ts';
import type { KeyKind } from './keys.ts';
import { findResult, replayAgain } from './replay-again.ts';
import type { ResultChoice } from './replay-again.ts';
import { replayRun } from './replay.ts';
import type { ReplayedRun, ReplayRequest } from './replay.ts';
import { reportHtml } from './report.ts';
import { keyedSkew } from './skew.ts';
import type { PolicySkew } from './skew.ts';

/** Replays and stores, all or nothing. */
export function replayInLab(lab: string, request: ReplayRequest): ReplayedRun {
  return inLabFile(lab, 'write', (db) => replayRun(db, request));
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

/** Skew of one result by any key: the stored run is replayed again, which gives the same fates. */
export function skewOf(lab: string, choice: ResultChoice, kind: KeyKind): PolicySkew & { readonly reference: number } {
  return reading(lab, (db) => {
    const { inputs, outcome, summary } = replayAgain(db, choice);
    const keys = { kind, ...sampleKeys(db, inputs.spe, inputs.reference.stored, kind) };
    return {
      ...keyedSkew(inputs.lanes, outcome, summary, keys, inputs.settings.params.seed),
      reference: summary.reference,
    };
  });
}

/** Writes the report of a run; the format is the file name's ending. */
export function writeReport(lab: string, run: number, file: string): void {
  checkReportName(file);
  writeFileSync(
    file,
    reading(lab, (db) => reportHtml(db, run)),
  );
}

/** Throws RequestError if reports of that ending can't be written: before any work is done for one. */
export function checkReportName(file: string): void {
  if (!/\.html?$/i.test(file)) throw new RequestError(`${file}: reports are written as .html`);
}
