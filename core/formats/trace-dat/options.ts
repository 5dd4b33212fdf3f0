/**
 * Options of a trace.dat: small facts, and in version 7 the places of everything else.
 * trace-cmd lib/trace-cmd/trace-input.c (handle_options), Documentation/trace-cmd/trace-cmd.dat.v7.5.txt.
 */
import type { TraceGuest } from '../event-format/trace-file.ts';
import { memorySource } from '../source.ts';
import { MAX_BUFFERS, MAX_CPUS, MAX_OPTIONS, MAX_OPTION_SECTIONS } from './limits.ts';
import { openCompressed, type Compression } from './compression.ts';
import { Reader } from './reader.ts';
import { TimeCorrection } from './time.ts';

/** By id. */
const optionNames = [
  'DONE',
  'DATE',
  'CPUSTAT',
  'BUFFER',
  'TRACECLOCK',
  'UNAME',
  'HOOK',
  'OFFSET',
  'CPUCOUNT',
  'VERSION',
  'PROCMAPS',
  'TRACEID',
  'TIME_SHIFT',
  'GUEST',
  'TSC2NSEC',
  'STRINGS',
  'HEADER_INFO',
  'FTRACE_EVENTS',
  'EVENT_FORMATS',
  'KALLSYMS',
  'PRINTK',
  'CMDLINES',
  'BUFFER_TEXT',
] as const;

/** Sections that version 7 places by an option, in the order in which version 6 stores them. */
export const sectionNames = [
  'HEADER_INFO',
  'FTRACE_EVENTS',
  'EVENT_FORMATS',
  'KALLSYMS',
  'PRINTK',
  'CMDLINES',
] as const;
export type SectionName = (typeof sectionNames)[number];

export interface BufferPlace {
  readonly name: string;
  /** Of its section (version 7) or of its CPU table (version 6). */
  readonly offset: number;
  readonly clock: string;
  readonly pageSize: number;
  readonly cpus: { cpu: number; offset: number; size: number }[];
  /** A latency tracer's report, as text. */
  readonly isText: boolean;
}

export class Options {
  readonly seen: { name: string; bytes: number }[] = [];
  readonly sections = new Map<SectionName, number>();
  readonly buffers: BufferPlace[] = [];
  readonly cpuStats: string[] = [];
  readonly guests: TraceGuest[] = [];
  readonly time = new TimeCorrection();
  /** The bracketed clock of TRACECLOCK; undefined when that option is missing. */
  clock: string | undefined;
  hasClockOption = false;
  uname: string | undefined;
  version: string | undefined;
  traceId: string | undefined;
  cpus = 0;

  /** Version 7: sections of options, each naming the next. */
  readSections(reader: Reader, start: number, compression: Compression): void {
    const visited = new Set<number>();
    for (let at = start; at !== 0;) {
      if (visited.has(at) || visited.size >= MAX_OPTION_SECTIONS) {
        throw reader.error('the options sections lead back to themselves; the file is damaged', at);
      }
      visited.add(at);
      if (at >= reader.source.size) throw incomplete(reader, at);
      reader.offset = at;
      const id = reader.u16('options section');
      const flags = reader.u16('options section');
      reader.u32('options section');
      reader.u64('options section');
      if (id !== 0)
        throw reader.error(`no options section here (section ${id}); the file is damaged or incomplete`, at);
      const inner = flags & 1 ? openCompressed(reader, compression, 'options section') : reader;
      at = this.#readList(inner, true);
    }
  }

  /** Version 6: one list, without a header. */
  readList(reader: Reader): void {
    this.#readList(reader, false);
  }

