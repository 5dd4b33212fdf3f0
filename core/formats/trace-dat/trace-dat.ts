/** trace.dat, the file of trace-cmd: versions 6 and 7, uncompressed or with zstd or zlib, with any number of buffers. */
import type { TraceDictionary } from '../event-format/columns.ts';
import type { EventFormat } from '../event-format/format.ts';
import { Symbols } from '../event-format/symbols.ts';
import type { TraceFacts, TraceFile } from '../event-format/trace-file.ts';
import { InputError, type Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { CpuEvents } from './cpu-events.ts';
import { readLayout, type Layout } from './layout.ts';
import { mergeCpus } from './merge.ts';
import { Budget, ChunkPages, PlainPages } from './pages.ts';

export { isTraceDat } from './layout.ts';

/** Clocks that count ns; the others (counter, x86-tsc) count something else. */
const nanosecondClocks = /^(?:local|global|uptime|perf|mono.*|tai|tsc2nsec)$/;

/**
 * Opens a trace.dat: reads its tables, not yet its events. Throws InputError for what can't be read at all; damage that
 * leaves something is counted in `warnings` while the events are read.
 */
export function openTraceDat(source: ByteSource, warnings: Warnings): TraceFile {
  const layout = readLayout(source, warnings);
  const { metadata, options } = layout;
  const formats: EventFormat[] = [...metadata.formats.values()]
    .filter((f) => f.id <= 0xffff)
    .sort((a, b) => a.id - b.id);
  const dictionary: TraceDictionary = { formats, comms: [] };
  const facts = factsOf(layout, formats.length);
  const printing = { symbols: new Symbols(metadata.kallsyms, metadata.printk), longSize: layout.longSize };
  return {
    dictionary,
    facts,
    printing,
    read: (columns, onBatch) => {
      const cpus = openCpus(source, layout, warnings);
      mergeCpus(cpus, { dictionary, comms: metadata.comms, isTime: facts.nanoseconds, warnings }, columns, onBatch);
    },
  };

  function openCpus(
    from: ByteSource,
    { buffers, compression, longSize, pageSize }: Layout,
    count: Warnings,
  ): CpuEvents[] {
    const budget = new Budget(from);
    return buffers.flatMap((buffer, index) => {
      if (buffer.isText) {
        if (index > 0) return [];
        throw new InputError(
          from.name,
          'it holds a latency tracer’s report, not events: save its text with "trace-cmd report" and import that',
          buffer.offset,
        );
      }
      return buffer.cpus
        .filter(({ size }) => size > 0)
        .map((place) => {
          const size = buffer.pageSize || pageSize;
          const pages = buffer.compressed
            ? new ChunkPages(from, place, size, compression, count, budget)
            : new PlainPages(from, place, size, count, budget);
          const correct = options.time.forCpu(place.cpu, index > 0);
          return new CpuEvents({ cpu: place.cpu, buffer: index }, pages, longSize, correct, count);
        });
    });
  }
}

function factsOf(layout: Layout, eventFormats: number): TraceFacts {
  const { options, buffers } = layout;
  const clock = options.clock ?? (buffers[0].clock || 'local');
  return {
    format: 'trace.dat',
    version: layout.version,
    compression: layout.compression,
    clock,
    nanoseconds: options.time.convertsCycles || !options.hasClockOption || nanosecondClocks.test(clock),
    cpus: layout.cpus,
    pageSize: layout.pageSize,
    uname: options.uname,
    recorder: options.version === undefined ? undefined : `trace-cmd ${options.version}`,
    traceId: options.traceId,
    guests: options.guests,
    buffers: buffers.map((b) => ({
      name: b.name,
      clock: b.clock || clock,
      cpus: b.cpus.map(({ cpu, size }) => ({ cpu, bytes: size })),
    })),
    options: options.seen,
    cpuStats: options.cpuStats,
    eventFormats,
  };
}
