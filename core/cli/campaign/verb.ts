/** What follows `umbra campaign`. */
import type { Args } from '../command.ts';
import type { Output } from '../output.ts';

export interface Verb {
  /** What follows DIR, as help calls it. */
  readonly operand?: string;
  /** Of the command's options, those that mean something here. */
  readonly options: readonly string[];
  run(call: VerbCall): void | Promise<void>;
}

export interface VerbCall {
  readonly folder: string;
  readonly operand: string;
  readonly args: Args;
  readonly out: Output;
}
