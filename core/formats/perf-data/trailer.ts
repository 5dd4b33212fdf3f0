import { type PerfEvent, sampleIdLayout, type SampleIdLayout } from './attr.ts';
import type { RecordCursor } from './record.ts';
import { RecordType } from './types.ts';

const NO_TRAILER: SampleIdLayout = { size: 0, tid: 0, time: 0, id: 0, cpu: 0 };

/** The sample_id trailer of the record at hand: who, when and where. Samples and perf's own records (from 64 on) have none. */
export class Trailer {
  /** ns; 0: unknown. */
  t = 0n;
  /** -1: unknown. */
  cpu = -1;
  pid = -1;
  tid = -1;
  id = 0n;
  readonly #byId = new Map<bigint, { readonly event: PerfEvent; readonly layout: SampleIdLayout }>();
  #layout = NO_TRAILER;
  /** All events have the same trailer: no look-up by id. */
  #uniform = true;

  constructor(events: readonly PerfEvent[]) {
    for (const event of events) this.learn(event);
  }

  /** Bytes it takes at a record's end. */
  get size(): number {
    return this.#layout.size;
  }

  /** An event that may write records from now on. */
  learn(event: PerfEvent): void {
    const layout = sampleIdLayout(event.attr);
    if (this.#layout === NO_TRAILER) this.#layout = layout;
    const { size, tid, time, id, cpu } = this.#layout;
    this.#uniform &&=
      layout.size === size && layout.tid === tid && layout.time === time && layout.id === id && layout.cpu === cpu;
    for (const value of event.ids) this.#byId.set(value, { event, layout });
  }

  /** The event that a sample id belongs to. */
  eventOf(id: bigint): PerfEvent | undefined {
    return this.#byId.get(id)?.event;
  }

  read(r: RecordCursor): void {
    this.t = 0n;
    this.cpu = this.pid = this.tid = -1;
    this.id = 0n;
    if (r.type >= 64 || r.type === RecordType.SAMPLE) return;
    const end = r.at + r.size;
    let layout = this.#layout;
    // The id's place counts from the record's end, so it is the same in all events of a file that perf can read itself.
    if (layout.id && r.size >= 8 + layout.id) this.id = r.view.getBigUint64(end - layout.id, true);
    if (!this.#uniform) layout = this.#byId.get(this.id)?.layout ?? layout;
    if (r.size < 8 + layout.size) return;
    if (layout.time) this.t = r.view.getBigUint64(end - layout.time, true);
    if (layout.cpu) this.cpu = r.view.getInt32(end - layout.cpu, true);
    if (layout.tid) {
      this.pid = r.view.getInt32(end - layout.tid, true);
      this.tid = r.view.getInt32(end - layout.tid + 4, true);
    }
  }
}
