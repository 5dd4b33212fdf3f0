/** Events as text, in the lines of `trace-cmd report -N -t`, and as JSON lines. */
import type { TraceColumns } from './columns.ts';
import { FieldLister, toJson, type FieldValue } from './field-values.ts';
import type { RecordView } from './numbers.ts';
import { compileEvent } from './print-event.ts';
import type { TextCode } from './strings.ts';
import type { PrintedFacts, Trace } from './trace-file.ts';
import { byteText } from './text-bytes.ts';

const NAME_WIDTH = 20;

/**
 * Prints the events of one file. A description compiles at its first event, so a printer costs what it prints. Lines have no trailing
 * newline, but may hold some (stack traces, lost events).
 */
export class EventPrinter {
  readonly #file: Trace;
  readonly #texts: (TextCode | undefined)[] = [];
  readonly #listers: (FieldLister | undefined)[] = [];
  readonly #view: RecordView = { bytes: new Uint8Array(0), at: 0, size: 0, slots: [] };
  /** Widest name of an instance; 0: there are none, and lines name no buffer. */
  readonly #bufferWidth: number;

  constructor(file: Trace) {
    this.#file = file;
    this.#bufferWidth = Math.max(0, ...file.facts.buffers.slice(1).map((b) => baseName(b.name).length));
  }

  /** The first line of `trace-cmd report`. */
  head(): string {
    return `cpus=${this.#file.facts.cpus}`;
  }

  /** The event's own text: what follows its name. */
  text(columns: TraceColumns, i: number): string {
    const view = this.#look(columns, i);
    if (!isBinary(this.#file.facts)) return byteText(view.bytes, view.at, view.at + view.size);
    const event = columns.event[i];
    const { dictionary, printing } = this.#file;
    const code = (this.#texts[event] ??= compileEvent(dictionary.formats[event], printing));
    return code(view);
  }

  /**
   * The line of `trace-cmd report -N -t`, with a line before it when this CPU lost events. One difference: where a page begins with a time
   * extension, trace-cmd 3.1.6 forgets to report the loss.
   */
  line(columns: TraceColumns, i: number): string {
    const { dictionary, facts } = this.#file;
    const format = dictionary.formats[columns.event[i]];
    const cpu = columns.cpu[i];
    const start = this.#bufferLabel(columns.buffer[i]) + lostLine(cpu, columns.lostBefore[i]);
    if (format.system === '' && isBinary(facts)) {
      const unknown = '[UNKNOWN EVENT]';
      return `${start}${unknown}${unknown} (NULL): ${' '.repeat(NAME_WIDTH - 6)}${unknown}`;
    }
    const task = `${dictionary.comms[columns.comm[i]].padStart(16)}-${String(columns.tid[i]).padEnd(5)}`;
    const time = facts.nanoseconds ? ` ${seconds(columns.t[i])}` : String(columns.t[i]).padStart(12);
    const name = `${format.name}: `.padEnd(NAME_WIDTH + 2);
    const line = `${start}${task} [${String(cpu).padStart(3, '0')}]${time}: ${name}${this.text(columns, i)}`;
    return line.endsWith('\n') ? line.slice(0, -1) : line;
  }

  /** The event's own fields, by name, in the order of its description. */
  fields(columns: TraceColumns, i: number): Record<string, FieldValue> {
    return this.#lister(columns.event[i]).list(this.#look(columns, i));
  }

  /** The event's own fields as a JSON object: unsigned 64-bit values as `0x…`. */
  fieldsJson(columns: TraceColumns, i: number): string {
    return JSON.stringify(toJson(this.fields(columns, i), this.#lister(columns.event[i])));
  }

  /** `{t,cpu,pid,comm,event,fields}`: times as integers (strings from 2^53 on), unsigned 64-bit values as `0x…`. */
  json(columns: TraceColumns, i: number): string {
    const { dictionary, facts } = this.#file;
    const event = columns.event[i];
    const lost = columns.lostBefore[i];
    const t = columns.t[i];
    return JSON.stringify({
      t: t <= Number.MAX_SAFE_INTEGER ? Number(t) : String(t),
      cpu: columns.cpu[i],
      pid: columns.tid[i],
      comm: dictionary.comms[columns.comm[i]],
      event: dictionary.formats[event].name,
      ...(columns.buffer[i] > 0 && { buffer: facts.buffers[columns.buffer[i]].name }),
      ...(lost > 0 && { lostBefore: lost === 0xffffffff ? 'unknown' : lost }),
      fields: toJson(this.#lister(event).list(this.#look(columns, i)), this.#lister(event)),
    });
  }

  #lister(event: number): FieldLister {
    return (this.#listers[event] ??= new FieldLister(
      this.#file.dictionary.formats[event],
      this.#file.printing.longSize,
    ));
  }

  #look(columns: TraceColumns, i: number): RecordView {
    const view = this.#view;
    view.bytes = columns.payload;
    view.at = columns.start[i];
    view.size = columns.start[i + 1] - view.at;
    return view;
  }

  #bufferLabel(buffer: number): string {
    if (this.#file.facts.buffers.length < 2) return '';
    const name = buffer > 0 ? baseName(this.#file.facts.buffers[buffer].name) : '';
    return name === '' ? ' '.repeat(this.#bufferWidth + 2) : `${name.padStart(this.#bufferWidth)}: `;
  }
}

/** Payloads are the kernel's own; otherwise they are text already. */
function isBinary({ format }: PrintedFacts): boolean {
  return format === 'trace.dat' || format === 'perf.data';
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function lostLine(cpu: number, lost: number): string {
  if (lost === 0) return '';
  return lost === 0xffffffff ? `CPU:${cpu} [EVENTS DROPPED]\n` : `CPU:${cpu} [${lost} EVENTS DROPPED]\n`;
}

/** `%5llu.%09llu` of ns. */
function seconds(t: bigint): string {
  if (t > Number.MAX_SAFE_INTEGER) {
    return `${String(t / 1000000000n).padStart(5)}.${String(t % 1000000000n).padStart(9, '0')}`;
  }
  const ns = Number(t);
  const rest = ns % 1e9;
  return `${String((ns - rest) / 1e9).padStart(5)}.${String(rest).padStart(9, '0')}`;
}