  /** Returns the offset of the next section; 0 for none. */
  #readList(reader: Reader, sections: boolean): number {
    for (;;) {
      const at = reader.offset;
      const id = reader.u16('option');
      if (id === 0 && !sections) return 0;
      const size = reader.u32('option');
      // Copied: the source may reuse what it lent.
      const bytes = reader.bytes(size, `option ${optionNames[id] ?? id}`).slice();
      const data = new Reader(memorySource(bytes, reader.source.name), 0, { sectionAt: at });
      if (id === 0) return data.size('offset of the next options', Number.MAX_SAFE_INTEGER);
      const name = optionNames[id] ?? `option ${id}`;
      if (this.seen.length >= MAX_OPTIONS) throw reader.error('too many options; the file is damaged', at);
      this.seen.push({ name, bytes: size });
      this.#take(name, data, sections);
    }
  }

  #take(name: string, data: Reader, sections: boolean): void {
    const size = data.left;
    const line = (): string => data.text(size, name).split('\0', 1)[0];
    switch (name) {
      case 'DATE':
        // Microseconds between the trace's clock and the wall clock.
        this.time.offset += signedNumber(line()) * 1000n;
        break;
      case 'OFFSET':
        this.time.offset += signedNumber(line());
        break;
      case 'CPUSTAT':
        this.cpuStats.push(line().trim());
        break;
      case 'BUFFER':
      case 'BUFFER_TEXT':
        if (this.buffers.length >= MAX_BUFFERS) throw data.error('too many buffers; the file is damaged');
        this.buffers.push(readBuffer(data, sections, name === 'BUFFER_TEXT'));
        break;
      case 'TRACECLOCK':
        this.hasClockOption = true;
        this.clock = clockIn(line()) ?? this.clock;
        break;
      case 'UNAME':
        this.uname = line();
        break;
      case 'VERSION':
        this.version = line();
        break;
      case 'CPUCOUNT':
        if (size >= 4) this.cpus = data.u32(name);
        if (this.cpus > MAX_CPUS) throw data.error(`${this.cpus} CPUs, the limit is ${MAX_CPUS}; the file is damaged`);
        break;
      case 'TRACEID':
        if (size >= 8) this.traceId = `0x${data.u64(name).toString(16)}`;
        break;
      case 'GUEST':
        this.guests.push(readGuest(data));
        break;
      case 'TIME_SHIFT':
        if (size >= 16) this.time.readShifts(data);
        break;
      case 'TSC2NSEC':
        if (size >= 16) this.time.setMultiplier(data.u32(name), data.u32(name));
        break;
      default: {
        const section = sectionNames.find((s) => s === name);
        if (section && size >= 8) this.sections.set(section, data.size(name, Number.MAX_SAFE_INTEGER));
      }
    }
  }
}

/** The tables of version 7 follow what they describe: a file without them can't be read. */
function incomplete(reader: Reader, at: number): Error {
  const { size } = reader.source;
  return reader.error(
    `tables should stand at byte ${at}, but the file has ${size} bytes: it is incomplete, copy or record it again`,
    size,
  );
}

/** C's strtoll, base 0. */
function signedNumber(text: string): bigint {
  const m = /^\s*(-?)(0[xX][0-9a-fA-F]{1,16}|\d{1,19})/.exec(text);
  if (!m) return 0n;
  return m[1] ? -BigInt(m[2]) : BigInt(m[2]);
}

/** The current clock is in brackets: `[local] global mono`. */
export function clockIn(text: string): string | undefined {
  return /\[\s*([^\s\]]+)/.exec(text)?.[1];
}

function readBuffer(data: Reader, sections: boolean, isText: boolean): BufferPlace {
  const what = 'BUFFER option';
  const offset = data.size(what, Number.MAX_SAFE_INTEGER);
  const name = data.cString(what);
  const place: BufferPlace = { name, offset, clock: '', pageSize: 0, cpus: [], isText };
  if (!sections) return place;
  const clock = data.cString(what);
  if (isText) return { ...place, clock };
  const pageSize = data.u32(what);
  const count = data.u32(what);
  if (count > MAX_CPUS) throw data.error(`${count} CPUs, the limit is ${MAX_CPUS}; the file is damaged`);
  const cpus: BufferPlace['cpus'] = [];
  const taken = new Set<number>();
  for (let i = 0; i < count; i++) {
    const cpu = data.u32(what);
    if (cpu > 65535 || taken.has(cpu)) throw data.error(`CPU ${cpu} is impossible or there twice; the file is damaged`);
    taken.add(cpu);
    cpus.push({
      cpu,
      offset: data.size(what, Number.MAX_SAFE_INTEGER),
      size: data.size(what, Number.MAX_SAFE_INTEGER),
    });
  }
  cpus.sort((a, b) => a.cpu - b.cpu);
  return { ...place, clock, pageSize, cpus };
}

function readGuest(data: Reader): TraceGuest {
  const what = 'GUEST option';
  const name = data.cString(what);
  const traceId = `0x${data.u64(what).toString(16)}`;
  const count = data.u32(what);
  const vcpus: { vcpu: number; tid: number }[] = [];
  for (let i = 0; i < count && data.left >= 8; i++) vcpus.push({ vcpu: data.u32(what), tid: data.u32(what) });
  return { name, traceId, vcpus };
}
