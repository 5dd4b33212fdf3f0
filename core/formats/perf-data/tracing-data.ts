/**
 * The tracing data of a perf.data (HEADER_TRACING_DATA, feature or record): tools/perf/util/trace-event-info.c writes there what begins a
 * trace.dat of version 6, without its options and events.
 */
import { InputError, type Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { isTraceDat } from '../trace-dat/layout.ts';
import { Metadata } from '../trace-dat/metadata.ts';
import { sectionNames } from '../trace-dat/options.ts';
import { Reader } from '../trace-dat/reader.ts';

const MAGIC_BYTES = 10;

/** Event formats, kallsyms, printk formats, names of threads. Throws InputError if no format can be read. */
export function readTracingData(
  source: ByteSource,
  place: { readonly offset: number; readonly size: number },
  warnings: Warnings,
): { readonly metadata: Metadata; readonly longSize: number } {
  const reader = new Reader(source, place.offset, { end: place.offset + place.size });
  if (!isTraceDat(reader.bytes(MAGIC_BYTES, 'tracing data'))) {
    throw new InputError(source.name, 'its event formats (tracing data) are damaged: record it again', place.offset);
  }
  reader.cString('version of the tracing data');
  if (reader.u8('byte order') !== 0) throw reader.error('tracepoints of a big-endian machine: not supported');
  const headLong = reader.u8('size of long');
  reader.u32('page size');
  const metadata = new Metadata(warnings);
  for (const section of sectionNames) {
    try {
      metadata.read(section, reader);
    } catch (error) {
      // What comes after the formats only makes the events' text nicer, and older perfs left it out.
      if (!(error instanceof InputError) || !metadata.formats.size) throw error;
      const message = `the tracing data ends early, in ${section}: ${error.message}`;
      warnings.add('undecoded', 'perf-tracing-data', message, { offset: reader.offset });
      break;
    }
  }
  return { metadata, longSize: (metadata.longSize ?? headLong) === 4 ? 4 : 8 };
}
