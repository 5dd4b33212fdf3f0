/** Tracepoint samples as `perf script` prints them: the payload of an event is its text, as in other trace text. */
import type { TraceDictionary } from '../event-format/columns.ts';
import { Symbols } from '../event-format/symbols.ts';
import type { TraceBuffer, TraceFacts, TraceFile } from '../event-format/trace-file.ts';
import { behindPlugin } from '../ftrace-text/event-line.ts';
import type { EventLine } from '../ftrace-text/event-line.ts';
import { withoutPrefix } from '../ftrace-text/line-prefix.ts';
import { TextColumns } from '../ftrace-text/text-columns.ts';
import type { TextOrder } from '../ftrace-text/text-columns.ts';
import { wholeLines } from '../ftrace-text/unwrap.ts';
import type { EachLine } from '../ftrace-text/unwrap.ts';
import { InputError, Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { isTracepoint } from './perf-script.ts';
import { parseScriptLine } from './script-line.ts';
import { isSideBand } from './side-band.ts';

/**
 * Opens a text that holds events. Lines that aren't events are counted in `warnings` while the events are read; reading throws as `order`
 * says.
 * @throws InputError if the lines give no thread, no CPU, or no fields: KVM's events mean nothing without
 */
export function openTraceScript(source: ByteSource, warnings: Warnings, order: TextOrder = 'file'): TraceFile {
  const eachLine = wholeLines(source, (text) => parseScriptLine(text) !== undefined);
  requireColumns(source, eachLine, warnings);
  const dictionary: TraceDictionary = { formats: [], comms: [] };
  const buffers: TraceBuffer[] = [{ name: '', clock: '', cpus: [] }];
  const facts: TraceFacts = {
    format: 'perf script',
    clock: '',
    nanoseconds: true,
    cpus: 0,
    guests: [],
    buffers,
    options: [],
    cpuStats: [],
    eventFormats: 0,
  };
  return {
    dictionary,
    facts,
    printing: { symbols: new Symbols(), longSize: 8 },
    read: (columns, onBatch) => {
      const kind = { parse: withoutPrefix(source, eachLine, parseEvent), nanoseconds: true, order };
      const writer = new TextColumns(dictionary, kind, buffers, columns, onBatch, warnings);
      let samples = 0;
      let other = 0;
      writer.read(source, order, eachLine, (line) => {
        const { text } = line;
        if (isSideBand(text)) return;
        const sample = parseScriptLine(text);
        if (sample && !isTracepoint(sample.event)) other++;
        // Frames of call chains are indented; a blank line ends them.
        else if (sample || (text !== '' && !FRAME.test(text))) writer.take(line);
        if (sample) samples++;
      });
      warnOfGuestSamples(dictionary, warnings);
      if (other) {
        const message = `${samples} samples, of which some are of no tracepoint: left out`;
        warnings.add('info', 'script-other-events', message, { count: other });
      }
    },
  };
}

/** A frame of a call chain, or a source line. */
const FRAME = /^\s+(?:[0-9a-f]{1,16}(?:\s|$)|\S+:\d+\s*$|\[unknown\]|\|)|^\s+$/;

const HEAD_SAMPLES = 1000;

/** Columns that -F left out, by the names that -F has for them. */
function requireColumns(source: ByteSource, eachLine: EachLine, warnings: Warnings): void {
  const has = { comm: false, tid: false, cpu: false, trace: false };
  let samples = 0;
  eachLine(source, new Warnings(), ({ text }) => {
    const sample = isSideBand(text) ? undefined : parseScriptLine(text);
    if (!sample || !isTracepoint(sample.event)) return true;
    has.comm ||= sample.comm !== '';
    has.tid ||= sample.tid >= 0;
    has.cpu ||= sample.cpu >= 0;
    has.trace ||= text.slice(sample.restAt).trim() !== '';
    return ++samples < HEAD_SAMPLES && !(has.comm && has.tid && has.cpu && has.trace);
  });
  const missing = (['comm', 'tid', 'cpu', 'trace'] as const).filter((name) => !has[name]);
  const print = `print them with \`perf script -F ${missing.map((m) => `+${m}`).join(',')}\``;
  const list = missing.join(', ');
  if (!samples || !missing.length) return;
  if (!has.tid || !has.cpu || !has.trace) {
    const known = !has.tid ? 'is of a known vCPU' : !has.cpu ? 'is of a known CPU' : 'says more than its name';
    throw new InputError(source.name, `its lines have no ${list}, so no event ${known}: ${print}`);
  }
  warnings.add('info', 'script-no-comm', `its lines have no ${list}: threads are known by number alone; ${print}`);
}

/** perf calls threads `[guest/PID]` in samples that were taken while a vCPU was loaded: nearly all of kvm_entry and kvm_exit. */
function warnOfGuestSamples({ formats, comms }: TraceDictionary, warnings: Warnings): void {
  // Without names of threads nobody can tell.
  if (comms.every((comm) => comm === '')) return;
  if (!formats.some((f) => f.system === 'kvm') || comms.some((comm) => comm.includes('[guest/'))) return;
  const message =
    'no samples of loaded vCPUs: perf script leaves these out, guest faults among them, unless --guest-code is given';
  warnings.add('data-loss', 'script-no-guest', message);
}

function parseEvent(text: string): EventLine | undefined {
  const sample = parseScriptLine(text);
  if (!sample || !isTracepoint(sample.event)) return undefined;
  const colon = sample.event.indexOf(':');
  return {
    comm: sample.comm,
    width: 16,
    pid: sample.tid,
    buffer: '',
    cpu: Math.max(0, Math.min(sample.cpu, 65535)),
    time: sample.time,
    system: sample.event.slice(0, colon),
    event: sample.event.slice(colon + 1),
    textAt: behindPlugin(text, sample.restAt),
  };
}
