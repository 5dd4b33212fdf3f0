/** The main job in one call: two files in, a report out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inLabFile } from '../../store/lab-write.ts';
import { RequestError } from '../about.ts';
import type { CaptureSummary } from '../captures/captures.ts';
import { captureSummary } from '../captures/captures.ts';
import type { Stage2 } from '../captures/stage2.ts';
import { importFile } from '../import/import.ts';
import type { ImportOptions } from '../import/import.ts';
import { removeWritten } from '../output-file.ts';
import { replayRun } from '../runs/replay.ts';
import type { OnStep, ReplayedRun, ReplayRequest } from '../runs/replay.ts';
import { reportForm, writeReportOf } from './report-files.ts';

export interface MainJob {
  readonly speFile: string;
  readonly kvmFile: string;
  readonly reportFile: string;
  /** Keeps captures and run; without it the lab file is a temporary one. */
  readonly lab?: string;
  readonly importOptions: ImportOptions;
  readonly replay: Omit<ReplayRequest, 'speId' | 'kvmId'>;
  readonly onStep?: OnStep;
}

export interface MainJobDone {
  readonly captures: readonly CaptureSummary[];
  readonly run: ReplayedRun;
}

/** Imports, replays and reports; a lab file that is kept gets everything or nothing. The two files may come in either order. */
export function runMainJob(job: MainJob): MainJobDone {
  reportForm(job.reportFile);
  let written: readonly string[] = [];
  const folder = job.lab === undefined ? mkdtempSync(join(tmpdir(), 'umbra-')) : undefined;
  try {
    return inLabFile(job.lab ?? join(folder!, 'run.umbra'), 'create', (db, writeBack) => {
      const reconstructed = new Map<number, Stage2>();
      const onTimelines = (kvm: number, stage2: Stage2) => void reconstructed.set(kvm, stage2);
      const options = { ...job.importOptions, writeBack, onTimelines };
      const captures = [job.speFile, job.kvmFile].flatMap((file) => importFile(db, file, options));
      const spe = captures.find((c) => c.kind === 'spe');
      const kvm = captures.find((c) => c.kind === 'kvm');
      if (!spe || !kvm) {
        const missing = spe ? 'a KVM trace (trace.dat or ftrace text)' : 'an SPE capture (perf.data)';
        throw new RequestError(
          `${job.speFile} and ${job.kvmFile} are both ${captures[0].format}: one must be ${missing}`,
        );
      }
      const stage2 = reconstructed.get(kvm.id);
      const run = replayRun(db, { ...job.replay, speId: spe.id, kvmId: kvm.id, stage2 }, job.onStep);
      written = writeReportOf(db, run.id, job.reportFile, {}, run.inputs);
      return { captures: captures.map(captureSummary), run };
    });
  } catch (error) {
    // The lab that it is of couldn't be completed.
    removeWritten(written);
    throw error;
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
}
