/** SHA-256 of a capture; of a large one in a thread of its own, while this one looks through it. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { ByteSource } from '../../formats/source.ts';
import type { FileSource } from '../file-source.ts';
import type { HashMessage } from './hash-worker.ts';
import { endThread, isThere, Patience, startThread, takeMessages, threadProgram } from './threads.ts';

/** Below that, starting a thread costs more than it saves, bytes. */
const WORTH_BYTES = 32 << 20;
/** Bytes of a step. */
export const HASH_STEP = 1 << 20;

export interface SourceHash {
  /** Does a part of the work; returns whether there is more to do here. */
  step(): boolean;
  /** Does or awaits what is left; hex. */
  digest(): string;
  /** To be called in any case. */
  close(): void;
}

/** @param count gets the bytes that were read for it in another thread */
export function hashSource(source: FileSource, count: (bytes: number) => void): SourceHash {
  const worth = source.size >= WORTH_BYTES && availableParallelism() > 1;
  return worth && isThere(threadProgram('hash-worker')) ? new ThreadHash(source, count) : new StepHash(source);
}

/** A step at a time, in bounded memory. */
export class StepHash implements SourceHash {
  readonly #source: ByteSource;
  readonly #hash = createHash('sha256');
  #at = 0;
  #digest: string | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  step(): boolean {
    const { size } = this.#source;
    if (this.#at < size) this.#hash.update(this.#source.read(this.#at, HASH_STEP));
    this.#at += HASH_STEP;
    return this.#at < size;
  }

  digest(): string {
    while (this.#at < this.#source.size) this.step();
    return (this.#digest ??= this.#hash.digest('hex'));
  }

  close(): void {
    // Nothing is held.
  }
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
