/** SPE buffers with no perf.data around them: from a firmware test, a model, or another operating system. */
import { AuxBuffers } from '../perf-data/columns.ts';
import type { PerfData } from '../perf-data/perf-data.ts';
import { openPerfData } from '../perf-data/perf-data.ts';
import type { TimeConv } from '../perf-data/time-conv.ts';
import { InputError, Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { memorySource } from '../source.ts';

export interface RawSpe {
  /** The CPU that the buffer belongs to (0). */
  readonly cpu?: number;
  /** Converts timestamps to ns; without it times are unknown. */
  readonly timeConv?: TimeConv;
}

/** Bytes of a perf.data header: all that a file without records has. */
const HEADER_BYTES = 104;

/** A buffer in the shape of a perf.data that holds nothing else: one queue, no side band. Throws InputError for an empty file. */
export function openRawSpe(source: ByteSource, { cpu = 0, timeConv }: RawSpe): PerfData {
  if (source.size === 0) throw new InputError(source.name, 'is empty');
  const buffers = new AuxBuffers();
  buffers.add(0, source.size, 0);
  return { ...emptyPerfData(source.name), source, queues: [{ idx: 0, cpu, tid: -1, buffers }], timeConv };
}

function emptyPerfData(name: string): PerfData {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('PERFILE2'));
  view.setUint32(8, HEADER_BYTES, true);
  for (const sectionAt of [24, 40, 56]) view.setUint32(sectionAt, HEADER_BYTES, true);
  view.setUint32(16, 80, true);
  return openPerfData(memorySource(bytes, name), new Warnings());
}

/** What is known of such a file, for `umbra inspect` and the lab. */
export function rawSpeFacts(source: ByteSource, { cpu = 0, timeConv }: RawSpe) {
  return {
    format: 'raw SPE',
    spe: { mode: 'per-cpu' as const, queues: 1, auxBytes: source.size },
    cpuList: [cpu],
    ...(timeConv && {
      timeConv: { shift: String(timeConv.shift), mult: String(timeConv.mult), zero: String(timeConv.zero) },
    }),
  };
}
