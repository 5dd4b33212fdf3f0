/** The steps of long work as a progress line shows them. */
import type { Output } from './output.ts';

/** How imports, reconstructions and replays report progress. */
export function reading(out: Output) {
  return (done: number, total: number) => out.progress({ phase: 'importing', done, total, unit: 'bytes' });
}

export function reconstructing(out: Output) {
  return (done: number, total: number) => out.progress({ phase: 'reconstructing stage 2', done, total, unit: 'steps' });
}

export function replaying(out: Output) {
  return (done: number, total: number, policy: string) =>
    out.progress({ phase: `replaying ${policy}`, done, total, unit: 'steps' });
}
