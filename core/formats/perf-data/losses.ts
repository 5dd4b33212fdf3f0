import type { Warnings } from '../problems.ts';
import type { SideBand } from './side-band.ts';
import { AuxFlag } from './types.ts';

/** Warns of what the capture itself lost, with the times it gives: blackouts, collisions, side band that found no room. */
export function warnOfLosses({ aux, lost }: SideBand, warnings: Warnings): void {
  const moment = (t: bigint): { t0?: bigint; t1?: bigint } => (t > 0n ? { t0: t, t1: t } : {});
  for (let i = 0; i < aux.n; i++) {
    const flags = aux.flags[i];
    if (flags & AuxFlag.TRUNCATED) {
      const message = 'the SPE buffer was full or its data lost, and profiling stopped (AUX flag TRUNCATED)';
      warnings.add('data-loss', 'spe-truncated', message, moment(aux.t[i]));
    }
    if (flags & AuxFlag.COLLISION) {
      const message = 'samples collided in the SPE: fewer samples, but no gap (AUX flag COLLISION)';
      warnings.add('info', 'spe-collision', message, moment(aux.t[i]));
    }
  }
  for (let i = 0; i < lost.n; i++) {
    const what = lost.samples[i] ? 'samples' : 'records';
    const message = `perf lost ${what} for want of buffer space`;
    warnings.add('data-loss', `perf-lost-${what}`, message, { count: lost.count[i], ...moment(lost.t[i]) });
  }
}
