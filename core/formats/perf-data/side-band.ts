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

/** Reads records of a type. */
interface Reader {
  /** Bytes, header included, that it takes to be read; a shorter one is a warning. */
  readonly least: number;
  read(record: RecordCursor): void;
}

/** The thread that many records start with. */
const threadOf = ({ view, at }: RecordCursor): { pid: number; tid: number } => ({
  pid: view.getInt32(at + 8, true),
  tid: view.getInt32(at + 12, true),
});

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
    const reader = this.#readers[r.type];
    if (!reader) return;
    if (r.size < reader.least) {
      this.#warnings.add('undecoded', 'perf-short-record', `record of type ${r.type} is too short`, {
        offset: r.offset,
        bytes: r.size,
      });
      return;
    }
    reader.read(r);
  }

  /** What is read of a record type, the one table of them; records of others are counted only. */
  readonly #readers: Readonly<Partial<Record<number, Reader>>> = {
    [RecordType.MMAP]: { least: 40, read: (r) => this.#map(r) },
    [RecordType.MMAP2]: { least: 72, read: (r) => this.#map(r) },
    [RecordType.KSYMBOL]: { least: 8, read: (r) => this.#ksymbol(r) },
    [RecordType.COMM]: { least: 16, read: (r) => this.#comm(r) },
    [RecordType.FORK]: { least: 32, read: (r) => this.#fork(r) },
    [RecordType.EXIT]: { least: 32, read: (r) => this.#fork(r) },
    [RecordType.AUX]: { least: 32, read: (r) => this.#auxRecord(r) },
    [RecordType.ITRACE_START]: { least: 16, read: (r) => this.#start(r) },
    [RecordType.LOST]: { least: 24, read: (r) => this.#lost(r, 16, false) },
    [RecordType.LOST_SAMPLES]: { least: 16, read: (r) => this.#lost(r, 8, true) },
    [RecordType.SWITCH]: { least: 8, read: (r) => this.#switch(r) },
    [RecordType.SWITCH_CPU_WIDE]: { least: 16, read: (r) => this.#switch(r) },
    [RecordType.HEADER_ATTR]: { least: 16, read: (r) => this.#attr(r) },
    [RecordType.EVENT_UPDATE]: { least: 8, read: (r) => this.#eventUpdate(r) },
    [RecordType.HEADER_FEATURE]: { least: 16, read: (r) => this.#featureRecord(r) },
    [RecordType.HEADER_TRACING_DATA]: { least: 12, read: (r) => this.#tracingData(r) },
    [RecordType.ID_INDEX]: { least: 16, read: (r) => this.#readIdIndex(r) },
    [RecordType.AUXTRACE_INFO]: { least: 12, read: (r) => this.#auxtraceInfo(r) },
    [RecordType.TIME_CONV]: { least: 8, read: (r) => this.#timeConv(r) },
    [RecordType.AUXTRACE]: { least: 48, read: (r) => this.#auxtrace(r) },
    [RecordType.HEADER_BUILD_ID]: { least: 36, read: (r) => this.#buildIds(r) },
  };

  #comm(r: RecordCursor): void {
    const { pid, tid } = threadOf(r);
    this.comms.set(tid, text(r.bytes, r.at + 16, r.at + r.size - this.#trailer.size));
    this.pids.set(tid, pid);
    if (r.misc & Misc.COMM_EXEC) this.execs.push({ t: this.#trailer.t, pid });
  }

  /** FORK and EXIT. */
  #fork(r: RecordCursor): void {
    const [pid, parent, tid, parentTid] = [8, 12, 16, 20].map((o) => r.view.getInt32(r.at + o, true));
    // Time 0: perf's own record of a thread that was already running.
    const when = r.view.getBigUint64(r.at + 24, true);
    const exit = r.type === RecordType.EXIT;
    if (when > 0n) this.tasks.add(when, this.#trailer.cpu, tid, parentTid, exit);
    if (exit) return;
    this.pids.set(tid, pid);
    if (pid !== parent) {
      const inherits = when > 0n && !(r.misc & Misc.FORK_EXEC);
      this.forks.push({ t: when, pid, parent, inherits });
    }
  }

  #map(r: RecordCursor): void {
    const { type, misc } = r;
    const { t, size } = this.#trailer;
    const map = readMap(r.view, r.bytes, r.at, { type, misc, size: r.size - size, t });
    if (map && this.maps.length < MAPS) this.maps.push(map);
  }

  #ksymbol(r: RecordCursor): void {
    const { t, size } = this.#trailer;
    const map = readKsymbol(r.view, r.bytes, r.at, { size: r.size - size, t });
    if (map && this.maps.length < MAPS) this.maps.push(map);
  }

  #start(r: RecordCursor): void {
    const { pid, tid } = threadOf(r);
    const { t, cpu } = this.#trailer;
    this.pids.set(tid, pid);
    this.starts.push({ t, cpu, pid, tid });
  }

  #lost({ view, at }: RecordCursor, field: number, samples: boolean): void {
    this.lost.add(this.#trailer.t, this.#trailer.cpu, size64(view, at + field), samples);
  }

  #switch(r: RecordCursor): void {
    const { t, cpu, pid, tid } = this.#trailer;
    const out = (r.misc & Misc.SWITCH_OUT) !== 0;
    const other = r.type === RecordType.SWITCH_CPU_WIDE ? threadOf(r) : undefined;
    if (tid > 0) this.pids.set(tid, pid);
    if (other && other.tid > 0) this.pids.set(other.tid, other.pid);
    this.switches.add(t, cpu, pid, tid, out, other);
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

  #attr({ view, at, size }: RecordCursor): void {
    if (this.events.length >= ATTRS) return;
    const event = eventOfRecord(view, at, size);
    this.events.push(event);
    this.#trailer.learn(event);
  }

  #eventUpdate({ view, bytes, at, size }: RecordCursor): void {
    const update = nameUpdate(view, bytes, at, size);
    const known = update && this.#trailer.eventOf(update.id);
    if (known) known.name = update.name;
  }

  #featureRecord({ view, bytes, at, size, offset }: RecordCursor): void {
    const bit = Math.min(256, size64(view, at + 8));
    this.featureBits.push(bit);
    this.feature(bit, bytes.subarray(at + 16, at + size), offset);
  }

  #tracingData({ offset, size, payload }: RecordCursor): void {
    this.tracingData = { offset: offset + size, size: payload };
  }

  #auxtraceInfo({ view, at, size }: RecordCursor): void {
    this.auxType = auxtraceType(view, at, size);
    this.spe = readSpeInfo(view, at, size) ?? this.spe;
  }

  #timeConv({ view, at, size, offset }: RecordCursor): void {
    this.timeConv = readTimeConv(view, at, size);
    if (this.timeConv) return;
    const message = 'TIME_CONV has no multiplier: times stay in counter ticks';
    this.#warnings.add('undecoded', 'perf-time-conv', message, { offset });
  }

  #buildIds({ bytes, at, size }: RecordCursor): void {
    for (const [file, id] of readBuildIds(bytes.subarray(at, at + size))) this.buildIds.set(file, id);
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
