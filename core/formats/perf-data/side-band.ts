import type { Warnings } from '../problems.ts';
import type { PerfEvent } from './attr.ts';
import { auxtraceType, readSpeInfo, type SpeInfo } from './auxtrace-info.ts';
import { AuxBuffers, type AuxQueue, AuxRecords, LostRecords, Switches, TaskRecords } from './columns.ts';
import { size64, text } from './cursor.ts';
import { decodeFeature, eventOfRecord, featureName, type Features, nameUpdate } from './features.ts';
import { ATTRS, MAPS } from './limits.ts';
import { type MapEntry, readBuildIds, readKsymbol, readMap } from './maps.ts';
import { readTimeConv, type TimeConv } from './time-conv.ts';
import { Misc, RecordType } from './types.ts';
import type { RecordCursor } from './record.ts';
import { Trailer } from './trailer.ts';

/** A new process. */
export interface Fork {
  readonly t: bigint;
  readonly pid: number;
  readonly parent: number;
  /** Its address space starts as a copy of its parent's: not if perf only reports a process that was already running. */
  readonly inherits: boolean;
}

/** A process that replaced its address space. */
export interface Exec {
  readonly t: bigint;
  readonly pid: number;
}

/** ITRACE_START: the thread that ran when AUX tracing of a CPU (or of that thread) began. */
export interface ItraceStart {
  readonly t: bigint;
  readonly cpu: number;
  readonly pid: number;
  readonly tid: number;
}

/** Largest offset or size of AUX data that is believed: above it, doubles lose bytes. */
const SANE = Number.MAX_SAFE_INTEGER;

/** Pass 1: everything in a file but samples and AUX data, in memory that grows with the side band only. */
export class SideBand {
  readonly events: PerfEvent[];
  readonly features: Features;
  /** Feature bits seen as records (pipe mode). */
  readonly featureBits: number[] = [];
  readonly aux = new AuxRecords();
  readonly switches = new Switches();
  readonly lost = new LostRecords();
  readonly tasks = new TaskRecords();
  readonly queues = new Map<number, AuxQueue>();
  readonly maps: MapEntry[] = [];
  readonly forks: Fork[] = [];
  readonly execs: Exec[] = [];
  readonly starts: ItraceStart[] = [];
  /** tid → last name. */
  readonly comms = new Map<number, string>();
  /** tid → last pid. */
  readonly pids = new Map<number, number>();
  readonly counts = new Map<number, number>();
  readonly buildIds = new Map<string, string>();
  timeConv: TimeConv | undefined;
  spe: SpeInfo | undefined;
  /** `type` of the AUXTRACE_INFO record, 0 without one. */
  auxType = 0;
  tracingData: { offset: number; size: number } | undefined;
  /** Threads that ID_INDEX names for its events; -1 for those bound to CPUs. */
  readonly idTids = new Set<number>();
  #idIndex = new Map<bigint, number>();
  readonly #trailer: Trailer;
  readonly #fileSize: number;
  readonly #warnings: Warnings;

  constructor(events: PerfEvent[], features: Features, fileSize: number, warnings: Warnings) {
    this.events = events;
    this.features = features;
    this.#fileSize = fileSize;
    this.#warnings = warnings;
    this.#trailer = new Trailer(events);
  }

