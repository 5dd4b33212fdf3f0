/** What becomes of a trace's batches once they are read: chunks for the lab file, events for the model, levels for the timeline. */
import type { TraceColumns, TraceDictionary } from '../../formats/event-format/columns.ts';
import { unpackTimes } from '../../model/kvm-pack.ts';
import type { PackedEvents, PackedRuns } from '../../model/kvm-pack.ts';
import { encodeTraceChunk } from '../../store/trace-store.ts';
import type { TraceChunk } from '../../store/trace-store.ts';
import { EventLevels } from '../captures/event-levels.ts';
import type { CountedLevels } from '../captures/event-levels.ts';
import { EventPacker } from '../captures/kept-events.ts';
import type { PackedBatch } from '../captures/kept-events.ts';
import { TraceCounter } from './trace-counts.ts';
import type { TraceCounts } from './trace-counts.ts';

export interface BatchMade {
  readonly chunk: TraceChunk;
  readonly events: PackedBatch;
}

/** What the last batch leaves. */
export interface TraceRest {
  /** Those that no batch gave back yet. */
  readonly events: PackedEvents;
  /** Of all batches. */
  readonly counts: TraceCounts;
}

/** In the thread that reads, or in one of its own. */
export class TraceWork {
  readonly #levels = new EventLevels();
  readonly #packer: EventPacker;
  readonly #counter = new TraceCounter();
  readonly #later: number;
  /** Those that no level counts yet, in order, and how many events they are. */
  readonly #uncounted: PackedRuns[] = [];
  #events = 0;
  #origin = 0n;
  #t = new Float64Array(0);

  /**
   * @param dictionary may grow between batches
   * @param later events whose levels may be counted when all is read: a thread of its own has nothing else to do then
   */
  constructor(dictionary: TraceDictionary, later = 0) {
    this.#later = later;
    this.#packer = new EventPacker(dictionary, later ? undefined : (events) => this.#levels.take(events));
  }

  /** @param batch 1 event or more; all of a trace, in order */
  take(batch: TraceColumns): BatchMade {
    this.#counter.take(batch);
    const chunk = encodeTraceChunk(batch);
    const events = this.#packer.take(batch);
    this.#origin = events.origin;
    if (events.packed) this.#add(events.packed);
    return { chunk, events };
  }

  rest(): TraceRest {
    const events = this.#packer.rest();
    this.#add(events);
    return { events, counts: this.#counter.counts() };
  }

  /** Of all of them. */
  levels(): CountedLevels {
    this.#countDownTo(0);
    return this.#levels.finish();
  }

  #add({ n, step, long, tid, cpu, kind }: PackedEvents): void {
    if (!this.#later) return;
    // What isn't shared is given away.
    this.#uncounted.push({ n, step, long: long.slice(), tid, cpu, kind });
    this.#events += n;
    this.#countDownTo(this.#later);
  }

  #countDownTo(events: number): void {
    while (this.#events > events) {
      const next = this.#uncounted.shift()!;
      const { n, tid, cpu, kind } = next;
      this.#events -= n;
      if (this.#t.length < n) this.#t = new Float64Array(n);
      unpackTimes(next, this.#t);
      this.#levels.take({ origin: this.#origin, n, t: this.#t, tid, cpu, kind });
    }
  }
}
