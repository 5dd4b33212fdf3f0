/** The pairs whose text by perf and trace-cmd is kept, as hashes, in expected/synth.json. */
import { createHash } from 'node:crypto';
import type { SynthOptions } from '../../core/synth/options.ts';

const small = { seed: 11, samples: 1500, ramPages: 64, bufferBytes: 16 * 4096, kvmEvents: 1500 };
const busy = { unmaps: 1000, reclaims: 500, merges: 1000, aging: 200, memslots: 200, dirtyLogs: 30 };

export const variants: Readonly<Record<string, Partial<SynthOptions>>> = {
  'per-cpu': { ...small, ...busy },
  'per-cpu, metadata version 2, trace version 6': { ...small, auxtraceInfo: 2, traceVersion: 6 },
  'per-thread, trace with zstd and losses': {
    ...small,
    mode: 'per-thread',
    zstd: true,
    kvmEvents: 15_000,
    lostPages: 3,
  },
  'one CPU, blocks': { ...small, cpus: 1, thp: true, unmaps: 500 },
  'advice of all kinds, holes, moves': {
    ...small,
    ...{ unmaps: 2000, advice: ['dontneed', 'free', 'pageout', 'cold'], holes: 0.5, moves: 100 },
  },
};

/** What the tools print for a variant. */
export interface Printed {
  /** SPE packet lines of `perf report -D`. */
  readonly packets: string;
  /** `perf script --itrace=i1i -F tid,time,ip,addr,phys_addr`, as `sampleLine`, sorted; times left out per thread. */
  readonly samples: string;
  /** `trace-cmd report -N -t`. */
  readonly events: string;
}

/** The lines' number, and the hash of them all. */
export function digest(lines: Iterable<string>): string {
  const list = [...lines];
  const hash = createHash('sha256');
  for (const line of list) hash.update(`${line}\n`);
  return `${list.length} ${hash.digest('hex')}`;
}

/** One sample: tid, perf time as seconds with nine digits (or nothing), PC, branch target and physical address (0 if none) in hex. */
export function sampleLine(tid: string, time: string, pc: string, target: string, physical: string): string {
  return [tid, time, pc, target, physical].join(' ');
}
