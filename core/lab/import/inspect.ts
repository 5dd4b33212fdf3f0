/** Looking into capture files without a lab: facts, packets, samples, events as text. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { EventPrinter } from '../../formats/event-format/event-printer.ts';
import type { TraceFile } from '../../formats/event-format/trace-file.ts';
import { openFtraceText } from '../../formats/ftrace-text/ftrace-text.ts';
import { hasTracepoints, openPerfTrace } from '../../formats/perf-data/trace-events.ts';
import { midrOf, openPerfData } from '../../formats/perf-data/perf-data.ts';
import { requireSpe } from '../../formats/perf-data/no-spe.ts';
import type { PerfData } from '../../formats/perf-data/perf-data.ts';
import type { TimeConv } from '../../formats/perf-data/time-conv.ts';
import { openSpeScript } from '../../formats/perf-script/spe-script.ts';
import { openTraceScript } from '../../formats/perf-script/trace-script.ts';
import { InputError, Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import { openRawSpe, rawSpeFacts } from '../../formats/raw-spe/raw-spe.ts';
import type { RawSpe } from '../../formats/raw-spe/raw-spe.ts';
import type { ByteSource } from '../../formats/source.ts';
import { SpeColumns } from '../../formats/spe/columns.ts';
import { decodeSpe } from '../../formats/spe/decode.ts';
import { dumpPackets } from '../../formats/spe/dump.ts';
import { DecodedColumns } from '../../formats/spe/record-memory.ts';
import { sampleJson } from '../../formats/spe/sample-json.ts';
import type { TextSamples } from '../../formats/spe/text-samples.ts';
import { openSpeCsv } from '../../formats/spe-csv/spe-csv.ts';
import { openTraceDat } from '../../formats/trace-dat/trace-dat.ts';
import { detectFormat } from './detect.ts';
import type { Format } from './detect.ts';
import type { FileSource } from '../file-source.ts';
import { withCapture } from '../file-source.ts';
import { withUnpacked } from './packed/unpack.ts';

type Write = (text: string) => void;

/** What the file itself doesn't say. */
export interface InspectOptions {
  /** It is a bare SPE buffer. */
  readonly rawSpe?: RawSpe;
  /** Converts ticks to ns, for spe-parser's CSV. */
  readonly timeConv?: TimeConv;
}

/** Header, features, clocks, counts: plain values, ready for JSON. */
export function inspectFacts(file: string, options: InspectOptions = {}): { facts: object; warnings: Warning[] } {
  return withPlain(file, (source) => {
    const warnings = new Warnings();
    const facts = factsOf(source, options, warnings);
    return { facts: { file, bytes: source.size, ...facts }, warnings: warnings.list() };
  });
}

function factsOf(source: ByteSource, options: InspectOptions, warnings: Warnings): object {
  if (options.rawSpe) return rawSpeFacts(source, options.rawSpe);
  const format = detectFormat(source);
  const samples = openSamples(format, source, options, warnings);
  if (samples) return { ...samples.facts, ...countSamples(samples) };
  return format === 'perf.data' ? openPerfData(source, warnings).facts : openTrace(source, warnings).facts;
}

/** Text has no header: only reading it shows what it holds. */
function countSamples(text: TextSamples): object {
  const cpus = new Set<number>();
  let samples = 0;
  text.read(new SpeColumns(8192), ({ n, cpu }) => {
    samples += n;
    for (let i = 0; i < n; i++) if (cpu[i] >= 0) cpus.add(cpu[i]);
  });
  return { samples, cpuList: [...cpus].sort((a, b) => a - b), binaries: text.binaries.map((b) => b.file) };
}

/** The SPE packets of a perf.data or raw buffer, in the text of `perf report -D`. */
export function inspectPackets(file: string, options: InspectOptions, write: Write): Warning[] {
  return withPlain(file, (source) => {
    const warnings = new Warnings();
    for (const text of dumpPackets(openSpe(source, options, warnings))) write(text);
    return warnings.list();
  });
}

/** A JSON line per SPE record: queue by queue in stream order, or in text order. */
export function inspectSamples(file: string, options: InspectOptions, write: Write): Warning[] {
  return withPlain(file, (source) => {
    const warnings = new Warnings();
    const columns = new DecodedColumns(8192);
    const print = (midr?: bigint) => (batch: SpeColumns) => {
      for (let i = 0; i < batch.n; i++) write(`${sampleJson(batch, i, midr)}\n`);
    };
    const text = options.rawSpe ? undefined : openSamples(detectFormat(source), source, options, warnings);
    if (text) {
      text.read(columns, print());
    } else {
      const perf = openSpe(source, options, warnings);
      for (const queue of perf.queues) decodeSpe(perf, queue, columns, print(midrOf(perf, queue.cpu)), warnings);
    }
    return warnings.list();
  });
}

/** Trace events, one per line: text as `trace-cmd report -N -t` prints it, or JSON. */
export function inspectEvents(file: string, json: boolean, write: Write): Warning[] {
  return withPlain(file, (source) => {
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

/** A capture, unpacked. */
function withPlain<T>(file: string, use: (source: FileSource) => T): T {
  return withUnpacked(file, ({ path, archive }) => {
    if (archive) throw new InputError(file, `is a ${archive}: unpack it and name the capture in it`);
    return withCapture(path, (source) => use({ ...source, name: file }));
  });
}

/** SPE data as packets. */
function openSpe(source: ByteSource, { rawSpe }: InspectOptions, warnings: Warnings): PerfData {
  if (rawSpe) return openRawSpe(source, rawSpe);
  const format = detectFormat(source);
  if (format !== 'perf.data') throw new InputError(source.name, `is ${format}: only perf.data holds SPE packets`);
  const perf = openPerfData(source, warnings);
  requireSpe(perf);
  return perf;
}

/** SPE samples as text; undefined for other formats. */
function openSamples(
  format: Format,
  source: ByteSource,
  { timeConv }: InspectOptions,
  warnings: Warnings,
): TextSamples | undefined {
  if (format === 'perf-script-spe') return openSpeScript(source, warnings);
  return format === 'spe-csv' ? openSpeCsv(source, timeConv, warnings) : undefined;
}

function openTrace(source: ByteSource, warnings: Warnings): TraceFile {
  const format = detectFormat(source);
  switch (format) {
    case 'trace.dat':
      return openTraceDat(source, warnings);
    case 'ftrace-text':
      return openFtraceText(source, warnings);
    case 'perf-script-trace':
      return openTraceScript(source, warnings);
    case 'perf-script-spe':
    case 'spe-csv':
    case 'raw-spe':
      throw new InputError(source.name, 'holds SPE samples, no events: `inspect --samples` reads them');
    case 'perf.data': {
      const perf = openPerfData(source, warnings);
      if (hasTracepoints(perf)) return openPerfTrace(perf, warnings);
      const message =
        'is a perf.data without tracepoints: `inspect --samples` and `inspect --packets` read its SPE data';
      throw new InputError(source.name, message);
    }
  }
}
