import type { AuxQueue } from '../perf-data/columns.ts';
import type { PerfData } from '../perf-data/perf-data.ts';
import { TickConverter } from '../perf-data/time-conv.ts';
import type { Warnings } from '../problems.ts';
import { halves, Has, type SpeColumns, type WideColumn, wideColumns } from './columns.ts';
import { Address, alignmentSkip, Counter, extendedIndex, extendedKinds, Kind, kinds, PACKET_BYTES } from './packets.ts';
import { type Segment, segments } from './segments.ts';
import { Skipped } from './skipped.ts';
import { Threads } from './threads.ts';

/** What decoding a queue needs of a file: plain data but for the source, so that it may be done in another thread. */
export type SpeInput = Pick<PerfData, 'source' | 'timeConv' | 'auxRecords' | 'switches' | 'starts' | 'pids'>;

/** Bytes of AUX data read at a time. */
const CHUNK_BYTES = 1 << 20;

/**
 * Decodes one AUX queue into `columns`, in the order of the stream. Each time they are full, and once at the end if
 * they hold anything, `onBatch` gets them: it copies what it keeps (or stores it), then they are filled anew. It must
 * not read the source: the decoder is in the middle of a chunk. Queues are independent.
 *
 * Everything up to and including a TIMESTAMP or END packet is one record. Bytes that are no packet are skipped one by
 * one and counted (`spe-bad-packet`); records cut by the hardware (AUX flag PARTIAL) or by a hole in the stream are
 * dropped and counted (`spe-cut-record`). perf 7.2 differs there: it runs a cut record into the next one, and makes a
 * sample of each bad byte.
 */
