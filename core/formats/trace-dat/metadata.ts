/** The descriptive sections of a trace.dat: formats of events, kallsyms, printk formats, names of threads. */
import type { EventFormat } from '../event-format/format.ts';
import { parseEventFormat } from '../event-format/parse-format.ts';
import type { Warnings } from '../problems.ts';
import { MAX_EVENT_FORMATS, MAX_SECTION } from './limits.ts';
import type { SectionName } from './options.ts';
import type { Reader } from './reader.ts';

export class Metadata {
  /** By id. */
  readonly formats = new Map<number, EventFormat>();
  /** Thread names by pid. */
  readonly comms = new Map<number, string>();
  kallsyms = '';
  printk = '';
  /** Bytes of a kernel `long`, from the page header; undefined until that is read. */
  longSize: number | undefined;
  readonly #warnings: Warnings;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  read(section: SectionName, reader: Reader): void {
    switch (section) {
      case 'HEADER_INFO':
        return this.#headers(reader);
      case 'FTRACE_EVENTS':
        return this.#events(reader, 'ftrace');
      case 'EVENT_FORMATS': {
        const systems = countOf(reader, 'event systems');
        for (let i = 0; i < systems; i++) this.#events(reader, reader.cString('event system'));
        return;
      }
      case 'KALLSYMS':
        this.kallsyms = cut(reader.text(sizeOf(reader, reader.u32('kallsyms'), 'kallsyms'), 'kallsyms'));
        return;
      case 'PRINTK':
        this.printk = cut(
          reader.text(sizeOf(reader, reader.u32('printk formats'), 'printk formats'), 'printk formats'),
        );
        return;
      case 'CMDLINES':
        this.#threads(reader.text(reader.size('thread names', MAX_SECTION), 'thread names'));
    }
  }

  #headers(reader: Reader): void {
    expectName(reader, 'header_page');
    const page = reader.text(reader.size('header_page', MAX_SECTION), 'header_page');
    // `commit` is of the kernel's type long.
    const long = /\bcommit;\s*offset:\d+;\s*size:(\d+);/.exec(page);
    if (long) this.longSize = Number(long[1]);
    expectName(reader, 'header_event');
    reader.bytes(reader.size('header_event', MAX_SECTION), 'header_event');
  }

  #events(reader: Reader, system: string): void {
    const count = countOf(reader, 'event formats');
    for (let i = 0; i < count; i++) {
      const at = reader.offset;
      const text = reader.text(reader.size('event format', MAX_SECTION), 'event format');
      const format = parseEventFormat(text, system);
      if (!format) {
        this.#warnings.add(
          'undecoded',
          'trace-bad-format',
          'event descriptions without a name or an id: their events can’t be decoded',
          { offset: at, bytes: text.length },
        );
      } else if (!this.formats.has(format.id)) {
        this.formats.set(format.id, format);
      }
    }
  }

  /** saved_cmdlines: `pid name` per line. */
  #threads(text: string): void {
    for (const line of cut(text).split('\n')) {
      if (line === '') continue;
      const m = /^\s*(-?\d+)\s*(\S.*)$/.exec(line);
      if (!m) break;
      this.comms.set(Number(m[1]) | 0, m[2]);
    }
  }
}

function cut(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

function countOf(reader: Reader, what: string): number {
  const count = reader.u32(what);
  if (count > MAX_EVENT_FORMATS) throw reader.error(`${count} ${what}; the file is damaged`, reader.offset - 4);
  return count;
}

function sizeOf(reader: Reader, size: number, what: string): number {
  if (size > MAX_SECTION) throw reader.error(`${what} claims ${size} bytes; the file is damaged`);
  return size;
}

function expectName(reader: Reader, name: string): void {
  const at = reader.offset;
  if (reader.text(name.length + 1, name) !== `${name}\0`) {
    throw reader.error(`no ${name} where it belongs; the file is damaged`, at);
  }
}
