/** The use cases around runs that the command line and the windows call: replay, list windows, skew. */
import { readLab } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { listRuns, readResults, readWindows } from '../../store/run-store.ts';
import type { WindowRow } from '../../store/run-store.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { findResult, replayAgain } from './replay-again.ts';
import type { ResultChoice } from './replay-again.ts';
import { replayRun } from './replay.ts';
import type { OnStep, ReplayedRun, ReplayRequest } from './replay.ts';
import type { RunFacts } from './run-facts.ts';
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
      notes: (facts as Partial<RunFacts>).notes ?? [],
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

/**
 * Skew of one result by any key, by default the one that verdicts of this capture rest on: the stored run is replayed again,
 * which gives the same fates.
 */
export function skewOf(lab: string, choice: ResultChoice, by?: KeyKind): PolicySkew & { readonly reference: number } {
  return readLab(lab, (db) => {
    const { inputs, outcome, summary } = replayAgain(db, choice);
    const kind = by ?? skewKeysOf(db, inputs.spe.id)[0];
    const keys = { kind, ...sampleKeys(db, inputs.spe, inputs.reference.stored, kind) };
    return {
      ...keyedSkew(inputs.lanes, outcome, summary, keys),
      reference: summary.reference,
    };
  });
}
