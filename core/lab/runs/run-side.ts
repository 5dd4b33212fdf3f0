/** One side of a comparison: a run's outcomes, or a whole capture, counted in one way. */
import { runsInSessions } from '../../analysis/loss-runs.ts';
import { Reference } from '../../analysis/reference.ts';
import type { Losses } from '../../analysis/reference.ts';
import { summarise } from '../../analysis/summary.ts';
import type { Summary } from '../../analysis/summary.ts';
import { replayPrepared } from '../../model/replay.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readSkew } from '../../store/run-store.ts';
import type { ResultRow, RunRow } from '../../store/run-store.ts';
import { loadReference } from '../captures/reference.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind, Keys } from '../symbols/keys.ts';
import { findResult } from './replay-again.ts';
import { loadCaptures, runInputs } from './run-inputs.ts';
import type { RunInputs } from './run-inputs.ts';
import type { ComparedVerdict } from '../../contract/compare.ts';

/** The samples of a run's lanes, counted: two runs of one capture share them. */
interface Samples {
  readonly keys: Keys;
  reference?: Reference;
}

export class RunSide {
  readonly #kind: KeyKind;
  readonly #db: Db;
  readonly #run: RunRow;
  readonly #inputs: RunInputs;
  readonly #samples: Samples;

  /** @param other an existing side, which may have read what this one needs @throws RequestError, ModelError, LabFileError */
  constructor(db: Db, run: RunRow, kind: KeyKind, other?: RunSide) {
    this.#db = db;
    this.#run = run;
    this.#kind = kind;
    const { params, facts } = run;
    const known = other && sameCaptures(run, other.#run) ? other.#inputs : undefined;
    const captures = known ?? loadCaptures(db, run.speId, run.kvmId, params);
    this.#inputs = runInputs(captures, params, facts.scenario);
    const { spe, reference } = this.#inputs;
    this.#samples =
      other && sameLanes(this.#inputs, other.#inputs)
        ? other.#samples
        : { keys: sampleKeys(db, spe, reference.stored, kind) };
  }

  get names(): readonly string[] {
    return this.#samples.keys.names;
  }

  /** Counted with the first outcome, which says what is in sessions. */
  get reference(): Reference {
    return this.#samples.reference!;
  }

  /** Whether both are outcomes of the same samples. */
  sharesSamples(other: RunSide): boolean {
    return this.#samples === other.#samples;
  }

  /** @throws RequestError (the run has no such policy) */
  outcome(policy: string): { summary: Summary; verdict: ComparedVerdict; losses: Losses } {
    const { lanes, prepared, settings, distributions } = this.#inputs;
    const result = findResult(this.#db, { run: this.#run.id, policy });
    const outcome = replayPrepared(prepared, result.policy, settings.params, distributions);
    const { keys } = this.#samples;
    const { inside, lost } = outcome;
    const ofLanes = lanes.map(({ t }, l) => ({ t, keys: keys.lanes[l] }));
    const reference = (this.#samples.reference ??= new Reference(ofLanes, keys.names.length, 1, false, inside));
    const losses = reference.lossesOf(lost.map((runs, l) => runsInSessions(runs, inside[l])));
    return { summary: summarise(lanes, outcome), verdict: this.#verdict(result), losses };
  }

  /** By the key compared, if the run counted by it, else by the run's first. */
  #verdict({ policy, dlDiscard, summary }: ResultRow): ComparedVerdict {
    const skews = readSkew(this.#db, this.#run.id).filter((s) => s.policy === policy.id && s.dlDiscard === dlDiscard);
    const { verdict } = (skews.find(({ key }) => key === this.#kind) ?? skews[0]).detail;
    const { checks } = summary;
    return { word: verdict.word, reason: verdict.reason, ...(checks && { checks }) };
  }
}

function sameCaptures(a: RunRow, b: RunRow): boolean {
  const lanesOf = ({ params }: RunRow): string => JSON.stringify(params.params.lanes);
  return a.speId === b.speId && a.kvmId === b.kvmId && lanesOf(a) === lanesOf(b);
}

function sameLanes(a: RunInputs, b: RunInputs): boolean {
  const lanesOf = ({ spe, reference }: RunInputs): string => `${spe.id}: ${reference.stored.map((l) => l.lane).join()}`;
  return lanesOf(a) === lanesOf(b);
}

/** All samples of a capture, in any session, none lost. */
export function wholeCapture(db: Db, capture: CaptureRow, kind: KeyKind) {
  const { lanes, stored } = loadReference(db, capture, 'auto');
  const keys = sampleKeys(db, capture, stored, kind);
  const inside = lanes.map(({ t }) => Uint32Array.of(0, t.length));
  const ofLanes = lanes.map(({ t }, l) => ({ t, keys: keys.lanes[l] }));
  const reference = new Reference(ofLanes, keys.names.length, 1, false, inside);
  return { names: keys.names, reference, losses: reference.lossesOf(inside.map(() => new Uint32Array(0))) };
}
