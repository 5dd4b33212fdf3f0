/** What makes a pair weaker evidence than others: flagged, counted, and left out where the campaign says so. */

export const flagIds = ['scaled-clocks', 'emulated', 'stage2-unsure'] as const;
export type FlagId = (typeof flagIds)[number];

/** In words, to follow "pairs with", for lists and reports. */
export const flagWords: Readonly<Record<FlagId, string>> = {
  'scaled-clocks': 'a KVM timeline that was stretched to fit',
  emulated: 'a trace recorded under emulation',
  'stage2-unsure': 'inferred stage 2 that is known for too little of the buffers’ page-time',
};

/** What a pair's result says of itself that flags depend on. */
export interface FlagFacts {
  /** What the KVM timeline was stretched by; 1: not at all. */
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
    // Page-table calls of the kernel itself are no inference.
    'stage2-unsure': !stage2.exact && stage2.observed + stage2.inferred < known,
  };
  return flagIds.filter((id) => flags[id]);
}
