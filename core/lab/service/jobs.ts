/** What a job does, in the worker that runs it. Fully synchronous: to cancel it, end its thread. */
import { parseVmDescription } from '../../model/vm.ts';
import { getCapture, setVmDescription } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { putFlag, removeFlag } from '../../store/flags.ts';
import { inLabFile, recoverLabFile } from '../../store/lab-write.ts';
import { remove, rename, restore, setNotes } from '../../store/tidy.ts';
import type { Job, ReplaySoFar } from '../../contract/jobs.ts';
import type { RunPolicy } from '../../contract/run-policy.ts';
import type { Progress } from '../../contract/contract.ts';
import { makeExample } from './example.ts';
import { importFile } from '../import/import.ts';
import { parseReplayWords } from '../runs/run-settings.ts';
import { replayRun, resultRow, skewRows } from '../runs/replay.ts';
import type { PolicyResult } from '../runs/replay.ts';
import { sweepOfRun } from '../runs/sweep-run.ts';
import { runPolicy } from './run-policy.ts';
import { putQuery, removeQuery } from '../../store/saved-queries.ts';
import { addSymbols } from '../symbols/symbols.ts';
import { pickedSources } from '../symbols/picked.ts';
import { freeSpace } from './tidy.ts';
import { buildSampleLevels, buildTraceLevels, withoutLevels } from '../captures/trace-levels.ts';
import { shellWord } from '../../words/shell.ts';

/** Runs one job in one transaction on an existing lab, if it writes; others may read the lab meanwhile. Throws what the use cases throw. */
export function runJob(lab: string, job: Job, progress: (progress: Progress) => void): unknown {
  if (job.kind === 'sweep') return sweepOfRun(lab, job, progress);
  if (job.kind === 'free') return freeSpace(lab, progress);
  const work = (db: Db) => {
    const result = run(db, lab, job, progress);
    // The last chance to cancel.
    progress({ phase: 'storing', done: 0, unit: 'steps' });
    return result;
  };
  return inLabFile(lab, 'write', work, { readable: true });
}

function run(
  db: Db,
  lab: string,
  job: Exclude<Job, { kind: 'sweep' | 'free' }>,
  progress: (progress: Progress) => void,
): unknown {
  switch (job.kind) {
    case 'import':
      return { captures: job.files.flatMap((file) => importOne(db, file, job, progress)) };
    case 'replay': {
      const { own, scenario } = job;
      const choice = parseReplayWords({ policies: job.policies, own, settings: job.settings, scenario });
      const policies: RunPolicy[] = [];
      const onStep = (done: number, total: number, policy: string) => {
        const soFar: ReplaySoFar = { policies: [...policies] };
        progress({ phase: `replaying ${policy}`, done, total, unit: 'steps', soFar });
      };
      const onResult = (result: PolicyResult) => {
        policies.push(runPolicy(resultRow(result), skewRows(result)));
      };
      progress({ phase: 'reading captures', done: 0, unit: 'steps' });
      const command = replayCommand(lab, job);
      const request = { ...choice, speId: job.spe, kvmId: job.kvm, command, notes: job.notes };
      const made = replayRun(db, request, onStep, onResult);
      return { run: made.id };
    }
    case 'rename':
      rename(db, job.of.kind, job.of.id, job.of.name);
      return {};
    case 'flag':
      return {
        id: putFlag(db, job.of.capture, { ...job.of, t: BigInt(job.of.origin) + BigInt(job.of.t) }),
      };
    case 'unflag':
      removeFlag(db, job.id);
      return {};
    case 'annotate':
      setNotes(db, job.of.kind, job.of.id, job.of.notes);
      return {};
    case 'remove':
      return remove(db, job, job.withRuns === true);
    case 'restore':
      restore(db, job);
      return {};
    case 'symbols': {
      progress({ phase: 'looking for functions', done: 0, unit: 'steps' });
      const { binaries, warnings } = addSymbols(db, getCapture(db, job.spe, 'spe'), pickedSources(job));
      return { binaries, warnings: warnings.map((w) => w.message) };
    }
    case 'query':
      if (job.of.sql === undefined) removeQuery(db, job.of.name);
      else putQuery(db, { name: job.of.name, sql: job.of.sql });
      return {};
    case 'example':
      return { run: makeExample(db, progress) };
    case 'levels': {
      const missing = withoutLevels(db);
      missing.forEach((capture, i) => {
        progress({ phase: 'preparing the timeline', done: i, total: missing.length, unit: 'steps' });
        if (capture.kind === 'kvm') buildTraceLevels(db, capture.id);
        else buildSampleLevels(db, capture.id);
      });
      return {};
    }
    case 'vm': {
      const capture = getCapture(db, job.kvm, 'kvm');
      parseVmDescription(job.text);
      const onStep = reconstructing(capture.name, progress);
      onStep(0, capture.records);
      setVmDescription(db, job.kvm, JSON.parse(job.text));
      buildTraceLevels(db, job.kvm, { onStep });
      return {};
    }
  }
}

function reconstructing(name: string, progress: (progress: Progress) => void) {
  return (done: number, total: number) =>
    progress({ phase: `reconstructing stage 2 of ${name}`, done, total, unit: 'steps' });
}

function importOne(
  db: Db,
  { path, name }: { readonly path: string; readonly name?: string },
  job: Extract<Job, { kind: 'import' }>,
  progress: (progress: Progress) => void,
): number[] {
  const shown = name ?? path;
  const base = shown.slice(shown.lastIndexOf('/') + 1);
  const made = importFile(db, path, {
    ...(name !== undefined && { shownAs: name }),
    ...(job.vm && { vmFile: job.vm.path }),
    notes: job.notes,
    onRead: (done, total) => progress({ phase: `importing ${base}`, done, total, unit: 'bytes' }),
    onStage2: reconstructing(base, progress),
  });
  return made.map((c) => c.id);
}

/** The command line that makes the same run, with user policies and scenarios in files. */
function replayCommand(lab: string, job: Extract<Job, { kind: 'replay' }>): string {
  const settings = Object.entries(job.settings).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `--set ${shellWord(`${name}=${text}`)}`;
  });
  return [
    ...['umbra replay --db', shellWord(lab), '--spe', job.spe, '--kvm', job.kvm],
    ...(job.policies.length ? ['--policy', job.policies.join(',')] : []),
    ...(job.own === undefined ? [] : ['--policy-file policies.json']),
    ...settings,
    ...(job.scenario === undefined ? [] : ['--scenario scenario.json']),
  ].join(' ');
}

/** After a job's thread was killed midway: restores the lab to its earlier state, as one file. */
export const recoverLab = recoverLabFile;
