/** Which format a file is in, by content: names lie. */
import { isPerfData } from '../../formats/perf-data/perf-data.ts';
import { HEAD_BYTES, isFtraceText } from '../../formats/ftrace-text/ftrace-text.ts';
import { isTracepoint, perfScriptKind } from '../../formats/perf-script/perf-script.ts';
import { parseScriptLine } from '../../formats/perf-script/script-line.ts';
import { parseEventLine } from '../../formats/ftrace-text/event-line.ts';
import { forEachLine } from '../../formats/ftrace-text/lines.ts';
import { foreignBytes, foreignFile, isPage, mayHoldEvents } from '../../formats/foreign.ts';
import { InputError, Warnings } from '../../formats/problems.ts';
import type { ByteSource } from '../../formats/source.ts';
import { isSpeCsv } from '../../formats/spe-csv/spe-csv.ts';
import { isTraceDat } from '../../formats/trace-dat/trace-dat.ts';

export type Format =
  | 'perf.data'
  | 'trace.dat'
  | 'ftrace-text'
  | 'perf-script-trace'
  | 'perf-script-spe'
  | 'spe-csv'
  /** Never detected by content: any bytes may be SPE packets. */
  | 'raw-spe';

/** Throws InputError if the content is of no known format. */
export function detectFormat(source: ByteSource): Format {
  if (source.size === 0) throw new InputError(source.name, 'is empty');
  const head = source.read(0, HEAD_BYTES);
  if (isPerfData(head)) return 'perf.data';
  if (isTraceDat(head)) return 'trace.dat';
  if (isSpeCsv(head)) return 'spe-csv';
  const foreign = foreignBytes(head);
  if (foreign !== undefined) throw new InputError(source.name, foreign);
  // An HTML page may hold a trace, but with &lt; for < and extra lines.
  if (isPage(head)) throw new InputError(source.name, foreignFile(head));
  if (isFtraceText(head)) return 'ftrace-text';
  const script = perfScriptKind(source);
  if (script) return `perf-script-${script}`;
  const later = mayHoldEvents(head) ? eventsFurtherDown(source) : undefined;
  if (later) return later;
  throw new InputError(source.name, foreignFile(head));
}

/** How much of a text that begins with something else is searched for events, bytes: a kernel log, a letter, a list of symbols. */
const FAR = 256 << 20;
/** What all lines with events have. */
const TIMED = /\d\.\d{6,9}: |\dus[ +!#*@$]?: /;

function eventsFurtherDown(source: ByteSource): Format | undefined {
  const part: ByteSource = { name: source.name, size: Math.min(source.size, FAR), read: source.read };
  let found: Format | undefined;
  forEachLine(part, new Warnings(), ({ text }) => {
    if (!TIMED.test(text)) return true;
    if (parseEventLine(text, false)) found = 'ftrace-text';
    else if (isTracepoint(parseScriptLine(text)?.event ?? '')) found = 'perf-script-trace';
    return found === undefined;
  });
  return found;
}
