/** Which format a file is in, by content: names lie. */
import { isPerfData } from '../../formats/perf-data/perf-data.ts';
import { HEAD_BYTES, isFtraceText } from '../../formats/ftrace-text/ftrace-text.ts';
import { perfScriptKind } from '../../formats/perf-script/perf-script.ts';
import { foreignFile, isPage } from '../../formats/foreign.ts';
import { InputError } from '../../formats/problems.ts';
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
  // An HTML page may hold a trace, but with &lt; for < and extra lines.
  if (isPage(head)) throw new InputError(source.name, foreignFile(head));
  if (isFtraceText(head)) return 'ftrace-text';
  const script = perfScriptKind(source);
  if (script) return `perf-script-${script}`;
  throw new InputError(source.name, foreignFile(head));
}
