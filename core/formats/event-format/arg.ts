/** The nodes of a print format's arguments. */
import type { EventField } from './format.ts';

export type ArgKind =
  | 'null'
  | 'atom'
  | 'field'
  | 'cast'
  | 'op'
  | 'flags'
  | 'symbol'
  | 'hex'
  | 'hex-string'
  | 'numbers'
  | 'text'
  | 'bitmask'
  | 'cpumask'
  | 'dynamic'
  | 'dynamic-length'
  /** An argument of a binary printk, by its place: its value comes with the record. */
  | 'slot';

/** One node. Regrouping rewrites nodes in place, so one shape serves all kinds. */
export interface Arg {
  kind: ArgKind;
  /** Number or string of an atom, name of a field, type of a cast, operator, delimiter of flags. */
  text: string;
  field?: EventField;
  left?: Arg;
  right?: Arg;
  third?: Arg;
  /** Names of flags or symbols: value as written, text. */
  names?: [value: string, text: string][];
  /** Rank of the operator; a higher one is closer to the root. 0: single operands, `?`, `[`. */
  rank: number;
  slot?: number;
}

/** libtraceevent can't read the print format: its events print as `[FAILED TO PARSE]`. */
export class Unreadable extends Error {}

export function blank(): Arg {
  return { kind: 'null', text: '', rank: 0 };
}

/** Turns `arg` into another node, in place: every holder sees the new one. */
export function become(arg: Arg, other: Arg): void {
  delete arg.field;
  delete arg.left;
  delete arg.right;
  delete arg.third;
  delete arg.names;
  Object.assign(arg, other);
}
