/** Threads of a trace by their ids: asked for each of millions of events, mostly for the same few. */

/** Places for the latest ones. */
const LATEST = 256;

export class ByTid<T extends { readonly tid: number }> {
  readonly #all = new Map<number, T>();
  /** Those found last, by their ids' lowest bits: a Map takes five times as long. */
  readonly #latest: (T | undefined)[] = new Array<undefined>(LATEST).fill(undefined);

  get(tid: number): T | undefined {
    const latest = this.#latest[tid & (LATEST - 1)];
    if (latest !== undefined && latest.tid === tid) return latest;
    const found = this.#all.get(tid);
    if (found) this.#latest[tid & (LATEST - 1)] = found;
    return found;
  }

  /** Adds one, or takes the place of that with its id. Returns it. */
  add(thread: T): T {
    this.#all.set(thread.tid, thread);
    this.#latest[thread.tid & (LATEST - 1)] = thread;
    return thread;
  }
}
