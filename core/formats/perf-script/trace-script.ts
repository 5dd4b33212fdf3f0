/** Tracepoint samples as `perf script` prints them: the payload of an event is its text, as in other trace text. */
import type { TraceDictionary } from '../event-format/columns.ts';
import { Symbols } from '../event-format/symbols.ts';
import type { TraceBuffer, TraceFacts, TraceFile } from '../event-format/trace-file.ts';
import type { EventLine } from '../ftrace-text/event-line.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import { TextColumns } from '../ftrace-text/text-columns.ts';
import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { isTracepoint } from './perf-script.ts';
import { parseScriptLine } from './script-line.ts';

/** Opens a text that holds events. Never throws: what is no event is counted in `warnings` while the events are read. */
export function openTraceScript(source: ByteSource, warnings: Warnings): TraceFile {
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
      const writer = new TextColumns(
        dictionary,
        { parse: parseEvent, nanoseconds: true },
        buffers,
        columns,
        onBatch,
        warnings,
      );
      let samples = 0;
      let other = 0;
      forEachLine(source, warnings, (line) => {
        const { text } = line;
        const sample = parseScriptLine(text);
        if (sample && !isTracepoint(sample.event)) other++;
        // Frames of call chains are indented; a blank line ends them.
        else if (sample || (text !== '' && !/^\s/.test(text))) writer.take(line);
        if (sample) samples++;
        return true;
      });
      writer.finish();
      warnOfGuestSamples(dictionary, warnings);
      if (other) {
        const message = `${samples} samples, of which some are of no tracepoint: left out`;
        warnings.add('info', 'script-other-events', message, { count: other });
      }
    },
  };
}

/** perf calls threads `[guest/PID]` in samples that were taken while a vCPU was loaded: nearly all of kvm_entry and kvm_exit. */
function warnOfGuestSamples({ formats, comms }: TraceDictionary, warnings: Warnings): void {
  if (!formats.some((f) => f.system === 'kvm') || comms.some((comm) => comm.startsWith('[guest/'))) return;
  const message =
    'no samples of loaded vCPUs: perf script leaves these out, guest faults among them, unless --guest-code is given';
  warnings.add('data-loss', 'script-no-guest', message);
}

function parseEvent(text: string): EventLine | undefined {
  const sample = parseScriptLine(text);
  if (!sample) return undefined;
  const colon = sample.event.indexOf(':');
  return {
    comm: sample.comm,
    pid: sample.tid,
    buffer: '',
    cpu: Math.max(0, Math.min(sample.cpu, 65535)),
    time: sample.time,
    system: sample.event.slice(0, colon),
    event: sample.event.slice(colon + 1),
    textAt: sample.restAt,
  };
}
