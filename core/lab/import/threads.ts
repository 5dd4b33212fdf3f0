/**
 * Threads of an import. An import is synchronous: one transaction on one connection, and its caller may be a worker itself. So it
 * waits on shared memory and takes messages by hand.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** A thread silent for this long is gone (out of memory, say): its exit can't be seen while this one waits. */
const SILENCE_MS = 120_000;
const PAUSE_MS = 1000;
const YOUNG_MB = 6;

/** A thread's program: a source file beside this one, or its own bundle beside this one's. */
export function threadProgram(name: 'spe-worker' | 'trace-worker' | 'hash-worker' | 'unpack-worker'): URL {
  const folder = name === 'unpack-worker' ? 'packed/' : '';
  return new URL(import.meta.url.endsWith('.ts') ? `./${folder}${name}.ts` : `./${name}.js`, import.meta.url);
}

export function isThere(program: URL): boolean {
  return existsSync(fileURLToPath(program));
}

/** A thread and this end of its port; the program finds the other one in its `workerData`, as `port`. */
export interface ImportThread {
  readonly port: MessagePort;
  readonly worker: Worker;
}

export function startThread(program: URL, data: object): ImportThread {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { ...data, port: port2 },
    transferList: [port2],
    // None of the parent's options: a profiler, a debugger or a test runner's loader has no business there.
    execArgv: [],
    // Columns live outside the heap; collect garbage before it piles up beside them.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  worker.unref();
  return { port: port1, worker };
}

export function endThread({ port, worker }: ImportThread): void {
  port.close();
  void worker.terminate();
}

/** Takes one message from each thread that has one. Returns whether any had. */
export function takeMessages<T>(threads: readonly ImportThread[], take: (message: T, thread: number) => void): boolean {
  let any = false;
  threads.forEach(({ port }, i) => {
    const received = receiveMessageOnPort(port);
    if (!received) return;
    any = true;
    take(received.message, i);
  });
  return any;
}

/** Waits for threads that count the messages they post in a word of shared memory. */
export class Patience {
  readonly #posted: Int32Array<SharedArrayBuffer>;
  readonly #word: number;
  #heard = performance.now();

  constructor(posted: Int32Array<SharedArrayBuffer>, word: number) {
    this.#posted = posted;
    this.#word = word;
  }

  /** Read it before taking messages: anything posted from then on ends `wait`. */
  get seen(): number {
    return Atomics.load(this.#posted, this.#word);
  }

  /** A message arrived. */
  heard(): void {
    this.#heard = performance.now();
  }

  /** Waits until more than `seen` messages were posted. Throws after too long a silence. */
  wait(seen: number): void {
    if (performance.now() - this.#heard > SILENCE_MS) throw new Error('a thread of the import ended without a word');
    Atomics.wait(this.#posted, this.#word, seen, PAUSE_MS);
  }
}
