import type { AuxQueue } from '../perf-data/columns.ts';
import type { PerfData } from '../perf-data/perf-data.ts';
import type { Warnings } from '../problems.ts';
import { Extra, halves, Has } from './columns.ts';
import { Field, fieldExtra, fieldOf, fieldPresence, FieldReader } from './fields.ts';
import { besideEl2, Layouts, Trail } from './layouts.ts';
import { alignmentSkip, extendedKinds, Kind, kinds, PACKET_BYTES, payloadBytes } from './packets.ts';
import type { DecodedColumns } from './record-memory.ts';
import { type Segment, segments } from './segments.ts';
import { Skipped } from './skipped.ts';
import { Threads } from './threads.ts';

/** What decoding a queue needs of a file: plain data except for the source, so that another thread can do it. */
export type SpeInput = Pick<PerfData, 'source' | 'timeConv' | 'auxRecords' | 'switches' | 'starts' | 'pids'>;

/**
 * Decodes one AUX queue into `columns`, in the order of the stream. Each time they are full, and once at the end if
 * they hold anything, `onBatch` gets them: it copies what it keeps (or stores it), then they are refilled. It must
 * not read the source: the decoder is in the middle of a chunk. Queues are independent.
 *
 * Everything up to and including a TIMESTAMP or END packet is one record. Bytes that aren't packets are skipped one by one and counted
 * (`spe-bad-packet`); records cut by the hardware (AUX flag PARTIAL) or by a hole in the stream are dropped and counted (`spe-cut-record`).
 * perf 7.2 differs there: it runs a cut record into the next one, and makes a sample of each bad byte.
 */
export function decodeSpe(
  perf: SpeInput,
  queue: AuxQueue,
  columns: DecodedColumns,
  onBatch: (columns: DecodedColumns) => void,
  warnings: Warnings,
): void {
  const decoder = new QueueDecoder(perf, queue, columns, onBatch);
  for (const segment of segments(queue, perf.auxRecords)) {
    if (segment.unclaimed) {
      const message = 'SPE data that no AUX record mentions (it got lost): decoded all the same';
      warnings.add('info', 'spe-unclaimed', message, { offset: segment.fileOffset, bytes: segment.length });
    }
    decoder.segment(segment);
  }
  decoder.finish(warnings);
}

class QueueDecoder {
  readonly #perf: SpeInput;
  readonly #columns: DecodedColumns;
  readonly #onBatch: (columns: DecodedColumns) => void;
  readonly #times: Uint32Array;
  readonly #fields: FieldReader;
  readonly #layouts: Layouts;
  readonly #trail = new Trail();
  readonly #threads: Threads;
  /** What TIMESTAMP sets in `present` besides its own bit. */
  readonly #timed: number;

  /** Bits of `Has` and of `Extra` of the record being put together, in row `columns.n`. */
  #present = 0;
  #extra = 0;
  /** Only padding since the last record ended. */
  #between = true;
  /** AUX offset where the record being put together started; while `between`, where the last one did. */
  #start = 0;
  /** Row `columns.n - 1` reaches to wherever the next record starts. */
  #sizeOpen = false;
  /** One past the last byte decoded: in the AUX stream, and in the file. */
  #done = -1;
  #fileDone = 0;
  /** Rows complete but for what comes from other records: the thread. */
  #settled = 0;

  readonly #bad = new Skipped();
  readonly #cut = new Skipped();

  constructor(perf: SpeInput, queue: AuxQueue, columns: DecodedColumns, onBatch: (columns: DecodedColumns) => void) {
    this.#perf = perf;
    this.#columns = columns;
    this.#onBatch = onBatch;
    this.#times = halves(columns.t);
    this.#fields = new FieldReader(columns, perf.timeConv);
    this.#layouts = new Layouts(columns);
    this.#timed = perf.timeConv ? Has.TIME : 0;
    this.#threads = new Threads(perf, queue);
    columns.n = 0;
    columns.cpu.fill(queue.cpu);
  }

