/** What parses a print format's arguments, as the helpers that formats call (calls.ts) need it. */
import type { Arg } from './arg.ts';
import type { EventField } from './format.ts';
import type { Token, Tokens } from './tokens.ts';

/** Each method leaves its node in `arg` and returns the token after it. Throws Unreadable where libtraceevent gives up. */
export interface Parser {
  readonly tokens: Tokens;
  readonly fields: readonly EventField[];
  /** Bytes of the machine's `long`. */
  readonly longSize: number;
  arg(arg: Arg): Token;
  /** An operator (already read) and the rest of its expression; `arg` is its left operand so far. */
  op(arg: Arg, token: Token): Token;
  /** An expression up to a delimiter, which is read too. */
  argUpTo(delimiter: string): Arg;
  whole(arg: Arg): Token;
  anyField(name: string): EventField | undefined;
}
