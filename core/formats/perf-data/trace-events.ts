/** Tracepoints in a perf.data (`perf record -e 'kvm:*'`) as a trace: the samples' raw data, decoded by their formats. */
import type { TraceDictionary } from '../event-format/columns.ts';
import type { EventFormat } from '../event-format/format.ts';
import { Symbols } from '../event-format/symbols.ts';
import type { TraceFile } from '../event-format/trace-file.ts';
import { InputError, Warnings } from '../problems.ts';
import { SampleType } from './attr.ts';
import type { PerfData } from './perf-data.ts';
import type { RecordCursor } from './record.ts';
import { PERF_TYPE_TRACEPOINT, rawAt, SampleLayouts } from './sample-layout.ts';
import { TimeOrder } from './time-order.ts';
import { EntryKind, NO_TID, TraceWriter } from './trace-writer.ts';
import { readTracingData } from './tracing-data.ts';
import { Trailer } from './trailer.ts';
import { RecordType } from './types.ts';

/** True if the file was recorded with tracepoints. */
export function hasTracepoints(perf: PerfData): boolean {
  return perf.events.some(({ attr }) => attr.type === PERF_TYPE_TRACEPOINT);
}

/** True if the file was recorded with KVM's tracepoints. */
export function hasKvmEvents(perf: PerfData): boolean {
  return perf.events.some(
    ({ attr, name }) => attr.type === PERF_TYPE_TRACEPOINT && /^(?:kvm|.*:(?:kvm|vgic)_)/.test(name),
  );
}

/**
 * The tracepoint samples of a perf.data as a trace, sorted by time across CPUs. Samples of other events are counted and left
 * out. Throws InputError if the file holds no event formats that can be read.
 */
export function openPerfTrace(perf: PerfData, warnings: Warnings): TraceFile {
  const { source, tracingData: place, facts } = perf;
  if (!place) {
    const why = 'its tracepoints have no formats (no tracing data): perf record was killed, or the file is cut';
    throw new InputError(source.name, `${why}. Record it again`);
  }
  const { metadata, longSize } = readTracingData(source, place, warnings);
  const formats: EventFormat[] = [...metadata.formats.values()]
    .filter((f) => f.id <= 0xffff)
    .sort((a, b) => a.id - b.id);
  const dictionary: TraceDictionary = { formats, comms: [] };
  const timed = perf.events.every(
    ({ attr }) => attr.type !== PERF_TYPE_TRACEPOINT || (attr.sampleType & SampleType.TIME) !== 0,
  );
  const clock = ftraceClock(facts.clock);
  return {
    dictionary,
    facts: {
      format: 'perf.data',
      compression: facts.compression ? 'zstd' : 'none',
      clock,
      nanoseconds: timed,
      cpus: facts.cpusAvailable ?? 0,
      uname: [facts.release, facts.arch].filter(Boolean).join(' ') || undefined,
      recorder: facts.perfVersion && `perf ${facts.perfVersion}`,
      guests: [],
      buffers: [{ name: '', clock, cpus: [] }],
      options: [],
      cpuStats: [],
      eventFormats: formats.length,
    },
    printing: { symbols: new Symbols(metadata.kallsyms, metadata.printk), longSize },
    read: (columns, onBatch) => {
      const writer = new TraceWriter(dictionary, metadata.comms, columns, onBatch, warnings);
      readSamples(perf, writer, warnings);
      writer.flush();
    },
  };
}

/** perf's clocks by the names that ftrace gives them. */
function ftraceClock(clock: string | undefined): string {
  const names: Readonly<Record<string, string>> = {
    'perf (sched_clock)': 'perf',
    monotonic: 'mono',
    monotonic_raw: 'mono_raw',
    boottime: 'boot',
  };
  return names[clock ?? ''] ?? clock ?? '';
}

/** One walk over the file: samples, and what changes threads' names or reports losses, in time order. */
function readSamples(perf: PerfData, writer: TraceWriter, warnings: Warnings): void {
  const order = new TimeOrder((held, i, late) => writer.write(held, i, late));
  const layouts = new SampleLayouts(perf.events);
  const trailer = new Trailer(perf.events);
  const aside = (kind: number, r: RecordCursor, tid: number, from: number, length: number): void => {
    const lo = Number(trailer.t & 0xffffffffn);
    order.add(lo, Number(trailer.t >> 32n), kind, trailer.cpu, tid, r.bytes, r.at + from, length);
  };
  const visit = (r: RecordCursor): void => {
    switch (r.type) {
      case RecordType.SAMPLE:
        return sample(r);
      case RecordType.FINISHED_ROUND:
        // In a directory each file has its own rounds, and the files are read one after the other.
        if (perf.parts === 1) order.round();
        return;
      case RecordType.COMM:
        trailer.read(r);
        if (r.size >= 16 + trailer.size)
          aside(EntryKind.COMM, r, r.view.getInt32(r.at + 12, true), 16, r.size - 16 - trailer.size);
        return;
      case RecordType.FORK:
        trailer.read(r);
        // Its bytes: the parent's tid.
        if (r.size >= 32) aside(EntryKind.FORK, r, r.view.getInt32(r.at + 16, true), 20, 4);
        return;
      case RecordType.LOST:
        trailer.read(r);
        if (r.size >= 24) aside(EntryKind.LOST, r, 0, 16, 8);
    }
  };
  const sample = (r: RecordCursor): void => {
    const layout = layouts.of(r);
    if (!layout?.tracepoint || !layout.raw) {
      const message = 'samples of events that are no tracepoints: left out of the trace';
      warnings.add('info', 'perf-other-samples', message, { offset: r.offset });
      return;
    }
    const raw = r.size < layout.rest ? -1 : rawAt(r, layout);
    const length = raw < 0 ? 0 : r.view.getUint32(r.at + raw, true);
    if (length < 2) {
      const message = 'samples without readable raw data: skipped';
      warnings.add('undecoded', 'perf-bad-sample', message, { offset: r.offset, bytes: r.size });
      return;
    }
    const { view, at } = r;
    const lo = layout.time ? view.getUint32(at + layout.time, true) : 0;
    const hi = layout.time ? view.getUint32(at + layout.time + 4, true) : 0;
    const cpu = layout.cpu ? view.getUint32(at + layout.cpu, true) : 0;
    const tid = layout.tid ? view.getInt32(at + layout.tid + 4, true) : NO_TID;
    order.add(lo, hi, EntryKind.SAMPLE, cpu, tid, r.bytes, at + raw + 4, length);
  };
  // Damage that a walk finds was reported when the file was opened.
  perf.walk(visit, new Warnings());
  order.finish();
}
