/** The use cases on runs behind the command line and the windows: replay, list windows, skew. */
import { readLab } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { getRun, listRuns, readResults, readWindows } from '../../store/run-store.ts';
import type { WindowRow } from '../../store/run-store.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';
import type { CheckResult } from '../../model/terms/results.ts';
import { findCheck } from './find-check.ts';
import { findResult, replayAgain } from './replay-again.ts';
import type { ResultChoice } from './replay-again.ts';
import { replayRun } from './replay.ts';
import type { OnStep, ReplayedRun, ReplayRequest } from './replay.ts';
import { keyedSkew, skewKeysOf } from './skew.ts';
import type { PolicySkew } from './skew.ts';

/** Replays and stores, all or nothing. @param onStep see replayRun */
export function replayInLab(lab: string, request: ReplayRequest, onStep?: OnStep): ReplayedRun {
  return inLabFile(lab, 'write', (db) => replayRun(db, request, onStep));
}

export interface RunSummary {
  readonly id: number;
  readonly name?: string;
  readonly spe: number;
  readonly kvm: number;
  /** Version of Umbra that made it. */
  readonly umbra: string;
  readonly command: string;
  readonly notes: readonly string[];
  readonly policies: readonly string[];
}

/** All runs, by id. */
export function listLabRuns(lab: string): RunSummary[] {
  return readLab(lab, (db) =>
    listRuns(db).map(({ id, name, speId: spe, kvmId: kvm, umbra, command, facts }) => ({
      ...{ id, ...(name !== undefined && { name }), spe, kvm, umbra, command },
      notes: facts.notes ?? [],
      policies: [...new Set(readResults(db, id).map(({ policy }) => policy.id))],
    })),
  );
}

/** The blackout windows of one result, by lane, then start. */
export function listWindows(lab: string, choice: ResultChoice): WindowRow[] {
  return readLab(lab, (db) => {
    const { policy, dlDiscard } = findResult(db, choice);
    return [...readWindows(db, choice.run, policy.id, dlDiscard)];
  });
}

export interface ResultSkew extends PolicySkew {
  readonly reference: number;
  /** Share of the reference that survives, 0 … 1. */
  readonly coverage: number;
  /** What readers must know of the run's captures, e.g. that filters made the reference a subset of what ran. */
  readonly notes: readonly string[];
  /** The check it was replayed under, if requested; `changes`: whether it can change anything here. */
  readonly check?: { readonly id: string; readonly title: string; readonly changes: boolean };
  /** The verdict under the checks: of the plain outcome, by the key that the run's verdicts rest on. */
  readonly checks?: readonly CheckResult[];
}

/**
 * Skew of one result by any key, by default the one that verdicts of this capture rest on: replays the stored run, which
 * gives the same fates.
 * @param checkId an assumption check (model.md section 4.7) to replay it under
 * @throws RequestError (no such policy or check), LabFileError (no such run)
 */
export function skewOf(lab: string, choice: ResultChoice, by?: KeyKind, checkId?: string): ResultSkew {
  const check = checkId === undefined ? undefined : findCheck(checkId, 'skew');
  return readLab(lab, (db) => {
    const { inputs, outcome, summary, result, changes } = replayAgain(db, choice, check);
    const [own] = skewKeysOf(db, inputs.spe.id);
    const kind = by ?? own;
    const keys = { kind, ...sampleKeys(db, inputs.spe, inputs.reference.stored, kind) };
    const { checks } = result.summary;
    return {
      ...keyedSkew(inputs.lanes, outcome, summary, keys),
      reference: summary.reference,
      coverage: summary.coverage,
      notes: getRun(db, choice.run).facts.notes,
      ...(check ? { check: { id: check.id, title: check.title, changes } } : kind === own && checks && { checks }),
    };
  });
}
