/** Which flags a pair has. */
import { flagIds } from '../../words/pair-flags.ts';
import type { FlagId } from '../../words/pair-flags.ts';

/** What flags depend on in a pair's result. */
export interface FlagFacts {
  /** Stretch factor of the KVM timeline; 1: none. */
  readonly scale: number;
  /** MIDR_EL1 of the profiled cores, `0x…`. */
  readonly midrs: readonly string[];
  readonly stage2: {
    readonly exact: boolean;
    /** Shares of the buffers' page-time. */
    readonly observed: number;
    readonly inferred: number;
  };
}

/** @param declared the campaign says that the pair was recorded under emulation @param known least share known of inferred stage 2 */
export function flagsOf({ scale, midrs, stage2 }: FlagFacts, declared: boolean, known: number): FlagId[] {
  const flags: Readonly<Record<FlagId, boolean>> = {
    'scaled-clocks': scale !== 1,
    // Arm ARM, MIDR_EL1.Implementer: 0x00 is reserved for software use; QEMU's -cpu max has it.
    emulated: declared || midrs.some((midr) => (BigInt(midr) >> 24n) % 256n === 0n),
    // The kernel's own page-table calls aren't inference.
    'stage2-unsure': !stage2.exact && stage2.observed + stage2.inferred < known,
  };
  return flagIds.filter((id) => flags[id]);
}
