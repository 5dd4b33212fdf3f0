/**
 * SPE packet framing (Arm ARM DDI 0487, "Statistical Profiling Extension sample record specification"; perf's
 * tools/perf/util/arm-spe-decoder/arm-spe-pkt-decoder.c decides where the two could be read differently).
 */
export const Kind = {
  BAD: 0,
  PAD: 1,
  END: 2,
  TIMESTAMP: 3,
  EVENTS: 4,
  SOURCE: 5,
  CONTEXT: 6,
  OP: 7,
  ADDRESS: 8,
  COUNTER: 9,
  /** The second byte decides. */
  EXTENDED: 10,
  /** Padding up to an aligned address; only as an extended header. */
  ALIGNMENT: 11,
} as const;

/** Address packet indexes. */
export const Address = { PC: 0, TARGET: 1, VA: 2, PA: 3, PREVIOUS_TARGET: 4 } as const;

/** Counter packet indexes. */
export const Counter = { TOTAL: 0, ISSUE: 1, XLAT: 2, ALT_ISSUE: 4 } as const;

/** Operation type classes. */
export const OpClass = { OTHER: 0, LOAD_STORE: 1, BRANCH: 2 } as const;

/** Bytes of the longest packet: an alignment that skips 16. */
export const PACKET_BYTES = 16;

function addressOrCounter(h: number): number {
  if ((h & 0xf8) === 0xb0) return Kind.ADDRESS;
  return (h & 0xf8) === 0x98 ? Kind.COUNTER : Kind.BAD;
}

function kindOf(h: number): number {
  if (h === 0x00) return Kind.PAD;
  if (h === 0x01) return Kind.END;
  if (h === 0x71) return Kind.TIMESTAMP;
  if ((h & 0xcf) === 0x42) return Kind.EVENTS;
  if ((h & 0xcf) === 0x43) return Kind.SOURCE;
  if ((h & 0xfc) === 0x64) return Kind.CONTEXT;
  if ((h & 0xfc) === 0x48) return Kind.OP;
  if ((h & 0xfc) === 0x20) return Kind.EXTENDED;
  return addressOrCounter(h);
}

const bytes = Array.from({ length: 256 }, (_, h) => h);

/** Kind by first byte. */
export const kinds = Uint8Array.from(bytes, kindOf);

/** Kind by second byte, after an extended header. */
export const extendedKinds = Uint8Array.from(bytes, (h) => (h === 0 ? Kind.ALIGNMENT : addressOrCounter(h)));

/** Bytes of payload by header byte (the last of an extended one). */
export function payloadBytes(header: number): number {
  return 1 << ((header >> 4) & 3);
}

/** Address or counter index of an extended header. */
export function extendedIndex(h: number, h2: number): number {
  return ((h & 3) << 3) | (h2 & 7);
}

/**
 * Bytes from `position` to the next multiple of what an alignment header asks for (a full step if it is one already).
 */
export function alignmentSkip(header: number, position: number): number {
  const alignment = 2 << (header & 3);
  return alignment - (position % alignment);
}
