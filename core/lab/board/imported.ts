/** Imports a recording's tar into the lab and replays the pair, through a given job runner. */
import type { Job } from '../../contract/jobs.ts';
import { clockWords } from '../../words/clocks.ts';
import { getCapture } from '../../store/captures.ts';
import { readClockPair } from '../../store/clock-pairs.ts';
import { readLab } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { captureSummary } from '../captures/captures.ts';
import type { CaptureSummary } from '../captures/captures.ts';
import { clockFacts } from '../import/board-facts.ts';
import type { BoardFacts } from '../../model/terms/capture-facts.ts';

export interface ImportedTar {
  readonly captures: readonly CaptureSummary[];
  readonly board?: BoardFacts;
  /** How the host and guest clocks relate, as stored and in words. */
  readonly clocks?: NonNullable<BoardFacts['clocks']> & { readonly words: string };
  readonly run?: number;
}

type Run = (job: Job) => Promise<unknown>;

/** @param run runs a job on the lab, which exists. Throws what the job throws */
export async function importTar(
  tar: { readonly path: string; readonly name: string },
  lab: string,
  run: Run,
): Promise<ImportedTar> {
  const { captures: ids } = (await run({ kind: 'import', files: [tar] })) as { captures: readonly number[] };
  return readBack(lab, ids);
}

/** Replays the import under all policies. @throws RequestError if it isn't a pair, and what the job throws */
export async function replayTar(done: ImportedTar, run: Run): Promise<ImportedTar> {
  const [spe, kvm] = (['spe', 'kvm'] as const).map((kind) => done.captures.find((c) => c.kind === kind)?.id);
  if (spe === undefined || kvm === undefined)
    throw new RequestError(
      `the recording is in the lab, but it is no pair to replay: it has no ${spe === undefined ? 'SPE profile' : 'KVM trace'}`,
    );
  const made = (await run({ kind: 'replay', spe, kvm, policies: ['all'], settings: {} })) as { run: number };
  return { ...done, run: made.run };
}

function readBack(lab: string, ids: readonly number[]): ImportedTar {
  return readLab(lab, (db) => {
    const rows = ids.map((id) => getCapture(db, id));
    const board = rows[0]?.facts.board;
    const [spe, kvm] = (['spe', 'kvm'] as const).map((kind) => rows.find((r) => r.kind === kind)?.id);
    const clocks = spe !== undefined && kvm !== undefined ? readClockPair(db, spe, kvm) : undefined;
    return {
      captures: rows.map(captureSummary),
      ...(board && { board }),
      ...(clocks && { clocks: { ...clockFacts(clocks), words: clockWords(clocks) } }),
    };
  });
}
