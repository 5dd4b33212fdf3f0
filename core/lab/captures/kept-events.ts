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

/** What a batch adds to the events that the model reads. */
export interface PackedBatch {
  /** A bit per kind in it. */
  readonly kinds: number;
  /** This batch's events, with those of earlier ones, once they are enough. */
  readonly packed: PackedEvents | undefined;
  /** Of the trace so far; see `KvmTrace`. */
  readonly origin: bigint;
  readonly span: number;
}

/** Picks the events that the model reads out of a trace's batches, and packs them. */
export class EventPacker {
  readonly #reader: KvmEventReader;
  /** The latest events, after those packed. */
  readonly #open = new KvmEvents(3 * BLOCK);
  readonly #onBlock: ((events: KvmEvents) => void) | undefined;

  /** @param onBlock gets all of them, in order; lent until it returns. Without it, `PackedRuns` are shared memory, for whoever does that later. */
  constructor(dictionary: TraceDictionary, onBlock?: (events: KvmEvents) => void) {
    this.#reader = new KvmEventReader(dictionary, this.#open);
    this.#onBlock = onBlock;
  }

  /** Takes a batch; all batches of the trace, in order. */
  take(batch: TraceColumns): PackedBatch {
    const before = this.#open.n;
    this.#reader.take(batch);
    const { origin, span } = this.#open;
    const kinds = kindsOf(this.#open, before);
    return { kinds, packed: this.#open.n < BLOCK ? undefined : this.rest(), origin, span };
  }

  /** Those of the latest batches. */
  rest(): PackedEvents {
    const packed = packEvents(this.#open, !this.#onBlock);
    this.#onBlock?.(this.#open);
    this.#open.clear();
    return packed;
  }
}

export class KeptEvents implements KvmTrace {
  readonly #dictionary: TraceDictionary;
  readonly #again: Again;
  readonly #limit: number;
  #kept: PackedEvents[] | undefined = [];
  #bytes = 0;
  /** Most events packed together. */
  #most = 1024;
  #origin = 0n;
  #span = 0;
  /** A bit per kind: of all events, and of each batch. */
  #kinds = 0;
  readonly #batchKinds: number[] = [];

  /** @param limit bytes to keep */
  constructor(dictionary: TraceDictionary, again: Again, limit = KEPT_BYTES) {
    this.#dictionary = dictionary;
    this.#again = again;
    this.#limit = limit;
  }

  get origin(): bigint {
    return this.#origin;
  }

  get span(): number {
    return this.#span;
  }

  /** Adds a batch's events; those of all batches, in order, and then the packer's rest. */
  add({ kinds, packed, origin, span }: PackedBatch): void {
    this.#batchKinds.push(kinds);
    this.#kinds |= kinds;
    this.#origin = origin;
    this.#span = span;
    if (packed) this.keep(packed);
  }

  keep(packed: PackedEvents): void {
    if (!this.#kept) return releaseAll(packed);
    this.#bytes += packedBytes(packed);
    this.#kept.push(packed);
    this.#most = Math.max(this.#most, packed.n);
    if (this.#bytes <= this.#limit) return;
    this.#kept.forEach(releaseAll);
    this.#kept = undefined;
  }

  has(kind: number): boolean {
    return ((this.#kinds >> kind) & 1) === 1;
  }

  *blocks(holding?: number): Generator<KvmEvents> {
    if (holding !== undefined && !this.has(holding)) return;
    const block = new KvmEvents(this.#most);
    const wanted = (kinds: number) => holding === undefined || ((kinds >> holding) & 1) === 1;
    if (this.#kept) {
      for (const packed of this.#kept) {
        if (!wanted(packed.kinds)) continue;
        unpackEvents(packed, block);
        yield block;
      }
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

function releaseAll(packed: PackedEvents): void {
  for (const column of Object.values(packed)) if (ArrayBuffer.isView(column)) release(column);
}

/** A stored trace's chunks, which are its importer's batches. */
export function storedAgain(db: Db, capture: number): Again {
  return (wanted) => readTraceChunks(db, capture, new TraceColumns(), wanted);
}

/**
 * The events of a trace in the lab file.
 * @param options `limit`: bytes to keep; `onBlock`: see EventPacker
 */
export function storedEvents(
  db: Db,
  capture: CaptureRow,
  { limit, onBlock }: { readonly limit?: number; readonly onBlock?: (events: KvmEvents) => void } = {},
): KvmTrace {
  const { dictionary } = storedTrace(db, capture);
  const events = new KeptEvents(dictionary, storedAgain(db, capture.id), limit);
  const packer = new EventPacker(dictionary, onBlock);
  for (const batch of readTraceChunks(db, capture.id, new TraceColumns())) events.add(packer.take(batch));
  events.keep(packer.rest());
  return events;
}
