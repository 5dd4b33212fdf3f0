/** spe-parser's words as the packets' numbers: the reverse of what its payload.py made of the packets. */
import { eventNames } from '../spe/names.ts';
import { OpClass } from '../spe/packets.ts';

/** The first event bit that has no name on all cores. */
const EVENTS = 26;

const bitOfEvent: ReadonlyMap<string, number> = new Map(
  Array.from({ length: EVENTS }, (_, bit): [string, number] => [eventNames(2 ** bit, 0)[0], bit]),
);

/** `RETIRED:L1D-ACCESS` as bits 25:0 of an events packet, and how many names have none. */
export function eventBits(text: string): { bits: number; unknown: number } {
  let bits = 0;
  let unknown = 0;
  for (const name of text.split(':')) {
    const bit = bitOfEvent.get(name);
    if (bit === undefined) unknown++;
    else bits |= 1 << bit;
  }
  return { bits: bits >>> 0, unknown };
}

/** Neoverse encodings, the only ones that spe-parser knows. */
const sources: readonly (readonly [string, number])[] = [
  ['L1D', 0x0],
  ['L2D', 0x8],
  ['PEER-CPU', 0x9],
  ['LOCAL-CLUSTER', 0xa],
  ['LL-CACHE', 0xb],
  ['PEER-CLUSTER', 0xc],
  ['REMOTE', 0xd],
  ['DRAM', 0xe],
];

export function sourceNumber(name: string): number | undefined {
  return sources.find(([known]) => known === name)?.[1];
}

/** Subclasses of loads and stores: payload bits 7:1. */
const subclasses: Readonly<Record<string, number>> = {
  'GP-REG': 0x00,
  'SIMD-FP': 0x04,
  'UNSPEC-REG': 0x10,
  'NV-SYSREG': 0x30,
  'MTE-TAG': 0x14,
  MEMCPY: 0x20,
  MEMSET: 0x24,
};

interface OperationWords {
  readonly op: string;
  readonly subclass: string;
  /** Bits; 0 for none. */
  readonly evl: number;
  readonly atomic: boolean;
  readonly exclusive: boolean;
  readonly ordered: boolean;
  readonly conditional: boolean;
  readonly indirect: boolean;
  readonly predicated: boolean;
  readonly float: boolean;
}

/** The operation type as `SpeColumns.op` has it: class << 8 | payload. */
export function operation(w: OperationWords): number {
  if (w.op === 'B') return (OpClass.BRANCH << 8) | Number(w.conditional) | (Number(w.indirect) << 1);
  const vector = w.evl >= 32 ? 0x08 | (Math.min(7, Math.floor(Math.log2(w.evl / 32))) << 4) : 0;
  if (w.op !== 'LD' && w.op !== 'ST') {
    if (vector) return vector | (Number(w.float) << 1) | (Number(w.predicated) << 2);
    return Number(w.conditional);
  }
  const base = (OpClass.LOAD_STORE << 8) | Number(w.op === 'ST');
  if (w.atomic || w.exclusive || w.ordered) {
    return base | 0x02 | (Number(w.atomic) << 2) | (Number(w.exclusive) << 3) | (Number(w.ordered) << 4);
  }
  if (vector) return base | vector | (Number(w.predicated) << 2);
  // `EVLEN` without a length, or a subclass that it had no word for: registers not given.
  return base | (subclasses[w.subclass] ?? subclasses['UNSPEC-REG']);
}
