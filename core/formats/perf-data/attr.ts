import { size64 } from './cursor.ts';

/**
 * `perf_event_attr` (include/uapi/linux/perf_event.h), read by its own `size`: shorter and longer ones than today's are
 * fine.
 */
export interface EventAttr {
  readonly type: number;
  readonly size: number;
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  readonly config3: bigint;
  readonly config4: bigint;
  /** Sample period, or frequency if `flags` says so. */
  readonly period: bigint;
  /** PERF_SAMPLE_* bits. */
  readonly sampleType: number;
  readonly readFormat: number;
  /** The bit field that starts with `disabled`. */
  readonly flags: bigint;
  readonly clockid: number;
  readonly auxWatermark: number;
}

/** PERF_SAMPLE_* bits: those of the sample_id trailer, and of samples up to their raw data. */
export const SampleType = {
  IP: 1 << 0,
  TID: 1 << 1,
  TIME: 1 << 2,
  ADDR: 1 << 3,
  READ: 1 << 4,
  CALLCHAIN: 1 << 5,
  ID: 1 << 6,
  CPU: 1 << 7,
  PERIOD: 1 << 8,
  STREAM_ID: 1 << 9,
  RAW: 1 << 10,
  IDENTIFIER: 1 << 16,
} as const;

/** Bit positions in `flags`. */
export const AttrFlag = {
  INHERIT: 1n,
  ENABLE_ON_EXEC: 12n,
  SAMPLE_ID_ALL: 18n,
  EXCLUDE_HOST: 19n,
  EXCLUDE_GUEST: 20n,
  USE_CLOCKID: 25n,
} as const;

/** Reads the attr at `at`; `room` bytes are there. A field past `size` or `room` reads as 0. */
export function readAttr(view: DataView, at: number, room: number): EventAttr {
  // Size 0 is the ABI's first version.
  const size = Math.min((room >= 8 && view.getUint32(at + 4, true)) || 64, room);
  const u32 = (o: number): number => (o + 4 <= size ? view.getUint32(at + o, true) : 0);
  const u64 = (o: number): bigint => (o + 8 <= size ? view.getBigUint64(at + o, true) : 0n);
  return {
    type: u32(0),
    size,
    config: u64(8),
    period: u64(16),
    sampleType: u32(24),
    readFormat: u32(32),
    flags: u64(40),
    config1: u64(56),
    config2: u64(64),
    clockid: u32(92) | 0,
    auxWatermark: u32(104),
    config3: u64(128),
    config4: u64(136),
  };
}

/** Where a record's sample_id trailer keeps its fields, in bytes from the record's end; 0: not there. */
export interface SampleIdLayout {
  readonly size: number;
  readonly tid: number;
  readonly time: number;
  readonly id: number;
  readonly cpu: number;
}

/** struct sample_id; its fields lie in the order that __perf_event__output_id_sample (kernel/events/core.c) writes them. */
export function sampleIdLayout(attr: EventAttr): SampleIdLayout {
  if (!((attr.flags >> AttrFlag.SAMPLE_ID_ALL) & 1n)) return { size: 0, tid: 0, time: 0, id: 0, cpu: 0 };
  const { TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER } = SampleType;
  let size = 0;
  const ends = new Map<number, number>();
  for (const bit of [IDENTIFIER, CPU, STREAM_ID, ID, TIME, TID]) {
    if (!(attr.sampleType & bit)) continue;
    size += 8;
    ends.set(bit, size);
  }
  const end = (bit: number): number => ends.get(bit) ?? 0;
  return { size, tid: end(TID), time: end(TIME), id: end(IDENTIFIER) || end(ID), cpu: end(CPU) };
}

/** One event of the capture: an attr with the sample ids of its instances (one per CPU or thread). */
export interface PerfEvent {
  readonly attr: EventAttr;
  readonly ids: readonly bigint[];
  name: string;
}

/** Reads `count` ids at `at`. */
export function readIds(view: DataView, at: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => view.getBigUint64(at + i * 8, true));
}

/** A section descriptor: u64 offset, u64 size. */
export interface Section {
  readonly offset: number;
  readonly size: number;
}

export function readSection(view: DataView, at: number): Section {
  return { offset: size64(view, at), size: size64(view, at + 8) };
}
