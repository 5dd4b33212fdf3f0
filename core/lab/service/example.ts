/** The example offered at first start: a synthesised pair, imported and replayed under all policies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from '../../store/lab-file.ts';
import type { Progress } from '../../contract/contract.ts';
import { importFile } from '../import/import.ts';
import { parseReplayWords } from '../runs/run-settings.ts';
import { replayRun } from '../runs/replay.ts';
import { synthFiles } from '../exports/synth.ts';

/** Unmaps cluster in one phase of the workload, so blackouts skew the profile of policies that are slow to resume. */
const OPTIONS = {
  seed: 1,
  samples: 60_000,
  unmaps: 250,
  reclaims: 60,
  merges: 20,
  burst: { phase: 'probe', factor: 4 },
  kvmEvents: 12_000,
} as const;

const NOTE = 'synthesised: nothing in it is from silicon, its truth is known';

/** The run's id. Always the same example; if removed from the lab's folder, it is made again. */
export function makeExample(db: Db, progress: (progress: Progress) => void): number {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-example-'));
  try {
    progress({ phase: 'making the example', done: 0, unit: 'steps' });
    const { files } = synthFiles(folder, OPTIONS);
    const [spe, kvm] = [files.spe, files.kvm].map((path, i) => {
      const shownAs = ['example.perf.data', 'example.trace.dat'][i];
      const onRead = (done: number, total: number) =>
        progress({ phase: `importing ${shownAs}`, done, total, unit: 'bytes' });
      return importFile(db, path, { shownAs, notes: [NOTE], ...(i && { vmFile: files.vm }), onRead })[0];
    });
    const choice = parseReplayWords({ policies: ['all'], settings: {} });
    const command = `umbra replay --spe ${spe.id} --kvm ${kvm.id}`;
    return replayRun(db, { ...choice, speId: spe.id, kvmId: kvm.id, command, notes: [NOTE] }, (done, total, policy) =>
      progress({ phase: `replaying ${policy}`, done, total, unit: 'steps' }),
    ).id;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
