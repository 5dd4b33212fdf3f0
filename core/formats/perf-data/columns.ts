/** Side band as columns: captures in snapshot mode hold millions of AUX records, long ones millions of switches. */

type Growable = BigUint64Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The array itself while it has room for `n` elements, else one twice as long with the same content. */
function room<T extends Growable>(array: T, n: number): T {
  if (n <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  (larger as { set(from: Growable): void }).set(array);
  return larger;
}

const START = 64;

/** PERF_RECORD_AUX: ranges of the AUX area that the kernel handed out. */
export class AuxRecords {
  n = 0;
  /** ns, perf's clock; 0 without sample time. */
  t = new BigUint64Array(START);
  cpu = new Int32Array(START);
  tid = new Int32Array(START);
  /** Queue by ID_INDEX; -1 if that doesn't say. */
  idx = new Int32Array(START);
  /** Bytes into the queue's AUX stream. */
  offset = new Float64Array(START);
  size = new Float64Array(START);
  /** Bits of `AuxFlag`. */
  flags = new Uint32Array(START);

  add(t: bigint, cpu: number, tid: number, idx: number, offset: number, size: number, flags: number): void {
    const i = this.n++;
    (this.t = room(this.t, this.n))[i] = t;
    (this.cpu = room(this.cpu, this.n))[i] = cpu;
    (this.tid = room(this.tid, this.n))[i] = tid;
    (this.idx = room(this.idx, this.n))[i] = idx;
    (this.offset = room(this.offset, this.n))[i] = offset;
    (this.size = room(this.size, this.n))[i] = size;
    (this.flags = room(this.flags, this.n))[i] = flags;
  }
}

/** PERF_RECORD_SWITCH and SWITCH_CPU_WIDE, in file order (per CPU ascending in time). */
export class Switches {
  n = 0;
  t = new BigUint64Array(START);
  cpu = new Int32Array(START);
  /** The record's own thread, which left (`out` 1) or came (`out` 0). -1: unknown. */
  pid = new Int32Array(START);
  tid = new Int32Array(START);
  out = new Uint8Array(START);
  /** SWITCH_CPU_WIDE: the thread that came (`out` 1) or left (`out` 0). -1: unknown. */
  otherPid = new Int32Array(START);
  otherTid = new Int32Array(START);
  /** SWITCH_CPU_WIDE: of every thread on the CPU. Otherwise SWITCH: of profiled threads only. */
  wide = new Uint8Array(START);

  add(t: bigint, cpu: number, pid: number, tid: number, out: boolean, other?: { pid: number; tid: number }): void {
    const i = this.n++;
    const { pid: otherPid, tid: otherTid } = other ?? { pid: -1, tid: -1 };
    (this.wide = room(this.wide, this.n))[i] = other ? 1 : 0;
    (this.t = room(this.t, this.n))[i] = t;
    (this.cpu = room(this.cpu, this.n))[i] = cpu;
    (this.pid = room(this.pid, this.n))[i] = pid;
    (this.tid = room(this.tid, this.n))[i] = tid;
    (this.out = room(this.out, this.n))[i] = out ? 1 : 0;
    (this.otherPid = room(this.otherPid, this.n))[i] = otherPid;
    (this.otherTid = room(this.otherTid, this.n))[i] = otherTid;
  }
}

/** PERF_RECORD_FORK of new threads and processes, and PERF_RECORD_EXIT, in file order. */
export class TaskRecords {
  n = 0;
  /** ns, perf's clock. */
  t = new BigUint64Array(START);
  /** Where the record was written: the parent's CPU for a FORK, the leaving thread's for an EXIT. -1: unknown. */
  cpu = new Int32Array(START);
  /** The new or leaving thread. */
  tid = new Int32Array(START);
  /** The thread that forked it. */
  parent = new Int32Array(START);
  exit = new Uint8Array(START);

  add(t: bigint, cpu: number, tid: number, parent: number, exit: boolean): void {
    const i = this.n++;
    (this.t = room(this.t, this.n))[i] = t;
    (this.cpu = room(this.cpu, this.n))[i] = cpu;
    (this.tid = room(this.tid, this.n))[i] = tid;
    (this.parent = room(this.parent, this.n))[i] = parent;
    (this.exit = room(this.exit, this.n))[i] = exit ? 1 : 0;
  }
}

/** LOST and LOST_SAMPLES. */
export class LostRecords {
  n = 0;
  t = new BigUint64Array(START);
  cpu = new Int32Array(START);
  /** Records (LOST) or samples (LOST_SAMPLES) lost. */
  count = new Float64Array(START);
  samples = new Uint8Array(START);

  add(t: bigint, cpu: number, count: number, samples: boolean): void {
    const i = this.n++;
    (this.t = room(this.t, this.n))[i] = t;
    (this.cpu = room(this.cpu, this.n))[i] = cpu;
    (this.count = room(this.count, this.n))[i] = count;
    (this.samples = room(this.samples, this.n))[i] = samples ? 1 : 0;
  }
}

/** PERF_RECORD_AUXTRACE: where pieces of an AUX stream lie in the file. */
export class AuxBuffers {
  n = 0;
  /** Byte offset of the payload in the file. */
  fileOffset = new Float64Array(START);
  /** Bytes, up to 7 of padding at the end included. Clipped to the file. */
  size = new Float64Array(START);
  /** Bytes into the queue's AUX stream. */
  auxOffset = new Float64Array(START);

  add(fileOffset: number, size: number, auxOffset: number): void {
    const i = this.n++;
    (this.fileOffset = room(this.fileOffset, this.n))[i] = fileOffset;
    (this.size = room(this.size, this.n))[i] = size;
    (this.auxOffset = room(this.auxOffset, this.n))[i] = auxOffset;
  }
}

/** The AUXTRACE records of one `idx`: one CPU's AUX area, or one thread's. */
export interface AuxQueue {
  readonly idx: number;
  /** -1 in per-thread mode. */
  readonly cpu: number;
  /** -1 if the events are bound to CPUs; a profiled thread (of several, the first) if they follow tasks, per CPU or not. */
  readonly tid: number;
  readonly buffers: AuxBuffers;
}
