/** Looking into capture files without a lab: facts, packets, samples, events as text. */
import { TraceColumns } from '../formats/event-format/columns.ts';
import { EventPrinter } from '../formats/event-format/event-printer.ts';
import type { TraceFile } from '../formats/event-format/trace-file.ts';
import { openFtraceText } from '../formats/ftrace-text/ftrace-text.ts';
import { hasTracepoints, openPerfTrace } from '../formats/perf-data/trace-events.ts';
import { midrOf, openPerfData, requireSpe } from '../formats/perf-data/perf-data.ts';
import type { PerfData } from '../formats/perf-data/perf-data.ts';
import { InputError, Warnings } from '../formats/problems.ts';
import type { Warning } from '../formats/problems.ts';
import type { ByteSource } from '../formats/source.ts';
import { SpeColumns } from '../formats/spe/columns.ts';
import { decodeSpe } from '../formats/spe/decode.ts';
import { dumpPackets } from '../formats/spe/dump.ts';
import { sampleJson } from '../formats/spe/sample-json.ts';
import { openTraceDat } from '../formats/trace-dat/trace-dat.ts';
import { detectFormat } from './detect.ts';
import { withCapture } from './file-source.ts';

type Write = (text: string) => void;

/** Header, features, clocks, counts: plain values, ready for JSON. */
export function inspectFacts(file: string): { facts: object; warnings: Warning[] } {
  return withCapture(file, (source) => {
    const warnings = new Warnings();
    const { facts } =
      detectFormat(source) === 'perf.data' ? openPerfData(source, warnings) : openTrace(source, warnings);
    return { facts: { file, bytes: source.size, ...facts }, warnings: warnings.list() };
  });
}

/** The SPE packets of a perf.data, in the text of `perf report -D`. */
export function inspectPackets(file: string, write: Write): Warning[] {
  return withSpe(file, (perf) => {
    for (const text of dumpPackets(perf)) write(text);
  });
}

/** A JSON line for each SPE record, queue by queue in the order of the stream. */
export function inspectSamples(file: string, write: Write): Warning[] {
  return withSpe(file, (perf, warnings) => {
    const columns = new SpeColumns(8192);
    for (const queue of perf.queues) {
      const midr = midrOf(perf, queue.cpu);
      const onBatch = (batch: SpeColumns) => {
        for (let i = 0; i < batch.n; i++) write(`${sampleJson(batch, i, midr)}\n`);
      };
      decodeSpe(perf, queue, columns, onBatch, warnings);
    }
  });
}

/** Trace events, a line each: text as `trace-cmd report -N -t` prints it, or JSON. */
export function inspectEvents(file: string, json: boolean, write: Write): Warning[] {
  return withCapture(file, (source) => {
    const warnings = new Warnings();
    const trace = openTrace(source, warnings);
    const printer = new EventPrinter(trace);
    if (!json) write(`${printer.head()}\n`);
    trace.read(new TraceColumns(), (batch) => {
      for (let i = 0; i < batch.n; i++) write(`${json ? printer.json(batch, i) : printer.line(batch, i)}\n`);
    });
    return warnings.list();
  });
}

function withSpe(file: string, use: (perf: PerfData, warnings: Warnings) => void): Warning[] {
  return withCapture(file, (source) => {
    const warnings = new Warnings();
    const format = detectFormat(source);
    if (format !== 'perf.data') throw new InputError(file, `is ${format}: only perf.data holds SPE data`);
    const perf = openPerfData(source, warnings);
    requireSpe(perf);
    use(perf, warnings);
    return warnings.list();
  });
}

function openTrace(source: ByteSource, warnings: Warnings): TraceFile {
  const format = detectFormat(source);
  switch (format) {
    case 'trace.dat':
      return openTraceDat(source, warnings);
    case 'ftrace-text':
      return openFtraceText(source, warnings);
    case 'perf.data': {
      const perf = openPerfData(source, warnings);
      if (hasTracepoints(perf)) return openPerfTrace(perf, warnings);
      const message =
        'is a perf.data without tracepoints: `inspect --samples` and `inspect --packets` read its SPE data';
      throw new InputError(source.name, message);
    }
  }
}
