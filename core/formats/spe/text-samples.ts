/** What readers of SPE samples as text return: records as columns, and what the text says about the code they are in. */
import { KERNEL_BASE } from '../symbols/symbol-table.ts';
import type { SpeColumns } from './columns.ts';

/** A binary that the text names. If its load address isn't given, places in it are addresses. */
export interface TextBinary {
  readonly file: string;
  readonly kernel: boolean;
  /** Where it was mapped, by a side-band line of the text. */
  readonly at?: {
    /** ns */
    readonly t: bigint;
    readonly pid: number;
    readonly start: bigint;
    /** Bytes. */
    readonly length: bigint;
    readonly pgoff: bigint;
  };
}

/** A function that the text names, by the samples that lie in it. */
export interface TextSymbol {
  /** Index into `binaries`. */
  readonly binary: number;
  readonly name: string;
  /** The first address: exact where the text has offsets, else that of the lowest sample. */
  start: bigint;
  /** One past the last sample. */
  end: bigint;
}

/** Batches are lent until `onBatch` returns. `map`: per record an index into `binaries`, -1 for none. */
export type OnSamples = (batch: SpeColumns, map: Int32Array) => void;

export interface TextSamples {
  readonly facts: { readonly format: string; readonly [fact: string]: unknown };
  /** Grow while `read` runs. */
  readonly binaries: readonly TextBinary[];
  readonly symbols: readonly TextSymbol[];
  /** tid → name. */
  readonly comms: ReadonlyMap<number, string>;
  /** All samples, in the order of the text. */
  read(columns: SpeColumns, onBatch: OnSamples): void;
}

/** Bytes of a record if nothing says: what Neoverse cores write for a load or store. */
export const ASSUMED_RECORD_BYTES = 64;

/** A binary's mapping; for one that isn't located, all of its half of the address space. */
export function textMapping({ file, kernel, at }: TextBinary) {
  if (at) return { ...at, file, kernel };
  const start = kernel ? KERNEL_BASE : 0n;
  return { t: 0n, pid: -1, start, length: kernel ? 1n << 48n : UNLOCATED, pgoff: start, file, kernel };
}

/** Length of mappings that say only which binary, not where it was loaded. */
export const UNLOCATED = 1n << 63n;

/** The halves of a hexadecimal number of up to 16 digits, without a prefix. */
export function hexHigh(text: string): number {
  return text.length > 8 ? parseInt(text.slice(0, -8), 16) : 0;
}

export function hexLow(text: string): number {
  return parseInt(text.length > 8 ? text.slice(-8) : text, 16);
}
