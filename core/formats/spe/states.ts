/**
 * Security states of a record's addresses: NS is bit 63 and NSE bit 60 of the payload (Arm ARM, "Address packet payload"). A data
 * virtual address has none: its top byte is the tag.
 */
import { Extra, Has } from './columns.ts';
import type { SpeColumns } from './columns.ts';

/** Where each address's two bits lie in `states`, and its bit of `Has`. */
export const stateAddresses = {
  pc: { shift: 0, has: Has.PC },
  to: { shift: 2, has: Has.TO },
  pbt: { shift: 4, has: Has.PBT },
  pa: { shift: 6, has: Has.PA },
} as const;
export type StateAddress = keyof typeof stateAddresses;

/** By NSE | !NS << 1: 0 is what nearly all addresses are. */
const names = ['non-secure', 'realm', 'secure', 'root'] as const;

/** The state of record `i`'s address; undefined if it has none, or it isn't recorded: text, and labs before format 8. */
export function stateOf(c: SpeColumns, i: number, address: StateAddress): (typeof names)[number] | undefined {
  const { shift, has } = stateAddresses[address];
  return c.extra[i] & Extra.STATES && c.present[i] & has ? names[(c.states[i] >> shift) & 3] : undefined;
}

/** CONTEXTIDR_EL1 or CONTEXTIDR_EL2 of record `i`; undefined if it has none, or nothing says which one it has. */
export function contextOf(c: SpeColumns, i: number, el: 1 | 2): number | undefined {
  const both = Extra.CONTEXT_EL1 | Extra.CONTEXT_EL2;
  const has = c.extra[i] & both;
  if (!(has & (el === 1 ? Extra.CONTEXT_EL1 : Extra.CONTEXT_EL2))) return undefined;
  return el === 1 && has === both ? c.contextEl1[i] : c.context[i];
}
