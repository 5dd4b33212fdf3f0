/**
 * A trace's events for the model in bounded memory: packed if they are few enough, else read again from the lab file each time.
 * Stage 2 is reconstructed from all of them, and long traces hold hundreds of millions.
 */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import type { TraceDictionary } from '../../formats/event-format/columns.ts';
import { release } from '../../formats/memory.ts';
import { KvmEvents } from '../../model/kvm-events.ts';
import type { KvmTrace } from '../../model/kvm-events.ts';
import { kindsOf, packedBytes, packEvents, unpackEvents } from '../../model/kvm-pack.ts';
import type { PackedEvents } from '../../model/kvm-pack.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readTraceChunks } from '../../store/trace-store.ts';
import { KvmEventReader } from './decode-kvm.ts';
import { storedTrace } from './stored-trace.ts';

/** Most bytes kept of one trace: some 12 million events. */
const KEPT_BYTES = 96 << 20;
/** Events packed together. */
const BLOCK = 65536;

/** The batches taken, once more: those whose index `wanted` accepts. */
type Again = (wanted: (place: number) => boolean) => Iterable<TraceColumns>;

export class KeptEvents implements KvmTrace {
  readonly #dictionary: TraceDictionary;
  readonly #again: Again;
  readonly #limit: number;
  readonly #reader: KvmEventReader;
  /** The latest events, after those kept. */
  readonly #open = new KvmEvents();
  #kept: PackedEvents[] | undefined = [];
  #bytes = 0;
  /** A bit per kind: of all events but the open ones, and of each batch. */
  #kinds = 0;
  readonly #batchKinds: number[] = [];

  /** @param limit bytes to keep */
  constructor(dictionary: TraceDictionary, again: Again, limit = KEPT_BYTES) {
    this.#dictionary = dictionary;
    this.#again = again;
    this.#limit = limit;
    this.#reader = new KvmEventReader(dictionary, this.#open);
  }

  get origin(): bigint {
    return this.#open.origin;
  }

  get span(): number {
    return this.#open.span;
  }

  /** Takes the events of a batch; all batches of the trace, in order. */
  take(batch: TraceColumns): void {
    const before = this.#open.n;
    this.#reader.take(batch);
    this.#batchKinds.push(kindsOf(this.#open, before));
    if (this.#open.n < BLOCK) return;
    this.#kinds |= kindsOf(this.#open);
    if (this.#kept) {
      const packed = packEvents(this.#open);
      this.#bytes += packedBytes(packed);
      this.#kept.push(packed);
      if (this.#bytes > this.#limit) this.#drop();
    }
    this.#open.clear();
  }

  #drop(): void {
    for (const packed of this.#kept ?? []) {
      for (const column of Object.values(packed)) if (ArrayBuffer.isView(column)) release(column);
    }
    this.#kept = undefined;
  }

  has(kind: number): boolean {
    return ((this.#kinds >> kind) & 1) === 1 || this.#open.has(kind);
  }

  *blocks(holding?: number): Generator<KvmEvents> {
    if (holding !== undefined && !this.has(holding)) return;
    const block = new KvmEvents();
    const wanted = (kinds: number) => holding === undefined || ((kinds >> holding) & 1) === 1;
    if (this.#kept) {
      for (const packed of this.#kept) {
        if (!wanted(packed.kinds)) continue;
        unpackEvents(packed, block);
        yield block;
      }
      if (wanted(kindsOf(this.#open))) yield this.#open;
      return;
    }
    const reader = new KvmEventReader(this.#dictionary, block, this.origin);
    for (const batch of this.#again((place) => wanted(this.#batchKinds[place]))) {
      block.clear();
      reader.take(batch);
      yield block;
    }
  }
}

/** A stored trace's chunks, which are its importer's batches. */
export function storedAgain(db: Db, capture: number): Again {
  return (wanted) => readTraceChunks(db, capture, new TraceColumns(), wanted);
}

/** The events of a trace in the lab file. */
export function storedEvents(db: Db, capture: CaptureRow): KvmTrace {
  const { dictionary } = storedTrace(db, capture);
  const events = new KeptEvents(dictionary, storedAgain(db, capture.id));
  for (const batch of readTraceChunks(db, capture.id, new TraceColumns())) events.take(batch);
  return events;
}
