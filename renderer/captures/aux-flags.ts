/** What perf says about an SPE capture's own losses: AUX record flags, and LOST records. The timeline shows them as letters. */
import type { Capture } from '../../core/contract/contract.ts';

export interface AuxFlag {
  readonly letter: string;
  readonly name: string;
  /** What it means for the profile. */
  readonly meaning: string;
  /** Samples are missing. */
  readonly loss: boolean;
  /** Bit in an AUX record's flags; 0: a separate record. */
  readonly bit: number;
}

/** include/uapi/linux/perf_event.h, PERF_AUX_FLAG_*. */
export const auxFlags: readonly AuxFlag[] = [
  {
    ...{ letter: 'T', name: 'TRUNCATED', bit: 1, loss: true },
    meaning: 'profiling stopped there, for want of room or after a loss of data: a blackout follows',
  },
  {
    ...{ letter: 'P', name: 'PARTIAL', bit: 4, loss: true },
    meaning: 'the last record of the stretch is cut off, and dropped',
  },
  {
    ...{ letter: 'C', name: 'COLLISION', bit: 8, loss: false },
    meaning: 'samples collided in the hardware: single ones are missing, profiling went on',
  },
  { ...{ letter: 'O', name: 'OVERWRITE', bit: 2, loss: false }, meaning: 'snapshot mode: the buffer is overwritten' },
  {
    ...{ letter: 'L', name: 'LOST', bit: 0, loss: true },
    meaning: 'perf’s own buffer was full: side band records (switches, mappings, AUX) are missing',
  },
];

/** The flags that a mark represents. */
export function flagsOf(flags: number): readonly AuxFlag[] {
  return auxFlags.filter(({ bit }) => (flags ? (flags & bit) !== 0 : bit === 0));
}

/** How often each occurs in a capture, by the file's own count; flags that don't occur are left out. */
export function auxCounts({ facts }: Capture): readonly (AuxFlag & { readonly count: number })[] {
  const { auxFlags: aux = {}, lost } = facts;
  return auxFlags
    .map((flag) => ({ ...flag, count: flag.bit ? (aux[flag.name] ?? 0) : (lost?.records ?? 0) }))
    .filter(({ count }) => count > 0);
}

/** Why a stretch counts as a blackout that the capture itself shows. */
export const observedWords: Readonly<Record<string, string>> = {
  truncated: 'flagged TRUNCATED',
  partial: 'flagged PARTIAL',
  lost: 'LOST records',
  gap: 'gap between records',
};
