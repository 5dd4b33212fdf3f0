/** A stored result with its samples' fates, which replaying reproduces. */
import { summarise } from '../../analysis/summary.ts';
import type { Summary } from '../../analysis/summary.ts';
import { checkedParams } from '../../model/checks.ts';
import type { AssumptionCheck } from '../../model/checks.ts';
import type { PolicyOutcome } from '../../model/outcome.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults, variantOf } from '../../store/run-store.ts';
import type { DlDiscard, ResultRow } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import { refuseFirstEdition } from './run-facts.ts';
import { loadRunInputs } from './run-inputs.ts';
import type { RunInputs } from './run-inputs.ts';

/** Which stored result is meant. */
export interface ResultChoice {
  readonly run: number;
  readonly policy: string;
  /** The run's own if not given. */
  readonly dlDiscard?: DlDiscard;
}

/** Throws RequestError naming the known ones. */
export function findResult(db: Db, { run, policy, dlDiscard }: ResultChoice): ResultRow {
  const { params } = getRun(db, run).params;
  const results = readResults(db, run);
  const own = results.filter((r) => r.policy.id === policy);
  // Runs of the first edition have both variants, later ones only their own.
  const result = own.find((r) => r.dlDiscard === (dlDiscard ?? variantOf(params.dlDiscard))) ?? own[0];
  if (!result) {
    const ids = [...new Set(results.map((r) => r.policy.id))];
    throw new RequestError(`run ${run} has no policy '${policy}'; it has ${ids.join(', ')}`);
  }
  return result;
}

export interface ReplayedAgain {
  readonly result: ResultRow;
  readonly inputs: RunInputs;
  readonly outcome: PolicyOutcome;
  readonly summary: Summary;
}

/**
 * @param check an assumption check to replay under, unless it can change nothing: `changes` says so
 * @throws RequestError for a run of the model's first edition, which would not reproduce
 */
export function replayAgain(
  db: Db,
  choice: ResultChoice,
  check?: AssumptionCheck,
): ReplayedAgain & { readonly changes: boolean } {
  const result = findResult(db, choice);
  const run = getRun(db, choice.run);
  refuseFirstEdition(run);
  const { scenario } = run.facts;
  const inputs = loadRunInputs(db, run.speId, run.kvmId, run.params, scenario);
  const { settings, prepared, distributions } = inputs;
  const checked = check && checkedParams(check, settings, result.policy, prepared);
  const outcome = replayPrepared(prepared, result.policy, checked ?? settings.params, distributions);
  return { result, inputs, outcome, summary: summarise(inputs.lanes, outcome), changes: checked !== undefined };
}
