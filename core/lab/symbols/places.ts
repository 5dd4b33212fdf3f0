/**
 * Where samples are: in which binary, and where in it. Places are numbers: byte offsets in the file; for the kernel
 * `kernelPlace` of the address, so that its modules and kallsyms need no files; for generated code the address.
 */
import { KERNEL_BASE, kernelPlace } from '../../formats/symbols/symbol-table.ts';
import type { Mapping } from '../../store/mappings.ts';

export const KERNEL = '[kernel]';

/** The binary that a mapping's symbols are filed under, and the place of its first byte. */
export interface Home {
  readonly binary: string;
  readonly start: number;
}

export function homeOf(m: Mapping): Home {
  if (m.kernel) return { binary: KERNEL, start: kernelPlace(m.start) };
  return { binary: m.file, start: Number(m.pgoff) };
}

/** Where the process's generated code would be filed: perf's name for such memory. */
export function jitHomeOf(m: Mapping): Home | undefined {
  return m.kernel || m.pid < 0 ? undefined : { binary: `/tmp/perf-${m.pid}.map`, start: Number(m.start) };
}

export function isPerfMap(binary: string): boolean {
  return /^\/tmp\/perf-\d+\.map$/.test(binary);
}

/** The stored form of a place, and back. */
export function placeAddress(binary: string, place: number): bigint {
  return binary === KERNEL ? KERNEL_BASE + BigInt(place) : BigInt(place);
}

export function addressPlace(binary: string, address: bigint): number {
  return binary === KERNEL ? kernelPlace(address) : Number(address);
}

/** Bytes from one address, as halves, to a later one: exact in a double below 2^53. */
export function distance(lo: number, hi: number, fromLo: number, fromHi: number): number {
  return (hi - fromHi) * 2 ** 32 + (lo - fromLo);
}
