/** What every reader of trace logs returns, whether the log was binary or text. */
import type { TraceColumns, TraceDictionary } from './columns.ts';
import type { PrintContext } from './numbers.ts';

/** One ring buffer of a trace: the top one, or an instance (`trace-cmd record -B`). */
export interface TraceBuffer {
  /** Empty for the top buffer. */
  readonly name: string;
  /** The clock of its time stamps, e.g. `mono`; empty if the log doesn't say. */
  readonly clock: string;
  /** Bytes recorded for each CPU, as stored in the file. */
  readonly cpus: readonly { readonly cpu: number; readonly bytes: number }[];
}

/** A guest traced along with the host (GUEST option): which host thread ran which vCPU. */
export interface TraceGuest {
  readonly name: string;
  readonly traceId: string;
  readonly vcpus: readonly { readonly vcpu: number; readonly tid: number }[];
}

export interface TraceFacts {
  readonly format: 'trace.dat' | 'perf.data' | 'ftrace' | 'trace-cmd report' | 'perf script';
  /** trace.dat: 6 or 7. */
  readonly version?: number;
  /** `none`, `zstd`, `zlib`. */
  readonly compression?: string;
  readonly clock: string;
  /** True when time stamps are ns: false for cycle counters and event counts. */
  readonly nanoseconds: boolean;
  readonly cpus: number;
  /** Bytes of a ring buffer page. */
  readonly pageSize?: number;
  /** The recording kernel: `Linux host 6.1.0 aarch64`. */
  readonly uname?: string;
  /** The trace-cmd that recorded. */
  readonly recorder?: string;
  readonly traceId?: string;
  readonly guests: readonly TraceGuest[];
  readonly buffers: readonly TraceBuffer[];
  /** Options in the file, by name. */
  readonly options: readonly { readonly name: string; readonly bytes: number }[];
  /** The kernel's own counts per CPU (`/sys/kernel/tracing/per_cpu/…/stats`). */
  readonly cpuStats: readonly string[];
  /** Descriptions in the file; 0 for text. */
  readonly eventFormats: number;
}

/** What the text of events depends on. */
export type PrintedFacts = Pick<TraceFacts, 'nanoseconds' | 'cpus' | 'buffers'> & { readonly format: string };

export interface TraceFile extends Trace {
  readonly facts: TraceFacts;
  /** After reading: why there were no events, if it is known. */
  readonly emptyBecause?: () => string | undefined;
}

/** Of a file, or of a lab. */
export interface Trace {
  readonly facts: PrintedFacts;
  readonly dictionary: TraceDictionary;
  /** For the text of events; see EventPrinter. */
  readonly printing: PrintContext;
  /**
   * All events in time order, as trace-cmd orders them: the earliest of the CPUs' next events, the lower CPU first.
   * Batches of at most `columns.capacity`; each call of `onBatch` lends the columns until it returns, and may leave
   * other memory in them: they are looked up again.
   */
  read(columns: TraceColumns, onBatch: (columns: TraceColumns) => void): void;
}
