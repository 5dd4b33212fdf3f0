/** What a trace.dat's head says: where everything lies, and how to read it. Versions 6 and 7. */
import { InputError, type Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { openCompressed, type Compression } from './compression.ts';
import { MAX_CPUS, MAX_PAGE } from './limits.ts';
import { Metadata } from './metadata.ts';
import { clockIn, Options, sectionNames, type BufferPlace } from './options.ts';
import { Reader } from './reader.ts';

/** 0x17 0x08 0x44, "tracing" */
const MAGIC = [0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67];

export interface BufferLayout extends BufferPlace {
  /** Its CPUs' data are chunks, each compressed separately. */
  readonly compressed: boolean;
}

export interface Layout {
  readonly version: number;
  readonly compression: Compression;
  readonly longSize: number;
  readonly pageSize: number;
  readonly cpus: number;
  /** The top buffer first, even if it is empty. */
  readonly buffers: BufferLayout[];
  readonly options: Options;
  readonly metadata: Metadata;
}

/** True for the first bytes (10 are enough) of a trace.dat. */
export function isTraceDat(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}

export function readLayout(source: ByteSource, warnings: Warnings): Layout {
  const reader = new Reader(source, 0);
  if (!isTraceDat(source.read(0, MAGIC.length))) throw new InputError(source.name, 'not a trace.dat file', 0);
  reader.offset = MAGIC.length;
  const version = Number.parseInt(reader.cString('file version'), 10);
  if (version !== 6 && version !== 7) {
    throw reader.error(
      `trace.dat version ${version} is not known (6 and 7 are): convert it with "trace-cmd convert"`,
      MAGIC.length,
    );
  }
  if (reader.u8('byte order') !== 0) {
    throw reader.error('a trace of a big-endian machine: not supported', reader.offset - 1);
  }
  const headLong = reader.u8('size of long');
  const pageSize = reader.u32('page size');
  const head = { version, pageSize };
  const metadata = new Metadata(warnings);
  const options = new Options();
  const rest = version === 7 ? readSections(reader, metadata, options) : readInOrder(reader, metadata, options);
  const longSize = metadata.longSize ?? headLong;
  if (longSize !== 4 && longSize !== 8)
    throw new InputError(source.name, `a kernel long of ${longSize} bytes: the file is damaged`);
  for (const b of rest.buffers) {
    const size = b.pageSize || pageSize;
    if (b.cpus.length && (size < 32 || size > MAX_PAGE || size % 4 !== 0)) {
      throw new InputError(source.name, `ring buffer pages of ${size} bytes: the file is damaged`);
    }
  }
  return { ...head, longSize, options, metadata, ...rest };
}

type Rest = Pick<Layout, 'compression' | 'cpus' | 'buffers'>;

/** Version 7: options name the sections, and the sections may be anywhere. */
function readSections(reader: Reader, metadata: Metadata, options: Options): Rest {
  const name = reader.cString('compression');
  reader.cString('version of the compression');
  if (name !== 'none' && name !== 'zstd' && name !== 'zlib') {
    throw reader.error(
      `compressed with ${name}, which is not supported: convert it with "trace-cmd convert --compression zstd"`,
    );
  }
  const start = reader.size('offset of the options', Number.MAX_SAFE_INTEGER);
  if (start === 0) throw reader.error('no options, which name all else; the file is damaged');
  options.readSections(reader, start, name);
  for (const section of sectionNames) {
    const at = options.sections.get(section);
    if (at === undefined) continue;
    const flags = sectionHeader(reader, at);
    metadata.read(section, flags & 1 ? openCompressed(reader, name, section) : reader);
  }
  const buffers = options.buffers.map((b) => ({ ...b, compressed: (sectionHeader(reader, b.offset) & 1) === 1 }));
  const cpus = Math.max(options.cpus, ...buffers.map((b) => (b.cpus.at(-1)?.cpu ?? -1) + 1));
  return { compression: name, cpus, buffers: topFirst(buffers) };
}

/** Returns the section's flags and leaves the reader after its header. */
function sectionHeader(reader: Reader, at: number): number {
  reader.offset = at;
  reader.u16('section');
  const flags = reader.u16('section');
  reader.u32('section');
  reader.u64('section');
  return flags;
}

/** Version 6: everything in one order, the CPUs' data last. */
function readInOrder(reader: Reader, metadata: Metadata, options: Options): Rest {
  for (const section of sectionNames) metadata.read(section, reader);
  const inFile = cpuCount(reader);
  const top: BufferLayout = { ...emptyTop(), cpus: readData(reader, options, inFile, '') };
  if (options.hasClockOption) {
    const bytes = reader.left >= 8 ? reader.size('clock', 65536) : 0;
    options.clock = clockIn(reader.text(Math.min(bytes, reader.left), 'clock')) ?? 'local';
  }
  const cpus = Math.max(options.cpus, inFile);
  const instances = options.buffers.filter((b) => b.name !== '');
  const buffers = instances.map((b): BufferLayout => {
    reader.offset = b.offset;
    return { ...b, compressed: false, cpus: readData(reader, new Options(), cpus, b.name) };
  });
  return { compression: 'none', cpus, buffers: [{ ...top, clock: options.clock ?? '' }, ...buffers] };
}

function cpuCount(reader: Reader): number {
  const cpus = reader.u32('count of CPUs');
  if (cpus > MAX_CPUS)
    throw reader.error(`${cpus} CPUs, the limit is ${MAX_CPUS}; the file is damaged`, reader.offset - 4);
  return cpus;
}

/** Options if there are any, the kind of data, and the table of CPUs. */
function readData(reader: Reader, options: Options, cpusInFile: number, buffer: string): BufferPlace['cpus'] {
  let kind = reader.text(10, 'kind of data');
  if (kind.startsWith('options')) {
    options.readList(reader);
    kind = reader.text(10, 'kind of data');
  }
  if (kind.startsWith('latency')) throw latencyError(reader, buffer);
  if (!kind.startsWith('flyrecord'))
    throw reader.error('no event data where they belong; the file is damaged', reader.offset - 10);
  const cpus: BufferPlace['cpus'] = [];
  for (let cpu = 0; cpu < (options.cpus || cpusInFile); cpu++) {
    cpus.push({
      cpu,
      offset: reader.size('table of CPUs', Number.MAX_SAFE_INTEGER),
      size: reader.size('table of CPUs', Number.MAX_SAFE_INTEGER),
    });
  }
  return cpus;
}

function latencyError(reader: Reader, buffer: string): InputError {
  return reader.error(
    `${buffer ? `buffer ${buffer}` : 'it'} holds a latency tracer's report, not events: save its text with "trace-cmd report" and import that`,
  );
}

function emptyTop(): BufferLayout {
  return { name: '', offset: 0, clock: '', pageSize: 0, cpus: [], isText: false, compressed: false };
}

function topFirst(buffers: BufferLayout[]): BufferLayout[] {
  const top = buffers.find((b) => b.name === '') ?? emptyTop();
  return [top, ...buffers.filter((b) => b.name !== '')];
}
