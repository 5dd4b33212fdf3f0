/** SHA-256 of a capture; for a large one in its own thread, while this one reads through it. */
import { availableParallelism } from 'node:os';
import type { FileSource } from '../file-source.ts';
import { StepHash } from './step-hash.ts';
import type { HashMessage, SourceHash } from './step-hash.ts';
import { endThread, isThere, Patience, startThread, takeMessages, threadProgram } from './threads.ts';

/** Below this, starting a thread costs more than it saves, bytes. */
const WORTH_BYTES = 32 << 20;
/** The same if two cores are busy already: then a thread only spreads its cost. */
const WORTH_BYTES_OF_TWO = 256 << 20;

/**
 * @param threads whether decoding uses several threads, too
 * @param count gets the bytes that another thread read for it
 */
export function hashSource(source: FileSource, threads: boolean, count: (bytes: number) => void): SourceHash {
  const cores = availableParallelism();
  const worth = cores > 1 && source.size >= (threads && cores === 2 ? WORTH_BYTES_OF_TWO : WORTH_BYTES);
  return worth && isThere(threadProgram('hash-worker')) ? new ThreadHash(source, count) : new StepHash(source);
}

class ThreadHash implements SourceHash {
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  readonly #patience = new Patience(this.#posted, 0);
  readonly #thread;
  readonly #count: (bytes: number) => void;
  #digest: string | undefined;

  constructor({ name, parts }: FileSource, count: (bytes: number) => void) {
    this.#count = count;
    this.#thread = [startThread(threadProgram('hash-worker'), { name, parts, posted: this.#posted })];
  }

  step(): boolean {
    this.#take();
    return false;
  }

  digest(): string {
    while (this.#digest === undefined) {
      const { seen } = this.#patience;
      if (this.#take()) this.#patience.heard();
      else this.#patience.wait(seen);
    }
    return this.#digest;
  }

  close(): void {
    this.#thread.forEach(endThread);
  }

  #take(): boolean {
    return takeMessages<HashMessage>(this.#thread, (message) => {
      switch (message.kind) {
        case 'read':
          return this.#count(message.bytes);
        case 'digest':
          return (this.#digest = message.hex);
        case 'failed':
          throw message.error;
      }
    });
  }
}
