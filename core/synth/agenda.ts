const ACTIONS_PER_CALL = 1 << 14;

/** Scheduled actions in time order; at equal times in the order of scheduling. */
export class Agenda {
  readonly #heap: { readonly t: number; readonly order: number; readonly run: (t: number) => void }[] = [];
  #asked = 0;

  at(t: number, run: (t: number) => void): void {
    const heap = this.#heap;
    const item = { t, order: this.#asked++, run };
    let i = heap.length;
    heap.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (earlier(heap[parent], item)) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = item;
  }

  /**
   * Runs everything before `end`; actions may schedule more.
   * @param onTime called now and then with the time; what it throws ends the run
   */
  run(end: number, onTime: (t: number) => void = () => undefined): void {
    for (let n = 0; this.#heap.length && this.#heap[0].t < end; n++) {
      const { t, run } = this.#take();
      run(t);
      if (n % ACTIONS_PER_CALL === 0) onTime(t);
    }
  }

  #take(): { readonly t: number; readonly run: (t: number) => void } {
    const heap = this.#heap;
    const first = heap[0];
    const item = heap.pop()!;
    if (!heap.length) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1], heap[child])) child++;
      if (earlier(item, heap[child])) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = item;
    return first;
  }
}

interface Item {
  readonly t: number;
  readonly order: number;
}

const earlier = (a: Item, b: Item): boolean => a.t < b.t || (a.t === b.t && a.order < b.order);
