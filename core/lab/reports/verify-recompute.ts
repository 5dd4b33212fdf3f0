/** Remakes what a report was made of: imports its captures, replays its runs. */
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { defaultParams, setParams } from '../../model/params.ts';
import { builtinPolicies } from '../../model/policies.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import type { Policy } from '../../model/policy.ts';
import { parseScenario } from '../../model/scenario.ts';
import type { ReportInput } from '../../report/model.ts';
import type { ProvenanceResult } from '../../report/provenance.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { importFile } from '../import/import.ts';
import type { ImportOptions } from '../import/import.ts';
import { replayRun } from '../runs/replay.ts';
import type { OnStep } from '../runs/replay.ts';
import type { ClaimedInput, ClaimedRun } from './verify-claims.ts';
import type { ReportForms } from './report-files.ts';

/** Where captures are searched and imported. */
export interface Workshop {
  readonly db: Db;
  /** For links and descriptions; removed at the end. */
  readonly folder: string;
  /** The report's file. */
  readonly report: string;
  /** Files that may hold the captures now; the report's own paths if empty. */
  readonly candidates: readonly string[];
  readonly progress?: VerifyProgress;
}

/** Progress callbacks; throwing ends the work. */
export interface VerifyProgress {
  readonly onRead: NonNullable<ImportOptions['onRead']>;
  readonly onStep: OnStep;
}

/** Imports candidates until all inputs are found, by SHA-256; in the order of `inputs`. */
export function findCaptures(
  { db, folder, report, candidates, progress }: Workshop,
  inputs: readonly ClaimedInput[],
): CaptureRow[] {
  const vm = inputs.find(({ kind }) => kind === 'kvm')?.vm;
  const place = String(db.prepare('SELECT count(*) FROM capture').pluck().get());
  // The description of that time counts, not the one beside the trace today.
  const vmFile = vm === undefined ? undefined : join(folder, `${place}.vm.json`);
  if (vmFile !== undefined) writeFileSync(vmFile, JSON.stringify(vm));
  const paths = candidates.length
    ? candidates
    : inputs.flatMap(({ file }) => [file, join(dirname(report), basename(file))].find(existsSync) ?? []);
  const imported = [...new Set(paths)].flatMap((path, i) => {
    // Under another name, no VM description is beside it that wasn't there then.
    const link = join(folder, `${place}-${i}`);
    symlinkSync(resolve(path), link);
    return importFile(db, link, { vmFile, shownAs: path, onRead: progress?.onRead });
  });
  return inputs.map(({ kind, file, sha256: hash, bytes }) => {
    const found = imported.find((c) => c.kind === kind && c.sha256 === hash);
    if (found) return getCapture(db, found.id);
    const other = imported.find((c) => c.kind === kind);
    const why = other ? `${other.file} is another one (SHA-256 ${other.sha256.slice(0, 12)}…)` : 'it is not there';
    throw new RequestError(
      `${report}: its capture ${file} (${bytes} bytes, SHA-256 ${hash.slice(0, 12)}…) isn't found: ${why}; say where it lies with --input`,
    );
  });
}

/** Replays what a report says it replayed. Returns the run's id. */
export function replayClaimed({ db, progress }: Workshop, claimed: ClaimedRun, speId: number, kvmId: number): number {
  const { scenario } = claimed;
  const request = {
    speId,
    kvmId,
    policies: claimed.policies.map(readPolicy),
    settings: setParams(defaultParams(), claimed.settings, 'user', 'the report'),
    ...(scenario !== undefined && { scenario: parseScenario(JSON.stringify(scenario), 'the report') }),
    command: claimed.command,
    notes: claimed.inputNotes,
  };
  return replayRun(db, request, progress?.onStep).id;
}

/** Built-in policies are today's: changes show in the results. */
function readPolicy(policy: ClaimedRun['policies'][number]): Policy {
  return builtinPolicies.find(({ id }) => id === policy.id) ?? parsePolicyFile(JSON.stringify(policy), 'the report')[0];
}

/** Inputs with the names that their files had then. */
export function named(inputs: readonly ReportInput[], claimed: readonly ClaimedInput[]): ReportInput[] {
  return inputs.map((input) => {
    const was = claimed.find(({ kind }) => kind === input.kind)!;
    const { vmFile } = was;
    const facts = input.facts.map((f) => (f.label === 'VM description' && vmFile ? { ...f, value: vmFile } : f));
    return { ...input, file: was.file, facts };
  });
}

/** A line per number that differs. */
export function resultDifferences<T extends object>(
  claimed: readonly T[],
  now: readonly T[],
  nameOf: (result: T) => string,
): string[] {
  const missing = now
    .filter((r) => !claimed.some((c) => nameOf(c) === nameOf(r)))
    .map((r) => `${nameOf(r)}: not in the report`);
  const changed = claimed.flatMap((was) => {
    const is = now.find((r) => nameOf(r) === nameOf(was));
    if (!is) return [`${nameOf(was)}: not replayed`];
    return (Object.keys(is) as (keyof T & string)[]).flatMap((field) =>
      isDeepStrictEqual(was[field], is[field])
        ? []
        : [`${nameOf(was)}: ${field} ${String(was[field] ?? 'none')}, recomputed ${String(is[field] ?? 'none')}`],
    );
  });
  return [...changed, ...missing];
}

export const resultName = (r: Pick<ProvenanceResult, 'policy' | 'dlDiscard'>): string => `${r.policy} (${r.dlDiscard})`;

/** A remade report. */
export interface Recomputed {
  readonly differences: readonly string[];
  readonly results: number;
  /** It names functions, whose symbols weren't read again: its text can't be compared. */
  readonly symbols: boolean;
  readonly forms: ReportForms;
}
