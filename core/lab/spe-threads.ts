/**
 * Decodes an SPE capture's queues in several threads, while this one writes. Synchronous: an import is one transaction on one
 * connection, and its caller may be a worker itself, so this thread waits on shared memory and takes messages by hand.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { PerfData } from '../formats/perf-data/perf-data.ts';
import type { Warning } from '../formats/problems.ts';
import type { SpeChunk } from '../store/spe-store.ts';
import type { FilePart } from './file-source.ts';
import type { LaneEnd } from './spe-lane.ts';
import { Control } from './spe-control.ts';
import type { SpeMessage, SpeWork } from './spe-worker.ts';

/** Below that, starting threads costs more than they save, bytes of SPE data. */
const WORTH_BYTES = 8 << 20;
/** More don't help one writer, and each holds some 20 MB. */
const MAX_THREADS = 6;
/** A thread that was not heard of for that long is gone (out of memory, say): its end can't be seen while this one waits. */
const SILENCE_MS = 120_000;
const PAUSE_MS = 1000;
const YOUNG_MB = 6;

const program = new URL('./spe-worker.ts', import.meta.url);

/** How many threads help; 0: none does, since there is too little to do. */
export function speThreads(perf: PerfData): number {
  const worth = (perf.facts.spe?.auxBytes ?? 0) >= WORTH_BYTES;
  // A bundle of the program has no such file.
  if (!worth || !existsSync(fileURLToPath(program))) return 0;
  return Math.min(MAX_THREADS, availableParallelism(), perf.queues.length);
}

export interface DecodedLane {
  readonly end: LaneEnd;
  readonly warnings: readonly Warning[];
}

/**
 * Decodes all queues with `threads` threads. `onChunk` gets each lane's chunks in order, lanes mixed; `meanwhile` is called
 * while there is nothing to write, until it says that it has nothing to do. What either throws ends the threads.
 * Returns the lanes in the order of `perf.queues`.
 */
export function decodeInThreads(
  perf: PerfData,
  parts: readonly FilePart[],
  threads: number,
  onChunk: (lane: number, chunk: SpeChunk) => void,
  meanwhile: () => boolean,
): DecodedLane[] {
  const { source, queues, timeConv, auxRecords, switches, starts, pids, maps, forks, execs } = perf;
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
  const started = Array.from({ length: threads }, (_, slot) => start(work, slot));
  const decoded: DecodedLane[] = [];
  try {
    for (let running = threads, heard = performance.now(); running > 0;) {
      const posted = Atomics.load(control, Control.POSTED);
      let idle = true;
      started.forEach(({ port }, slot) => {
        const message = receiveMessageOnPort(port)?.message as SpeMessage | undefined;
        if (!message) return;
        idle = false;
        heard = performance.now();
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
      });
      if (!idle || meanwhile()) continue;
      if (performance.now() - heard > SILENCE_MS) throw new Error('a thread of the import ended without a word');
      Atomics.wait(control, Control.POSTED, posted, PAUSE_MS);
    }
  } finally {
    for (const { worker, port } of started) {
      port.close();
      void worker.terminate();
    }
  }
  return decoded;
}

function start(work: Omit<SpeWork, 'port' | 'slot'>, slot: number) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { ...work, port: port2, slot } satisfies SpeWork,
    transferList: [port2],
    // No options of the parent's: a profiler, a debugger or a test runner's loader has no business there.
    execArgv: [],
    // Columns live outside of the heap; garbage is collected before it piles up beside them.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  worker.unref();
  return { worker, port: port1 };
}