  segment({ fileOffset, auxOffset, length, cut }: Segment): void {
    if (auxOffset !== this.#done) this.#breakOff();
    const { bytes, chunk, chunkBytes } = this.#columns;
    for (let from = 0; from < length;) {
      const room = bytes.subarray(chunk, chunk + Math.min(chunkBytes, length - from));
      const data = this.#perf.source.read(fileOffset + from, room.length, room);
      if (data.buffer !== bytes.buffer) bytes.set(data, chunk);
      const last = from + data.length >= length;
      const used = this.#decode(data.length, { last, cut, aux: auxOffset + from, file: fileOffset + from });
      if (used === 0) break; // the source ends earlier than it said
      from += used;
    }
    this.#done = auxOffset + length;
    this.#fileDone = fileOffset + length;
    if (this.#between && this.#sizeOpen) this.#columns.size[this.#columns.n - 1] = this.#done - this.#start;
    if (cut) this.#breakOff();
  }

  /** The stream goes on elsewhere, or not at all: a record already begun can't be completed. */
  #breakOff(): void {
    this.#sizeOpen = false;
    if (this.#between) return;
    this.#between = true;
    const bytes = this.#done - this.#start;
    this.#cut.add(this.#fileDone - bytes, bytes);
  }

  /** Hands out the last batch, and reports what was skipped. */
  finish(warnings: Warnings): void {
    this.#breakOff();
    if (this.#columns.n > 0) this.#onBatch(this.#columns);
    this.#columns.n = 0;
    this.#bad.warn(warnings, 'undecoded', 'spe-bad-packet', 'bytes in the SPE data that are no packet: skipped');
    const message = 'SPE records cut short, by the hardware or by a hole in the data: dropped';
    this.#cut.warn(warnings, 'data-loss', 'spe-cut-record', message);
  }

  /**
   * Decodes the packets of a chunk of `length` bytes; returns how many bytes it used. Unless the chunk is the segment's last, a packet
   * that its end might cut is left for the next. Records of a known layout are only marked, and read all at once.
   */
  #decode(length: number, { last, cut, aux: auxAt, file: fileAt }: Place): number {
    const columns = this.#columns;
    const { capacity, size, wasm, bytes: b, view, chunk, starts, layouts: rowLayouts } = columns;
    const layouts = this.#layouts;
    const trail = this.#trail;
    // Places are those of the memory.
    const aux = auxAt - chunk;
    const file = fileAt - chunk;
    const end = chunk + length;
    const safe = last ? end : end - PACKET_BYTES;
    const kindOf = kinds;
    let n = columns.n;
    let present = this.#present;
    let extra = this.#extra;
    let between = this.#between;
    let start = this.#start;
    // Where the record being put together starts in this chunk.
    let recordAt = 0;
    let pos = chunk;
    trail.whole = false;
    while (pos < safe) {
      const whole = safe - layouts.reach;
      if (between && pos <= whole) {
        const before = n;
        n = wasm.mark(pos, whole, n, capacity, layouts.root, starts.byteOffset, rowLayouts.byteOffset, size.byteOffset);
        pos = columns.stopped;
        if (n > before) {
          if (this.#sizeOpen) size[before - 1] = aux + starts[before] - start;
          start = aux + starts[n - 1];
          this.#sizeOpen = true;
        }
        if (pos >= safe) break;
      }
      const h = b[pos];
      if (h === 0) {
        // Padding comes in runs.
        pos++;
        while (pos <= end - 4 && view.getInt32(pos, true) === 0) pos += 4;
        continue;
      }
      let kind = kindOf[h];
      let header = h;
      let at = pos + 1;
      if (kind === Kind.EXTENDED) {
        header = at < end ? b[at] : 0xff;
        kind = extendedKinds[header];
        at++;
        if (kind === Kind.ALIGNMENT && pos + (2 << (h & 3)) <= end) {
          trail.whole = false;
          pos += alignmentSkip(h, file + pos);
          continue;
        }
      }
      const bytes = kind === Kind.END ? 0 : payloadBytes(header);
      if (kind === Kind.BAD || kind === Kind.ALIGNMENT || at + bytes > end) {
        trail.whole = false;
        if (cut && kind !== Kind.BAD) {
          // What the hardware left of the record's next packet.
          pos = end;
          break;
        }
        const from = pos++;
        while (pos < end && kindOf[b[pos]] === Kind.BAD) pos++;
        this.#bad.add(file + from, pos - from);
        continue;
      }
      if (between) {
        if (this.#sizeOpen) size[n - 1] = aux + pos - start;
        if (n === capacity) {
          this.#handOut();
          n = 0;
        }
        start = aux + pos;
        recordAt = pos;
        between = false;
        present = 0;
        extra = 0;
        trail.start();
      }
      const field = fieldOf(kind, h, header);
      trail.add(at - pos, pos - recordAt, at + bytes - pos, field);
      if (field) {
        if (field === Field.CONTEXT_EL2 && extra & Extra.CONTEXT_EL1) columns.contextEl1[n] = columns.context[n];
        this.#readOne(extra & Extra.CONTEXT_EL2 ? besideEl2(field) : field, n, at);
        present |= fieldPresence[field];
        extra |= fieldExtra[field];
      }
      pos = at + bytes;
      if (kind === Kind.TIMESTAMP || kind === Kind.END) {
        columns.present[n] = present;
        columns.extra[n] = extra;
        rowLayouts[n++] = 0;
        between = true;
        this.#sizeOpen = true;
        layouts.learn(trail, pos - recordAt, b, recordAt);
      }
    }
    columns.n = n;
    this.#settle();
    this.#present = present;
    this.#extra = extra;
    this.#between = between;
    this.#start = start;
    return pos - chunk;
  }

  /** Reads one packet's payload into row `n`. */
  #readOne(field: number, n: number, at: number): void {
    const { rows, starts } = this.#columns;
    rows[0] = n;
    starts[n] = at;
    this.#fields.read(field, 0, 1, 0);
  }

  /** The batch is full. */
  #handOut(): void {
    this.#columns.n = this.#columns.capacity;
    this.#settle();
    this.#onBatch(this.#columns);
    this.#settled = 0;
  }

  /** Reads the rows that were only marked so far, and finds the thread of all new ones. */
  #settle(): void {
    const { n, present, context, tid, pid } = this.#columns;
    const from = this.#settled;
    this.#layouts.read(this.#fields, from, n);
    const t = this.#times;
    const threads = this.#threads;
    const timed = this.#timed;
    let owned = 0;
    for (let i = from; i < n; i++) {
      let bits = present[i];
      if (bits & Has.COUNTER) bits |= timed;
      // Most records are of the same thread as the one before.
      if (!(bits & Has.CONTEXT) || !owned || (context[i] | 0) !== threads.tid) {
        if (bits & Has.CONTEXT) threads.byContext(context[i]);
        else if (!threads.contextSeen) threads.byTime(t[2 * i], t[2 * i + 1], (bits & Has.TIME) !== 0);
        owned = (threads.tid >= 0 ? Has.TID : 0) | (threads.pid >= 0 ? Has.PID : 0);
      }
      if (owned & Has.TID) tid[i] = threads.tid;
      if (owned & Has.PID) pid[i] = threads.pid;
      present[i] = bits | owned;
    }
    this.#settled = n;
  }
}

interface Place {
  /** The chunk is its segment's last. */
  readonly last: boolean;
  /** The segment's last record is cut. */
  readonly cut: boolean;
  /** Offsets of the chunk's first byte. */
  readonly aux: number;
  readonly file: number;
}