  visit(r: RecordCursor): void {
    this.counts.set(r.type, (this.counts.get(r.type) ?? 0) + 1);
    if (r.type === RecordType.SAMPLE) return;
    this.#trailer.read(r);
    if (r.size < (minimum[r.type] ?? 8)) {
      this.#warnings.add('undecoded', 'perf-short-record', `record of type ${r.type} is too short`, {
        offset: r.offset,
        bytes: r.size,
      });
      return;
    }
    if (r.type < 64) this.#kernelRecord(r);
    else this.#toolRecord(r);
  }

  #kernelRecord(r: RecordCursor): void {
    const { view, at } = r;
    const { t, cpu, pid: byPid, tid: byTid } = this.#trailer;
    const word = (o: number): number => view.getInt32(at + o, true);
    switch (r.type) {
      case RecordType.COMM:
        this.comms.set(word(12), text(r.bytes, at + 16, at + r.size - this.#trailer.size));
        this.pids.set(word(12), word(8));
        if (r.misc & Misc.COMM_EXEC) this.execs.push({ t, pid: word(8) });
        break;
      case RecordType.FORK:
      case RecordType.EXIT: {
        // Time 0: perf's own record of a thread that was already running.
        const when = view.getBigUint64(at + 24, true);
        const exit = r.type === RecordType.EXIT;
        if (when > 0n) this.tasks.add(when, cpu, word(16), word(20), exit);
        if (exit) break;
        this.pids.set(word(16), word(8));
        if (word(8) !== word(12)) {
          const inherits = when > 0n && !(r.misc & Misc.FORK_EXEC);
          this.forks.push({ t: when, pid: word(8), parent: word(12), inherits });
        }
        break;
      }
      case RecordType.MMAP:
      case RecordType.MMAP2: {
        const map = readMap(view, r.bytes, at, {
          type: r.type,
          misc: r.misc,
          size: r.size - this.#trailer.size,
          t,
        });
        if (map && this.maps.length < MAPS) this.maps.push(map);
        break;
      }
      case RecordType.KSYMBOL: {
        const map = readKsymbol(view, r.bytes, at, { size: r.size - this.#trailer.size, t });
        if (map && this.maps.length < MAPS) this.maps.push(map);
        break;
      }
      case RecordType.AUX:
        this.#auxRecord(r);
        break;
      case RecordType.ITRACE_START:
        this.pids.set(word(12), word(8));
        this.starts.push({ t, cpu, pid: word(8), tid: word(12) });
        break;
      case RecordType.LOST:
        this.lost.add(t, cpu, size64(view, at + 16), false);
        break;
      case RecordType.LOST_SAMPLES:
        this.lost.add(t, cpu, size64(view, at + 8), true);
        break;
      case RecordType.SWITCH:
      case RecordType.SWITCH_CPU_WIDE: {
        const out = (r.misc & Misc.SWITCH_OUT) !== 0;
        const wide = r.type === RecordType.SWITCH_CPU_WIDE;
        const other = wide ? { pid: word(8), tid: word(12) } : undefined;
        if (byTid > 0) this.pids.set(byTid, byPid);
        if (other && other.tid > 0) this.pids.set(other.tid, other.pid);
        this.switches.add(t, cpu, byPid, byTid, out, other);
        break;
      }
    }
  }

  #auxRecord({ view, at, offset }: RecordCursor): void {
    const from = size64(view, at + 8);
    const size = size64(view, at + 16);
    if (from + size > SANE) {
      this.#warnings.add('undecoded', 'perf-bad-aux', 'an AUX record with an impossible range', { offset });
      return;
    }
    const { t, cpu, tid, id } = this.#trailer;
    this.aux.add(t, cpu, tid, this.#idIndex.get(id) ?? -1, from, size, view.getUint32(at + 24, true));
  }

  #toolRecord(r: RecordCursor): void {
    const { view, at, size } = r;
    switch (r.type) {
      case RecordType.HEADER_ATTR: {
        if (this.events.length >= ATTRS) break;
        const event = eventOfRecord(view, at, size);
        this.events.push(event);
        this.#trailer.learn(event);
        break;
      }
      case RecordType.EVENT_UPDATE: {
        const update = nameUpdate(view, r.bytes, at, size);
        const known = update && this.#trailer.eventOf(update.id);
        if (known) known.name = update.name;
        break;
      }
      case RecordType.HEADER_FEATURE: {
        const bit = Math.min(256, size64(view, at + 8));
        this.featureBits.push(bit);
        this.feature(bit, r.bytes.subarray(at + 16, at + size), r.offset);
        break;
      }
      case RecordType.HEADER_TRACING_DATA:
        this.tracingData = { offset: r.offset + size, size: r.payload };
        break;
      case RecordType.ID_INDEX:
        this.#readIdIndex(r);
        break;
      case RecordType.AUXTRACE_INFO:
        this.auxType = auxtraceType(view, at, size);
        this.spe = readSpeInfo(view, at, size) ?? this.spe;
        break;
      case RecordType.TIME_CONV:
        this.timeConv = readTimeConv(view, at, size);
        if (!this.timeConv)
          this.#warnings.add(
            'undecoded',
            'perf-time-conv',
            'TIME_CONV has no multiplier: times stay in counter ticks',
            { offset: r.offset },
          );
        break;
      case RecordType.AUXTRACE:
        this.#auxtrace(r);
        break;
      case RecordType.HEADER_BUILD_ID:
        for (const [file, id] of readBuildIds(r.bytes.subarray(at, at + size))) this.buildIds.set(file, id);
        break;
    }
  }

  /** Decodes one feature section, wherever it came from. */
  feature(bit: number, bytes: Uint8Array, offset: number): void {
    if (!decodeFeature(this.features, bit, bytes))
      this.#warnings.add('undecoded', 'perf-feature', `the feature section ${featureName(bit)} is cut`, { offset });
  }

  #readIdIndex({ view, at, size }: RecordCursor): void {
    const count = Math.min(size64(view, at + 8), Math.floor((size - 16) / 32));
    for (let i = 0; i < count; i++) {
      this.#idIndex.set(view.getBigUint64(at + 16 + i * 32, true), size64(view, at + 24 + i * 32));
      const tid = Number(view.getBigInt64(at + 40 + i * 32, true));
      this.idTids.add(tid);
    }
  }

  #auxtrace(r: RecordCursor): void {
    const { view, at } = r;
    const idx = view.getUint32(at + 32, true);
    const tid = view.getInt32(at + 36, true);
    const cpu = view.getInt32(at + 40, true);
    const auxOffset = size64(view, at + 16);
    const fileOffset = r.offset + r.size;
    const size = Math.max(0, Math.min(r.payload, this.#fileSize - fileOffset));
    if (auxOffset + r.payload > SANE) {
      this.#warnings.add('undecoded', 'perf-bad-aux', 'an AUXTRACE record with an impossible range', {
        offset: r.offset,
        bytes: size,
      });
      return;
    }
    const queue = this.queues.get(idx) ?? { idx, cpu, tid, buffers: new AuxBuffers() };
    this.queues.set(idx, queue);
    queue.buffers.add(fileOffset, size, auxOffset);
  }
}

/** Least bytes of a record, header included, to be read as what it says it is. */
const minimum: Readonly<Record<number, number>> = {
  [RecordType.MMAP]: 40,
  [RecordType.MMAP2]: 72,
  [RecordType.COMM]: 16,
  [RecordType.FORK]: 32,
  [RecordType.EXIT]: 32,
  [RecordType.AUX]: 32,
  [RecordType.ITRACE_START]: 16,
  [RecordType.LOST]: 24,
  [RecordType.LOST_SAMPLES]: 16,
  [RecordType.SWITCH_CPU_WIDE]: 16,
  [RecordType.HEADER_ATTR]: 16,
  [RecordType.HEADER_FEATURE]: 16,
  [RecordType.HEADER_TRACING_DATA]: 12,
  [RecordType.ID_INDEX]: 16,
  [RecordType.AUXTRACE_INFO]: 12,
  [RecordType.AUXTRACE]: 48,
  [RecordType.HEADER_BUILD_ID]: 36,
};
