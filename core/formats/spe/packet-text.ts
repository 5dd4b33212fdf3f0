import { eventNames, opName } from './names.ts';
import { Address, Counter, Kind } from './packets.ts';

const hex64 = (lo: number, hi: number): string =>
  hi ? hi.toString(16) + lo.toString(16).padStart(8, '0') : lo.toString(16);

/** Signed, as perf prints it. */
function decimal64(lo: number, hi: number): string {
  if (hi < 0x200000) return String(hi * 0x1_0000_0000 + lo);
  return String(BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo)));
}

/** What perf 7 prints for a packet. `index`: address, counter or context index, or the operation class. */
export function packetText(kind: number, index: number, lo: number, hi: number, midr?: bigint): string {
  switch (kind) {
    case Kind.PAD:
    case Kind.ALIGNMENT:
      return 'PAD';
    case Kind.END:
      return 'END';
    case Kind.TIMESTAMP:
      return `TS ${decimal64(lo, hi)}`;
    case Kind.EVENTS:
      return ['EV', ...eventNames(lo, hi, midr)].join(' ');
    case Kind.SOURCE:
      return `DATA-SOURCE ${decimal64(lo, hi)}`;
    case Kind.CONTEXT:
      return `CONTEXT 0x${hex64(lo, hi)} el${index + 1}`;
    case Kind.OP:
      return opName(index, lo) ?? `OP-TYPE 0x${hex64(lo, hi)} (${index})`;
    case Kind.ADDRESS:
      return addressText(index, lo, hi);
    case Kind.COUNTER:
      return `LAT ${lo & 0xffff} ${counters[index] ?? ''}`;
    default:
      return 'Bad packet!';
  }
}

const counters: Readonly<Record<number, string>> = {
  [Counter.TOTAL]: 'TOT',
  [Counter.ISSUE]: 'ISSUE',
  [Counter.XLAT]: 'XLAT',
};

const instructionAddresses: Readonly<Record<number, string>> = {
  [Address.PC]: 'PC',
  [Address.TARGET]: 'TGT',
  [Address.PREVIOUS_TARGET]: 'PBT',
};

function addressText(index: number, lo: number, hi: number): string {
  const ns = hi >>> 31;
  const address = hex64(lo, hi & 0xffffff);
  const name = instructionAddresses[index];
  if (name) return `${name} 0x${address} el${(hi >>> 29) & 3} ns=${ns}`;
  if (index === Address.VA) return `VA 0x${hex64(lo, hi)}`;
  if (index === Address.PA)
    return `PA 0x${address} ns=${ns} ch=${(hi >>> 30) & 1} pat=${((hi >>> 24) & 15).toString(16)}`;
  return `ADDR 0x${hex64(lo, hi)} (${index})`;
}