export function decodeSpe(
  perf: SpeInput,
  queue: AuxQueue,
  columns: SpeColumns,
  onBatch: (columns: SpeColumns) => void,
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
  readonly #columns: SpeColumns;
  readonly #onBatch: (columns: SpeColumns) => void;
  readonly #wide: Record<WideColumn, Uint32Array>;
  readonly #clock: TickConverter | undefined;
  readonly #threads: Threads;

  /** Bits of `Has` of the record being put together, in row `columns.n`. */
  #present = 0;
  /** Only padding since the last record ended. */
  #between = true;
  /** AUX offset where the record being put together started; while `between`, where the last one did. */
  #start = 0;
  /** Row `columns.n - 1` reaches to wherever the next record starts. */
  #sizeOpen = false;
  /** Behind the last byte decoded: in the AUX stream, and in the file. */
  #done = -1;
  #fileDone = 0;

  readonly #bad = new Skipped();
  readonly #cut = new Skipped();

  constructor(perf: SpeInput, queue: AuxQueue, columns: SpeColumns, onBatch: (columns: SpeColumns) => void) {
    this.#perf = perf;
    this.#columns = columns;
    this.#onBatch = onBatch;
    const wide = wideColumns.map((name) => [name, halves(columns[name])] as const);
    this.#wide = Object.fromEntries(wide) as Record<WideColumn, Uint32Array>;
    this.#clock = perf.timeConv && new TickConverter(perf.timeConv);
    this.#threads = new Threads(perf, queue);
    columns.n = 0;
    columns.cpu.fill(queue.cpu);
  }

  segment({ fileOffset, auxOffset, length, cut }: Segment): void {
    if (auxOffset !== this.#done) this.#breakOff();
    for (let from = 0; from < length;) {
      const bytes = this.#perf.source.read(fileOffset + from, Math.min(CHUNK_BYTES, length - from));
      const last = from + bytes.length >= length;
      const used = this.#decode(bytes, { last, cut, aux: auxOffset + from, file: fileOffset + from });
      if (used === 0) break; // the source ends earlier than it said
      from += used;
    }
    this.#done = auxOffset + length;
    this.#fileDone = fileOffset + length;
    if (this.#between && this.#sizeOpen) this.#columns.size[this.#columns.n - 1] = this.#done - this.#start;
    if (cut) this.#breakOff();
  }

  /** The stream goes on elsewhere, or not at all: a record that was begun can't be completed. */
  #breakOff(): void {
    this.#sizeOpen = false;
    if (this.#between) return;
    this.#between = true;
    const bytes = this.#done - this.#start;
    this.#cut.add(this.#fileDone - bytes, bytes);
  }

  /** Hands out the last batch, and tells what was skipped. */
  finish(warnings: Warnings): void {
    this.#breakOff();
    if (this.#columns.n > 0) this.#onBatch(this.#columns);
    this.#columns.n = 0;
    this.#bad.warn(warnings, 'undecoded', 'spe-bad-packet', 'bytes in the SPE data that are no packet: skipped');
    const message = 'SPE records cut short, by the hardware or by a hole in the data: dropped';
    this.#cut.warn(warnings, 'data-loss', 'spe-cut-record', message);
  }

  /**
   * Decodes the packets of one chunk; returns how many bytes it used. Unless the chunk is the segment's last, a packet
   * that its end might cut is left for the next.
   */
  #decode(b: Uint8Array, { last, cut, aux, file }: Place): number {
    const columns = this.#columns;
    const {
      capacity,
      present: presentOf,
      op,
      totalLat,
      issueLat,
      xlatLat,
      source,
      context,
      tid,
      pid,
      el,
      size,
    } = columns;
    const { t, counter, pc, va, pa, to, pbt, events } = this.#wide;
    const clock = this.#clock;
    const threads = this.#threads;
    const view = new DataView(b.buffer, b.byteOffset, b.length);
    const end = b.length;
    const safe = last ? end : end - PACKET_BYTES;
    const kindOf = kinds;
    let n = columns.n;
    let present = this.#present;
    let between = this.#between;
    let start = this.#start;
    let pos = 0;
    while (pos < safe) {
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
          pos += alignmentSkip(h, file + pos);
          continue;
        }
      }
      const bytes = kind === Kind.END ? 0 : 1 << ((header >> 4) & 3);
      const next = at + bytes;
      if (kind === Kind.BAD || kind === Kind.ALIGNMENT || next > end) {
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
          columns.n = n;
          this.#onBatch(columns);
          n = 0;
        }
        start = aux + pos;
        between = false;
        present = 0;
      }
      switch (kind) {
        case Kind.TIMESTAMP: {
          const lo = view.getUint32(at, true);
          const hi = view.getUint32(at + 4, true);
          counter[2 * n] = lo;
          counter[2 * n + 1] = hi;
          present |= Has.COUNTER;
          if (clock) {
            clock.convert(lo, hi);
            t[2 * n] = clock.lo;
            t[2 * n + 1] = clock.hi;
            present |= Has.TIME;
          }
          break;
        }
        case Kind.EVENTS:
          events[2 * n] = bytes === 1 ? b[at] : bytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
          events[2 * n + 1] = bytes === 8 ? view.getUint32(at + 4, true) : 0;
          present |= Has.EVENTS;
          break;
        case Kind.SOURCE:
          source[n] = bytes === 1 ? b[at] : view.getUint16(at, true);
          present |= Has.SOURCE;
          break;
        case Kind.CONTEXT:
          context[n] = view.getUint32(at, true);
          present |= Has.CONTEXT;
          break;
        case Kind.OP:
          op[n] = ((h & 3) << 8) | b[at];
          present |= Has.OP;
          break;
        case Kind.COUNTER: {
          const latency = view.getUint16(at, true);
          const index = header === h ? h & 7 : extendedIndex(h, header);
          if (index === Counter.TOTAL) {
            totalLat[n] = latency;
            present |= Has.TOTAL;
          } else if (index === Counter.ISSUE) {
            issueLat[n] = latency;
            present |= Has.ISSUE;
          } else if (index === Counter.XLAT) {
            xlatLat[n] = latency;
            present |= Has.XLAT;
          }
          break;
        }
        case Kind.ADDRESS: {
          const lo = view.getUint32(at, true);
          const hi = view.getUint32(at + 4, true);
          switch (header === h ? h & 7 : extendedIndex(h, header)) {
            case Address.PC:
              pc[2 * n] = lo;
              pc[2 * n + 1] = instructionAddress(hi);
              el[n] = (hi >>> 29) & 3;
              present |= Has.PC;
              break;
            case Address.TARGET:
              to[2 * n] = lo;
              to[2 * n + 1] = instructionAddress(hi);
              present |= Has.TO;
              break;
            case Address.VA:
              va[2 * n] = lo;
              // The top byte is a tag; addresses whose bits 55:52 are ones are the kernel's
              // (Documentation/arch/arm64/memory.rst).
              va[2 * n + 1] = (hi & 0xf00000) === 0xf00000 ? hi | 0xff000000 : hi & 0xffffff;
              present |= Has.VA;
              break;
            case Address.PA:
              pa[2 * n] = lo;
              pa[2 * n + 1] = hi & 0xffffff;
              present |= Has.PA;
              break;
            case Address.PREVIOUS_TARGET:
              pbt[2 * n] = lo;
              pbt[2 * n + 1] = instructionAddress(hi);
              present |= Has.PBT;
              break;
          }
          break;
        }
      }
      pos = next;
      if (kind === Kind.TIMESTAMP || kind === Kind.END) {
        if (present & Has.CONTEXT) threads.byContext(context[n]);
        else if (!threads.contextSeen) threads.byTime(t[2 * n], t[2 * n + 1], (present & Has.TIME) !== 0);
        if (threads.tid >= 0) {
          tid[n] = threads.tid;
          present |= Has.TID;
        }
        if (threads.pid >= 0) {
          pid[n] = threads.pid;
          present |= Has.PID;
        }
        presentOf[n] = present;
        n++;
        between = true;
        this.#sizeOpen = true;
      }
    }
    columns.n = n;
    this.#present = present;
    this.#between = between;
    this.#start = start;
    return pos;
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

/**
 * The high half of a PC or branch target as an address: byte 7 holds NS and EL, and becomes ones for EL1 and EL2
 * (perf's arm-spe-decoder.c, arm_spe_calc_ip).
 */
function instructionAddress(hi: number): number {
  const level = (hi >>> 29) & 3;
  return hi >>> 31 && (level === 1 || level === 2) ? hi | 0xff000000 : hi & 0xffffff;
}
