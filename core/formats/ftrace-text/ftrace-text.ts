/**
 * Traces as text: /sys/kernel/tracing/trace, trace_pipe, and what trace-cmd report prints. The payload of an event is its own
 * text in UTF-8; fieldReader and EventPrinter find its fields there.
 */
import type { TraceColumns, TraceDictionary } from '../event-format/columns.ts';
import { Symbols } from '../event-format/symbols.ts';
import type { TraceBuffer, TraceFacts, TraceFile } from '../event-format/trace-file.ts';
import { InputError, Warnings } from '../problems.ts';
import { memorySource, type ByteSource } from '../source.ts';
import { TextColumns } from './text-columns.ts';
import { parseEventLine } from './event-line.ts';
import { withoutPrefix } from './line-prefix.ts';
import { PlainEvents } from './plain-event.ts';
import { PlainLines } from './plain-lines.ts';
import type { TextOrder } from './text-columns.ts';
import { wholeLines } from './unwrap.ts';
import type { EachLine } from './unwrap.ts';

/** Bytes of the head that detection needs. */
export const HEAD_BYTES = 65536;

type TextFormat = 'ftrace' | 'trace-cmd report';

interface Head {
  format: TextFormat;
  /** From `cpus=N` or `#P:N`; 0 unknown. */
  cpus: number;
  nanoseconds: boolean;
  /** Events that the ring buffer overwrote before it was read. */
  overwritten: bigint;
  /** What trace-cmd report calls the files, if it was given several: a host's and its guest's, say. */
  recordings: string[];
}

/** True when the head (HEAD_BYTES, or the whole of a shorter file) is trace text: by its header, or by its first event. */
export function isFtraceText(head: Uint8Array): boolean {
  return readHead(memorySource(head.subarray(0, HEAD_BYTES)), HEAD_LINES) !== undefined;
}

/** Lines before the first event that a head may have. */
const HEAD_LINES = 200;

/** Up to the first event, or so many lines. */
function readHead(source: ByteSource, limit: number): Head | undefined {
  const head: Head = { format: 'ftrace', cpus: 0, nanoseconds: true, overwritten: 0n, recordings: [] };
  let known = false;
  let lines = 0;
  const begins = (text: string) => parseEventLine(text, head.format === 'trace-cmd report') !== undefined;
  wholeLines(source, begins)(source, new Warnings(), (line) => {
    const { text } = line;
    const cpus = /^\s*cpus=(\d+)$/.exec(text);
    const recording = /^(\S+): cpus=\d+$/.exec(text)?.[1];
    if (recording !== undefined) {
      head.recordings.push(recording);
    } else if (cpus) {
      head.format = 'trace-cmd report';
      head.cpus = Number(cpus[1]);
      known = true;
    } else if (text.startsWith('#')) {
      if (text.startsWith('# tracer:')) known = true;
      const counts = /entries-in-buffer\/entries-written: (\d{1,20})\/(\d{1,20})\s+#P:(\d+)/.exec(text);
      if (counts) {
        head.overwritten = BigInt(counts[2]) - BigInt(counts[1]);
        head.cpus = Number(counts[3]);
      }
    } else {
      const event = parseEventLine(text, head.format === 'trace-cmd report');
      if (event) {
        known = true;
        head.nanoseconds = /\d\.\d+: |\dus[\s+!#*@$]?: /.test(text);
        return false;
      }
    }
    return ++lines < limit;
  });
  return known ? head : undefined;
}

/**
 * Opens trace text. Lines that aren't events are counted in `warnings` while the events are read; a text without events yields none.
 * Reading throws as `order` says.
 * @throws InputError if it is of several recordings
 */
export function openFtraceText(source: ByteSource, warnings: Warnings, order: TextOrder = 'file'): TraceFile {
  const none: Head = { format: 'ftrace', cpus: 0, nanoseconds: true, overwritten: 0n, recordings: [] };
  const head = readHead(source, Infinity) ?? none;
  if (head.recordings.length > 1) {
    const message = `it holds several recordings (${head.recordings.join(', ')}), of a host and a guest perhaps: print the host's alone, with \`trace-cmd report -i FILE\``;
    throw new InputError(source.name, message);
  }
  const dictionary: TraceDictionary = { formats: [], comms: [] };
  const buffers: TraceBuffer[] = [{ name: '', clock: '', cpus: [] }];
  const facts: TraceFacts = {
    format: head.format,
    clock: '',
    nanoseconds: head.nanoseconds,
    cpus: head.cpus,
    guests: [],
    buffers,
    options: [],
    cpuStats: [],
    eventFormats: 0,
  };
  if (head.overwritten > 0n) {
    const message = 'older events that the ring buffer overwrote before it was read: the trace begins late';
    warnings.add('data-loss', 'trace-overwritten', message, { offset: 0, count: Number(head.overwritten) });
  }
  let reason: string | undefined;
  return {
    dictionary,
    facts,
    emptyBecause: () => reason,
    printing: { symbols: new Symbols(), longSize: 8 },
    read: (columns: TraceColumns, onBatch: (columns: TraceColumns) => void) => {
      const eachLine = wholeLines(source, (text) => parseEventLine(text, false) !== undefined);
      const isTraceCmd = head.format === 'trace-cmd report';
      const padded = isTraceCmd && isPadded(source, eachLine);
      const plain = (line: string) => parseEventLine(line, isTraceCmd, padded);
      const parse = withoutPrefix(source, eachLine, plain);
      const events = parse === plain ? new PlainEvents(padded) : undefined;
      const lines = events && new PlainLines();
      const kind = { parse, plain: events, lines, nanoseconds: head.nanoseconds, order };
      const text = new TextColumns(dictionary, kind, buffers, columns, onBatch, warnings);
      text.read(source, order, eachLine);
      reason = text.reason;
    },
  };
}

/** Events whose names are looked at. */
const PADDED_EVENTS = 500;

/** Whether trace-cmd's blanks behind names are there: editors and chats make one of many, and lines may be broken in them. */
function isPadded(source: ByteSource, eachLine: EachLine): boolean {
  let events = 0;
  let padded = true;
  eachLine(source, new Warnings(), ({ text }) => {
    const event = parseEventLine(text, true);
    if (!event) return true;
    padded = event.textAt === parseEventLine(text, false)?.textAt;
    return padded && ++events < PADDED_EVENTS;
  });
  return padded;
}
