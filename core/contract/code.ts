/** One function under one policy: its samples by address, its instructions and source lines as far as they are known. */

/** Counts are samples of the run's reference. */
export interface CodeRow {
  /** Bytes from the function's start. */
  readonly at: number;
  readonly reference: number;
  readonly kept: number;
  /** Mean total latency of all its samples that have one, cycles; missing without any. */
  readonly latency?: number;
  /** Data sources of its loads and stores, most frequent first. */
  readonly sources: readonly { readonly name: string; readonly samples: number }[];
  /** The instruction, where the machine code is known. */
  readonly text?: string;
  /** Where it branches to, bytes from the function's start; may lie outside of it. */
  readonly to?: number;
  /** Index into `FunctionCode.files`, and the line from 1. */
  readonly line?: readonly [file: number, line: number];
}

export interface FunctionCode {
  /** What the key is called: the function's name, or `kvbench+0x1000` for a page of which no function is known. */
  readonly name: string;
  readonly binary: string;
  readonly buildId?: string;
  /** Hex: byte offset in the file; an address for the kernel and generated code. */
  readonly start: string;
  readonly bytes: number;
  /** Samples of the function, and of the whole run. */
  readonly reference: number;
  readonly kept: number;
  readonly all: { readonly reference: number; readonly kept: number };
  /** Ascending: every instruction where the machine code is known, else every address with samples. */
  readonly rows: readonly CodeRow[];
  /** Source files that `line` counts in. */
  readonly files: readonly string[];
  /** Why there are no instructions, and what would give them; missing where there are. */
  readonly missing?: string;
  /** Bytes of the function that are longer than what is kept of one; missing if all is shown. */
  readonly cut?: number;
}

/** Functions (binary and page where none is known) with samples in the run, most lost first. */
export interface Functions {
  readonly all: { readonly reference: number; readonly kept: number };
  /** Of how many these are the first. */
  readonly functions: number;
  readonly rows: readonly {
    readonly name: string;
    /** File name of the binary, `[kernel]`, `[unmapped]`. */
    readonly binary: string;
    readonly reference: number;
    readonly kept: number;
  }[];
}

/** Functions that one reply holds. */
export const MAX_FUNCTIONS = 2000;
