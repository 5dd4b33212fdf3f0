/** A thread of an SPE import: takes queues of the file one after another and posts their chunks. See spe-threads.ts. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { AuxQueue } from '../../formats/perf-data/columns.ts';
import { Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import type { SpeChunk } from '../../store/spe-chunk.ts';
import { fileSource } from '../file-source.ts';
import type { FilePart } from '../file-source.ts';
import { Control, nextLane } from './spe-control.ts';
import { LaneDecoder } from './spe-lane.ts';
import type { LaneEnd, LaneInput } from './spe-lane.ts';

/** A thread's start data. */
export interface SpeWork {
  readonly name: string;
  readonly parts: readonly FilePart[];
  readonly input: Omit<LaneInput, 'source'>;
  readonly queues: readonly AuxQueue[];
  /** Lanes in the order threads take them: largest first. */
  readonly lanes: readonly number[];
  readonly port: MessagePort;
  /** This thread's place among `control`'s counts of chunks in flight. */
  readonly slot: number;
  readonly control: Int32Array<SharedArrayBuffer>;
}

/** What it posts. */
export type SpeMessage =
  | { readonly kind: 'chunk'; readonly lane: number; readonly chunk: SpeChunk }
  | { readonly kind: 'lane'; readonly lane: number; readonly end: LaneEnd; readonly warnings: readonly Warning[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Most chunks in flight before a thread waits: bounds memory if the writer is slower. */
const MAX_ON_THE_WAY = 3;

function run(work: SpeWork): void {
  const { port, control, lanes } = work;
  const post = (message: SpeMessage, given: readonly ArrayBuffer[] = []) => {
    port.postMessage(message, [...given]);
    Atomics.add(control, Control.POSTED, 1);
    Atomics.notify(control, Control.POSTED);
  };
  try {
    const decoder = new LaneDecoder({ ...work.input, source: fileSource(work.name, work.parts) });
    for (let i = nextLane(control); i < lanes.length; i = nextLane(control)) {
      const lane = lanes[i];
      const warnings = new Warnings();
      const end = decoder.decode(
        work.queues[lane],
        (chunk) => {
          waitForRoom(control, Control.ON_THE_WAY + work.slot);
          // Each blob has its own memory, no longer needed here.
          const memory = chunk.columns.map(({ data }) => data.buffer as ArrayBuffer);
          post({ kind: 'chunk', lane, chunk }, memory);
        },
        warnings,
      );
      post({ kind: 'lane', lane, end, warnings: warnings.list() });
    }
    post({ kind: 'done' });
  } catch (error) {
    post({ kind: 'failed', error });
  }
}

function waitForRoom(control: Int32Array<SharedArrayBuffer>, word: number): void {
  for (let n = Atomics.load(control, word); n >= MAX_ON_THE_WAY; n = Atomics.load(control, word)) {
    Atomics.wait(control, word, n);
  }
  Atomics.add(control, word, 1);
}

run(workerData as SpeWork);
