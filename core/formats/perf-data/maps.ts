import { text } from './cursor.ts';
import { Misc, RecordType } from './types.ts';

/** One MMAP or MMAP2 record: which part of which file lies where in an address space. */
export interface MapEntry {
  /** ns; 0 for mappings that existed before the recording. */
  readonly t: bigint;
  /** -1 for the kernel. */
  readonly pid: number;
  readonly tid: number;
  readonly start: bigint;
  /** Bytes. */
  readonly length: bigint;
  /** Byte offset in the file of `start`; for the kernel's text an address. */
  readonly pgoff: bigint;
  /** PROT_* bits; 0 in MMAP records, which lack them. */
  readonly prot: number;
  readonly filename: string;
  /** Hex, from MMAP2 or the BUILD_ID feature. */
  buildId: string | undefined;
  readonly kernel: boolean;
}

/** Reads an MMAP or MMAP2 record; undefined if it is too short, or maps data of a guest. */
export function readMap(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  record: { type: number; misc: number; size: number; t: bigint },
): MapEntry | undefined {
  const v2 = record.type === RecordType.MMAP2;
  const nameAt = v2 ? 72 : 40;
  if (record.size < nameAt) return undefined;
  const mode = record.misc & Misc.CPUMODE;
  if (mode === Misc.GUEST_KERNEL || mode === Misc.GUEST_USER) return undefined;
  const hasId = v2 && (record.misc & Misc.MMAP_BUILD_ID) !== 0;
  return {
    t: record.t,
    pid: view.getInt32(at + 8, true),
    tid: view.getInt32(at + 12, true),
    start: view.getBigUint64(at + 16, true),
    length: view.getBigUint64(at + 24, true),
    pgoff: view.getBigUint64(at + 32, true),
    prot: v2 ? view.getUint32(at + 64, true) : 0,
    filename: text(bytes, at + nameAt, at + record.size),
    buildId: hasId ? hex(bytes.subarray(at + 44, at + 44 + Math.min(20, bytes[at + 40]))) : undefined,
    kernel: mode === Misc.KERNEL,
  };
}

/** `flags` of a KSYMBOL record: the code is gone from then on. */
const KSYMBOL_UNREGISTER = 1;

/**
 * Reads a KSYMBOL record: code that the kernel made at run time (BPF programs, trampolines), as its own mapping whose file is the symbol.
 * Undefined if it announces an end, or is too short.
 */
export function readKsymbol(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  record: { size: number; t: bigint },
): MapEntry | undefined {
  if (record.size < 24 || view.getUint16(at + 22, true) & KSYMBOL_UNREGISTER) return undefined;
  return {
    t: record.t,
    pid: -1,
    tid: -1,
    start: view.getBigUint64(at + 8, true),
    length: BigInt(view.getUint32(at + 16, true)),
    pgoff: 0n,
    prot: 0,
    filename: text(bytes, at + 24, at + record.size),
    buildId: undefined,
    kernel: true,
  };
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

const BUILD_ID_SIZE = 1 << 15;

/** The BUILD_ID feature, or one such record of pipe mode: file name → build id, hex. */
export function readBuildIds(bytes: Uint8Array): Map<string, string> {
  const ids = new Map<string, string>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 36 <= bytes.length;) {
    const size = view.getUint16(at + 6, true);
    if (size < 36 || at + size > bytes.length) break;
    const length = view.getUint16(at + 4, true) & BUILD_ID_SIZE ? Math.min(20, bytes[at + 32]) : 20;
    ids.set(text(bytes, at + 36, at + size), hex(bytes.subarray(at + 12, at + 12 + length)));
    at += size;
  }
  return ids;
}
