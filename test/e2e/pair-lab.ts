/** The sample pair in a lab file with one run, made without starting a process. */
import { runMainJob } from '../../core/lab/reports/main-job.ts';
import { readReplayWords } from '../../core/lab/runs/run-settings.ts';
import { faulting, pair } from './umbra.ts';

/** @param report decides the report's form */
export function makePairLab(
  lab: string,
  report: string,
  policies: readonly string[],
  notes: readonly string[] = [],
): void {
  const settings = faulting.filter((word) => word !== '--set');
  runMainJob({
    ...{ speFile: pair.spe, kvmFile: pair.kvm, reportFile: report, lab, importOptions: {} },
    replay: {
      ...readReplayWords({ policies, settings }),
      command: `umbra run ${pair.spe} ${pair.kvm} -o ${report} ${faulting.join(' ')}`,
      notes,
    },
  });
}
