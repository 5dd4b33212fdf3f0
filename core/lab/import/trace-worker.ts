/** The thread of a trace import: does a TraceWork's work on the batches that it gets, one after another. See trace-thread.ts. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { TraceColumns, TraceDictionary } from '../../formats/event-format/columns.ts';
import type { EventFormat } from '../../formats/event-format/format.ts';
import { memoryOf } from './trace-batch.ts';
import type { CountedLevels } from '../captures/event-levels.ts';
import { TraceWork } from './trace-work.ts';
import type { BatchMade, TraceRest } from './trace-work.ts';

/** `formats`: those that the dictionary got since the batch before. */
export type TraceTask =
  | { readonly kind: 'batch'; readonly batch: TraceColumns; readonly formats: readonly EventFormat[] }
  | { readonly kind: 'end' };

/** `batch`: the memory of the one that was given, to be used again. */
export type TraceMessage =
  | { readonly kind: 'batch'; readonly made: BatchMade; readonly batch: TraceColumns }
  | { readonly kind: 'end'; readonly rest: TraceRest }
  | { readonly kind: 'levels'; readonly levels: CountedLevels }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Events whose levels are counted when all is read, 6 bytes each. */
const UNCOUNTED = 8_000_000;

const { port, posted } = workerData as { port: MessagePort; posted: Int32Array<SharedArrayBuffer> };
const dictionary: TraceDictionary = { formats: [], comms: [] };
const work = new TraceWork(dictionary, UNCOUNTED);

port.on('message', (task: TraceTask) => {
  try {
    if (task.kind === 'end') {
      const rest = work.rest();
      post({ kind: 'end', rest }, memoryOf(rest.events));
      post({ kind: 'levels', levels: work.levels() });
      return port.close();
    }
    const { batch, formats } = task;
    dictionary.formats.push(...formats);
    const made = work.take(batch);
    const { chunk, events } = made;
    const given = [...chunk.blobs.map((b) => b.buffer as ArrayBuffer), ...memoryOf(batch)];
    post({ kind: 'batch', made, batch }, events.packed ? [...given, ...memoryOf(events.packed)] : given);
  } catch (error) {
    post({ kind: 'failed', error });
    port.close();
  }
});

function post(message: TraceMessage, given: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, [...given]);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
}
