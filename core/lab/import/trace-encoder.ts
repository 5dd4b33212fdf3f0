/** Encodes a trace's batches, in another thread while this one reads on. */
import { availableParallelism } from 'node:os';
import type { TraceColumns } from '../../formats/event-format/columns.ts';
import { encodeTraceChunk } from '../../store/trace-store.ts';
import type { TraceBatch, TraceChunk } from '../../store/trace-store.ts';
import { endThread, isThere, Patience, startThread, takeMessages, threadProgram } from './threads.ts';
import type { ImportThread } from './threads.ts';
import { copyInto, memoryOf } from './trace-batch.ts';
import type { TraceMessage } from './trace-worker.ts';

/** Most batches in flight to the thread and back: bounds memory if it is slower. */
const MAX_ON_THE_WAY = 3;

export class TraceEncoder {
  readonly #write: (chunk: TraceChunk) => void;
  /** Messages that the thread posted. */
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  readonly #patience = new Patience(this.#posted, 0);
  #thread: readonly ImportThread[] = [];
  #onTheWay = 0;
  /** Memory of batches that are done. */
  readonly #free: TraceBatch[] = [];

  /** @param write gets the chunks in the order of their batches */
  constructor(write: (chunk: TraceChunk) => void) {
    this.#write = write;
  }

  put(batch: TraceColumns): void {
    const { n } = batch;
    if (!n) return;
    // A trace of one batch is done before a thread has started.
    if (!this.#thread.length && (n < batch.capacity || !this.#start())) return this.#write(encodeTraceChunk(batch));
    while (this.#onTheWay >= MAX_ON_THE_WAY) this.#take();
    const copy = copyInto(this.#free.pop(), batch);
    this.#thread[0].port.postMessage(copy, memoryOf(copy));
    this.#onTheWay++;
  }

  /** Waits for everything in flight. */
  finish(): void {
    while (this.#onTheWay) this.#take();
  }

  close(): void {
    this.#thread.forEach(endThread);
  }

  #start(): boolean {
    const program = threadProgram('trace-worker');
    if (availableParallelism() < 2 || !isThere(program)) return false;
    this.#thread = [startThread(program, { posted: this.#posted })];
    return true;
  }

  #take(): void {
    const { seen } = this.#patience;
    const any = takeMessages<TraceMessage>(this.#thread, (message) => {
      if (message.kind === 'failed') throw message.error;
      this.#onTheWay--;
      this.#free.push(message.batch);
      this.#write(message.chunk);
    });
    if (any) this.#patience.heard();
    else this.#patience.wait(seen);
  }
}
