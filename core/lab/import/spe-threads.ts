/** Decodes an SPE capture's queues in several threads, including this one, which writes what they post between its own chunks. */
import { availableParallelism } from 'node:os';
import type { PerfData } from '../../formats/perf-data/perf-data.ts';
import { Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import type { SpeChunk } from '../../store/spe-chunk.ts';
import type { FilePart } from '../file-source.ts';
import { endThread, isThere, Patience, startThread, takeMessages, threadProgram } from './threads.ts';
import { Control, nextLane } from './spe-control.ts';
import { LaneDecoder } from './spe-lane.ts';
import type { LaneEnd } from './spe-lane.ts';
import type { SpeMessage, SpeWork } from './spe-worker.ts';

/** Below this, starting threads costs more than they save, bytes of SPE data. */
const WORTH_BYTES = 48 << 20;
/** More don't help a single writer, and each holds some 20 MB. */
const MAX_THREADS = 6;

/** How many threads help this one; 0 if there is too little to do. */
export function speThreads(perf: PerfData): number {
  const worth = (perf.facts.spe?.auxBytes ?? 0) >= WORTH_BYTES;
  if (!worth || !isThere(threadProgram('spe-worker'))) return 0;
  return Math.max(0, Math.min(MAX_THREADS, availableParallelism() - 1, filled(perf) - 1));
}

/** Non-empty queues. */
function filled({ queues }: PerfData): number {
  return queues.filter(({ buffers }) => buffers.n > 0).length;
}

export interface DecodedLane {
  readonly end: LaneEnd;
  readonly warnings: readonly Warning[];
}

/**
 * Decodes all queues, with `threads` threads besides this one. `onChunk` gets each lane's chunks in order, lanes interleaved;
 * `meanwhile` is called while there is nothing to decode or write, until it has nothing left to do. If either throws, the threads
 * end. Returns the lanes in the order of `perf.queues`.
 */
export function decodeInThreads(
  perf: PerfData,
  parts: readonly FilePart[],
  threads: number,
  onChunk: (lane: number, chunk: SpeChunk) => void,
  meanwhile: () => boolean,
): DecodedLane[] {
  const { source, timeConv, starts, pids, maps, forks, execs } = perf;
  const auxRecords = shared(perf.auxRecords);
  const switches = shared(perf.switches);
  const queues = perf.queues.map((queue) => ({ ...queue, buffers: shared(queue.buffers) }));
  const control = new Int32Array(new SharedArrayBuffer(4 * (Control.ON_THE_WAY + threads)));
  const bytes = queues.map(({ buffers }) => buffers.size.subarray(0, buffers.n).reduce((sum, n) => sum + n, 0));
  const work: Omit<SpeWork, 'port' | 'slot'> = {
    name: source.name,
    parts,
    input: { timeConv, auxRecords, switches, starts, pids, maps, forks, execs },
    queues,
    lanes: queues.map((_, lane) => lane).sort((a, b) => bytes[b] - bytes[a] || a - b),
    control,
  };
  const program = threadProgram('spe-worker');
  const started = Array.from({ length: threads }, (_, slot) => startThread(program, { ...work, slot }));
  const decoded: DecodedLane[] = [];
  const patience = new Patience(control, Control.POSTED);
  let running = threads;
  const take = (message: SpeMessage, slot: number) => {
    switch (message.kind) {
      case 'chunk':
        onChunk(message.lane, message.chunk);
        Atomics.sub(control, Control.ON_THE_WAY + slot, 1);
        return Atomics.notify(control, Control.ON_THE_WAY + slot);
      case 'lane':
        return (decoded[message.lane] = { end: message.end, warnings: message.warnings });
      case 'done':
        return running--;
      case 'failed':
        throw message.error;
    }
  };
  try {
    const decoder = new LaneDecoder(perf);
    for (let i = nextLane(control); i < work.lanes.length; i = nextLane(control)) {
      const lane = work.lanes[i];
      const warnings = new Warnings();
      const end = decoder.decode(
        perf.queues[lane],
        (chunk) => {
          onChunk(lane, chunk);
          while (takeMessages(started, take));
        },
        warnings,
      );
      decoded[lane] = { end, warnings: warnings.list() };
    }
    patience.heard();
    while (running > 0) {
      const { seen } = patience;
      if (takeMessages(started, take)) patience.heard();
      else if (!meanwhile()) patience.wait(seen);
    }
  } finally {
    started.forEach(endThread);
  }
  return decoded;
}

/** Columns in shared memory: others would be copied for each thread, and captures hold millions of such records. */
function shared<T extends { readonly n: number }>(columns: T): T {
  const { n } = columns;
  const copies = Object.entries(columns).map(([name, column]: [string, unknown]) => {
    if (!ArrayBuffer.isView(column)) return [name, column];
    const own = column as Float64Array;
    const Column = own.constructor as Float64ArrayConstructor;
    const copy = new Column(new SharedArrayBuffer(n * own.BYTES_PER_ELEMENT));
    copy.set(own.subarray(0, n));
    return [name, copy];
  });
  return Object.fromEntries(copies) as T;
}
