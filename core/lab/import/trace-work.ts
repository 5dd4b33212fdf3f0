/** What becomes of a trace's batches once they are read: chunks for the lab file, events for the model, levels for the timeline. */
import type { TraceColumns, TraceDictionary } from '../../formats/event-format/columns.ts';
import type { PackedEvents } from '../../model/kvm-pack.ts';
import { encodeTraceChunk } from '../../store/trace-store.ts';
import type { TraceChunk } from '../../store/trace-store.ts';
import { EventLevels } from '../captures/event-levels.ts';
import type { CountedLevels } from '../captures/event-levels.ts';
import { EventPacker } from '../captures/kept-events.ts';
import type { PackedBatch } from '../captures/kept-events.ts';

export interface BatchMade {
  readonly chunk: TraceChunk;
  readonly events: PackedBatch;
}

/** What is left after the last batch. */
export interface TraceMade {
  readonly events: PackedEvents;
  readonly levels: CountedLevels;
}

/** In the thread that reads, or in one of its own. */
export class TraceWork {
  readonly #levels = new EventLevels();
  readonly #packer: EventPacker;

  /** @param dictionary may grow between batches */
  constructor(dictionary: TraceDictionary) {
    this.#packer = new EventPacker(dictionary, (events) => this.#levels.take(events));
  }

  /** @param batch 1 event or more; all of a trace, in order */
  take(batch: TraceColumns): BatchMade {
    return { chunk: encodeTraceChunk(batch), events: this.#packer.take(batch) };
  }

  finish(): TraceMade {
    return { events: this.#packer.rest(), levels: this.#levels.finish() };
  }
}
