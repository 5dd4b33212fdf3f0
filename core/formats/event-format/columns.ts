/**
 * Trace events as columns, whatever file they came from. The payload stays as recorded (with its common header), to be decoded by the
 * event's own format description: nothing is lost at import, and only what is asked for is decoded.
 */
import type { EventFormat } from './format.ts';

/** What all batches of one capture share. Grows while the capture is read; indexes stay valid. */
export interface TraceDictionary {
  /** Event descriptions; for text captures without descriptions `fields` is empty and payloads are UTF-8 text. */
  readonly formats: EventFormat[];
  /** Thread names. */
  readonly comms: string[];
}

/** Events a batch holds by default, and a chunk of the lab file at most. */
const BATCH = 65536;

/** Whoever gets a batch may keep its memory, and put other into its place. */
export class TraceColumns {
  readonly capacity: number;
  n = 0;
  /** ns, the trace's clock. */
  t: BigUint64Array;
  cpu: Uint16Array;
  /** The kernel's pid of the thread (a tid to user space). */
  tid: Int32Array;
  /** Index into `comms`. */
  comm: Uint32Array;
  /** Index into `formats`. */
  event: Uint16Array;
  /** Ring buffer it came from: index into the file's `facts.buffers`; 0 is the top one. */
  buffer: Uint8Array;
  /** Events that this CPU's ring buffer lost just before this one; 0xffffffff: some, count unknown. */
  lostBefore: Uint32Array;
  /** Payload i is `payload[start[i], start[i + 1])`. */
  start: Uint32Array;
  /** Grows as needed; the decoder replaces it. */
  payload: Uint8Array;

  constructor(capacity = BATCH) {
    this.capacity = capacity;
    this.t = new BigUint64Array(capacity);
    this.cpu = new Uint16Array(capacity);
    this.tid = new Int32Array(capacity);
    this.comm = new Uint32Array(capacity);
    this.event = new Uint16Array(capacity);
    this.buffer = new Uint8Array(capacity);
    this.lostBefore = new Uint32Array(capacity);
    this.start = new Uint32Array(capacity + 1);
    this.payload = new Uint8Array(capacity * 64);
  }
}
