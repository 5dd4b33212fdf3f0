/** The thread of a trace import: encodes the batches that it gets, one after another. See trace-encoder.ts. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { release } from '../../formats/memory.ts';
import { encodeTraceChunk } from '../../store/trace-store.ts';
import type { TraceBatch, TraceChunk } from '../../store/trace-store.ts';

export type TraceMessage =
  { readonly kind: 'chunk'; readonly chunk: TraceChunk } | { readonly kind: 'failed'; readonly error: unknown };

const { port, posted } = workerData as { port: MessagePort; posted: Int32Array<SharedArrayBuffer> };

port.on('message', (batch: TraceBatch) => {
  let message: TraceMessage;
  try {
    message = { kind: 'chunk', chunk: encodeTraceChunk(batch) };
    for (const column of Object.values(batch)) if (ArrayBuffer.isView(column)) release(column);
  } catch (error) {
    message = { kind: 'failed', error };
  }
  port.postMessage(message, message.kind === 'chunk' ? message.chunk.blobs.map((b) => b.buffer as ArrayBuffer) : []);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
});
