/** Has a trace's batches worked on, in another thread while this one reads on. */
import { availableParallelism } from 'node:os';
import type { TraceColumns, TraceDictionary } from '../../formats/event-format/columns.ts';
import { endThread, isThere, Patience, startThread, takeMessages, threadProgram } from './threads.ts';
import type { ImportThread } from './threads.ts';
import type { CountedLevels } from '../captures/event-levels.ts';
import { memoryOf, releaseColumns, takeOut } from './trace-batch.ts';
import { TraceWork } from './trace-work.ts';
import type { BatchMade, TraceRest } from './trace-work.ts';
import type { TraceMessage, TraceTask } from './trace-worker.ts';

/** Most batches in flight to the thread and back: bounds memory if it is slower. */
const MAX_ON_THE_WAY = 4;
/** From how many events on a thread saves more than it takes to start. */
const WORTH_EVENTS = 1_000_000;

export class TraceThread {
  readonly #dictionary: TraceDictionary;
  readonly #use: (made: BatchMade) => void;
  /** Instead of a thread. */
  readonly #here: TraceWork | undefined;
  /** Messages that the thread posted. */
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  readonly #patience = new Patience(this.#posted, 0);
  readonly #thread: readonly ImportThread[];
  #onTheWay = 0;
  #rest: TraceRest | undefined;
  #levels: CountedLevels | undefined;
  /** Descriptions that the thread has. */
  #told = 0;
  /** Memory of batches that are done. */
  readonly #free: TraceColumns[] = [];

  /**
   * @param events about how many there will be
   * @param use gets what was made of the batches, in their order
   */
  constructor(dictionary: TraceDictionary, events: number, use: (made: BatchMade) => void) {
    this.#dictionary = dictionary;
    this.#use = use;
    const program = threadProgram('trace-worker');
    const worth = events >= WORTH_EVENTS && availableParallelism() > 1 && isThere(program);
    this.#thread = worth ? [startThread(program, { posted: this.#posted })] : [];
    this.#here = worth ? undefined : new TraceWork(dictionary);
  }

  /** Takes the batch's memory, and leaves other in its place. */
  put(batch: TraceColumns): void {
    if (!batch.n) return;
    if (this.#here) return this.#use(this.#here.take(batch));
    while (this.#onTheWay >= MAX_ON_THE_WAY) this.#take();
    const taken = takeOut(batch, this.#free.pop());
    const { formats } = this.#dictionary;
    // Fields are decoded, nothing is printed.
    const more = formats.slice(this.#told).map((format) => ({ ...format, printFormat: '', text: '' }));
    this.#told = formats.length;
    this.#post({ kind: 'batch', batch: taken, formats: more }, memoryOf(taken));
    this.#onTheWay++;
  }

  /** Waits for everything in flight. */
  rest(): TraceRest {
    if (this.#here) return this.#here.rest();
    this.#post({ kind: 'end' });
    return this.#wait(() => this.#rest);
  }

  /** Levels of detail of all of it, after `rest`: waits for them, once. The thread, which counted them meanwhile, has ended then. */
  levels(): CountedLevels {
    return this.#here ? this.#here.levels() : this.#wait(() => this.#levels);
  }

  /** If it won't come to `levels`. */
  close(): void {
    this.#thread.forEach(endThread);
    this.#free.forEach(releaseColumns);
  }

  #wait<T>(ready: () => T | undefined): T {
    for (;;) {
      const made = ready();
      if (made) return made;
      this.#take();
    }
  }

  #post(task: TraceTask, given: readonly ArrayBuffer[] = []): void {
    for (const { port } of this.#thread) port.postMessage(task, [...given]);
  }

  #take(): void {
    const { seen } = this.#patience;
    const any = takeMessages<TraceMessage>(this.#thread, (message) => {
      switch (message.kind) {
        case 'failed':
          throw message.error;
        case 'batch':
          this.#onTheWay--;
          this.#free.push(message.batch);
          return this.#use(message.made);
        case 'end':
          this.#rest = message.rest;
          this.#free.splice(0).forEach(releaseColumns);
          return;
        case 'levels':
          this.#levels = message.levels;
      }
    });
    if (any) this.#patience.heard();
    else this.#patience.wait(seen);
  }
}
