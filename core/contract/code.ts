/** One function under one policy: its samples by address, its instructions and source lines as far as known. */

/** Counts are samples of the run's reference. */
export interface CodeRow {
  /** Bytes from the function's start. */
  readonly at: number;
  readonly reference: number;
  readonly kept: number;
  /** Mean total latency of its samples that have one, cycles; missing without any. */
  readonly latency?: number;
  /** Data sources of its loads and stores, most frequent first. */
  readonly sources: readonly { readonly name: string; readonly samples: number }[];
  /** The instruction, where the machine code is known. */
  readonly text?: string;
  /** Branch target, bytes from the function's start; may lie outside it. */
  readonly to?: number;
  /** Index into `FunctionCode.files`, and the line from 1. */
  readonly line?: readonly [file: number, line: number];
}

export interface FunctionCode {
  /** The key's name: the function's, or `kvbench+0x1000` for a page without a known function. */
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
  /** Why there are no instructions, and what would provide them; missing if there are some. */
  readonly missing?: string;
  /** Whether loading the binary (`umbra symbols`) would provide the instructions. */
  readonly loadable?: true;
  /** Size of a function too long to be kept whole, bytes; missing if all is shown. */
  readonly cut?: number;
}

/** Functions (binary and page where none is known) with samples in the run, most lost first. */
export interface Functions {
  readonly all: { readonly reference: number; readonly kept: number };
  /** The total, of which these are the first. */
  readonly functions: number;
  readonly rows: readonly {
    readonly name: string;
    /** File name of the binary, `[kernel]`, `[unmapped]`. */
    readonly binary: string;
    readonly reference: number;
    readonly kept: number;
  }[];
}

/** Maximum functions in one reply. */
export const MAX_FUNCTIONS = 2000;
