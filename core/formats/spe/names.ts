import { coreKey } from '../perf-data/cores.ts';
import { OpClass } from './packets.ts';

/** Event bits that mean the same on all cores, as perf 7 prints them (arm-spe-pkt-decoder.c, common_ev_strings). */
const commonEvents: Readonly<Record<number, string>> = {
  0: 'EXCEPTION-GEN',
  1: 'RETIRED',
  2: 'L1D-ACCESS',
  3: 'L1D-REFILL',
  4: 'TLB-ACCESS',
  5: 'TLB-REFILL',
  6: 'NOT-TAKEN',
  7: 'MISPRED',
  8: 'LLC-ACCESS',
  9: 'LLC-REFILL',
  10: 'REMOTE-ACCESS',
  11: 'ALIGNMENT',
  16: 'TXN',
  17: 'SVE-PARTIAL-PRED',
  18: 'SVE-EMPTY-PRED',
  19: 'L2D-ACCESS',
  20: 'L2D-MISS',
  21: 'HITM',
  22: 'LFB',
  23: 'SNOOPED',
  24: 'STREAMING-SVE',
  25: 'SMCU',
};

/** IMP DEF event bits of known cores. */
const coreEvents: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '41:d0c': { 12: 'LATE-PREFETCH' },
};

/** Names of the event bits set in a 64-bit payload; bits without a name come last, as `IMPDEF:n,m`. */
export function eventNames(lo: number, hi: number, midr?: bigint): string[] {
  const own = midr === undefined ? undefined : coreEvents[coreKey(midr)];
  const common: string[] = [];
  const special: string[] = [];
  const unknown: number[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (!((bit < 32 ? lo >>> bit : hi >>> (bit - 32)) & 1)) continue;
    if (commonEvents[bit]) common.push(commonEvents[bit]);
    else if (own?.[bit]) special.push(own[bit]);
    else unknown.push(bit);
  }
  return [...common, ...special, ...(unknown.length ? [`IMPDEF:${unknown.join(',')}`] : [])];
}

/** SVE effective vector length, bits. */
const vectorLength = (payload: number): number => 32 << ((payload >> 4) & 7);

/** The operation in the words of perf 7, e.g. `LD GP-REG`; undefined for one without a name. */
export function opName(opClass: number, payload: number): string | undefined {
  if (opClass === OpClass.OTHER) return otherName(payload);
  if (opClass === OpClass.LOAD_STORE) return loadStoreName(payload);
  if (opClass === OpClass.BRANCH) return branchName(payload);
  return undefined;
}

function otherName(p: number): string | undefined {
  const fp = p & 2 ? ' FP' : '';
  if ((p & 0x89) === 0x08) return `SVE-OTHER EVLEN ${vectorLength(p)}${fp}${p & 4 ? ' PRED' : ''}`;
  // SME tile size, bits: 128 << (bits 6:4 and 2).
  if ((p & 0x89) === 0x88) return `SME-OTHER ETS ${128 << ((((p >> 4) & 7) << 1) | ((p >> 2) & 1))}${fp}`;
  if (p & 0xf8) return undefined;
  return `OTHER${p & 4 ? ' ASE' : ''}${fp} ${p & 1 ? 'COND-SELECT' : 'INSN-OTHER'}`;
}

/** Load/store subclasses identified by bits 7:1 alone. */
const registers: Readonly<Record<number, string>> = {
  0x00: ' GP-REG',
  0x04: ' SIMD-FP',
  0x10: ' UNSPEC-REG',
  0x30: ' NV-SYSREG',
  0x14: ' MTE-TAG',
  0x20: ' MEMCPY',
};

function loadStoreName(p: number): string {
  const direction = p & 1 ? 'ST' : 'LD';
  if ((p & 0xe2) === 0x02) return `${direction}${p & 4 ? ' AT' : ''}${p & 8 ? ' EXCL' : ''}${p & 0x10 ? ' AR' : ''}`;
  const register = registers[p & 0xfe];
  if (register !== undefined) return direction + register;
  if (p === 0x25) return `${direction} MEMSET`;
  if ((p & 0x0a) === 0x08)
    return `${direction} SVE-SME-REG EVLEN ${vectorLength(p)}${p & 4 ? ' PRED' : ''}${p & 0x80 ? ' SG' : ''}`;
  if ((p & 0xfa) === 0x40) return `${direction} GCS${p & 4 ? ' COMM' : ''}`;
  return direction;
}

function branchName(p: number): string {
  const kind = ['', ' CR-BL', ' CR-RET', ' CR-NON-BL-RET'][(p >> 3) & 3];
  return `B${p & 1 ? ' COND' : ''}${p & 2 ? ' IND' : ''}${p & 4 ? ' GCS' : ''}${kind}`;
}
