/** The thread of a trace import: encodes the batches that it gets, one after another. See trace-encoder.ts. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { encodeTraceChunk } from '../../store/trace-store.ts';
import type { TraceBatch, TraceChunk } from '../../store/trace-store.ts';
import { memoryOf } from './trace-batch.ts';

/** `batch`: the memory of the one that was encoded, to be used again. */
export type TraceMessage =
  | { readonly kind: 'chunk'; readonly chunk: TraceChunk; readonly batch: TraceBatch }
  | { readonly kind: 'failed'; readonly error: unknown };

const { port, posted } = workerData as { port: MessagePort; posted: Int32Array<SharedArrayBuffer> };

port.on('message', (batch: TraceBatch) => {
  try {
    const chunk = encodeTraceChunk(batch);
    post({ kind: 'chunk', chunk, batch }, [...chunk.blobs.map((b) => b.buffer as ArrayBuffer), ...memoryOf(batch)]);
  } catch (error) {
    post({ kind: 'failed', error });
  }
});

function post(message: TraceMessage, given: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, [...given]);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
}
