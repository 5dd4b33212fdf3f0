/** What is in one file, by its format: an SPE capture, a KVM trace, or both. */
import type { TraceFile } from '../../formats/event-format/trace-file.ts';
import { openFtraceText } from '../../formats/ftrace-text/ftrace-text.ts';
import { OutOfOrder } from '../../formats/ftrace-text/text-columns.ts';
import type { TextOrder } from '../../formats/ftrace-text/text-columns.ts';
import { hasSpe, openPerfData } from '../../formats/perf-data/perf-data.ts';
import { requireSpe } from '../../formats/perf-data/no-spe.ts';
import type { TimeConv } from '../../formats/perf-data/time-conv.ts';
import { hasKvmEvents, openPerfTrace } from '../../formats/perf-data/trace-events.ts';
import { openSpeScript } from '../../formats/perf-script/spe-script.ts';
import { openTraceScript } from '../../formats/perf-script/trace-script.ts';
import { Warnings } from '../../formats/problems.ts';
import { openRawSpe, rawSpeFacts } from '../../formats/raw-spe/raw-spe.ts';
import type { RawSpe } from '../../formats/raw-spe/raw-spe.ts';
import { openSpeCsv } from '../../formats/spe-csv/spe-csv.ts';
import type { TextSamples } from '../../formats/spe/text-samples.ts';
import { openTraceDat } from '../../formats/trace-dat/trace-dat.ts';
import type { CaptureKind } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import type { FileSource } from '../file-source.ts';
import type { Format } from './detect.ts';
import type { Imported } from './imported.ts';
import { importTrace } from './kvm.ts';
import { importSamples } from './samples.ts';
import { importSpe } from './spe.ts';

/** What one file gives: a capture of one kind. */
export interface Part {
  readonly kind: CaptureKind;
  readonly importInto: (db: Db, id: number, warnings: Warnings, work: PartWork) => Imported;
}

/** What goes on meanwhile. */
export interface PartWork {
  /** Called with the number of records in each batch written. */
  readonly onRecords: (records: number) => void;
  /** Gets the bytes that another thread read. */
  readonly count: (bytes: number) => void;
  /** Work to do while other threads run; returns whether there is more. */
  readonly meanwhile: () => boolean;
  readonly threads: number | undefined;
}

/** The captures in a file. @throws InputError if there are none */
export function openParts(
  format: Format,
  source: FileSource,
  warnings: Warnings,
  { rawSpe = {}, timeConv }: { readonly rawSpe?: RawSpe; readonly timeConv?: TimeConv },
): Part[] {
  const traced = (open: (own: Warnings) => TraceFile): Part => ({
    kind: 'kvm',
    importInto: (db, id, own, { onRecords }) => importTrace(db, id, source, open(own), own, onRecords),
  });
  const tracedText = (open: typeof openFtraceText): Part => ({
    kind: 'kvm',
    importInto: (db, id, own, { onRecords }) =>
      inTimeOrder(db, (order) => {
        const seen = new Warnings();
        const found = importTrace(db, id, source, open(source, seen, order), seen, onRecords);
        own.merge(seen.list());
        return found;
      }),
  });
  const sampled = (open: (own: Warnings) => TextSamples): Part => ({
    kind: 'spe',
    importInto: (db, id, own, { onRecords }) => importSamples(db, id, source.name, open(own), own, onRecords),
  });
  switch (format) {
    case 'perf.data': {
      const perf = openPerfData(source, warnings);
      const parts: Part[] = [];
      if (hasKvmEvents(perf)) parts.push(traced((own) => openPerfTrace(perf, own)));
      if (!parts.length) requireSpe(perf);
      if (hasSpe(perf)) {
        parts.unshift({
          kind: 'spe',
          importInto: (db, id, own, work) => importSpe(db, id, perf, own, { parts: source.parts, ...work }),
        });
      }
      return parts;
    }
    case 'trace.dat':
      return [traced((own) => openTraceDat(source, own))];
    case 'ftrace-text':
      return [tracedText(openFtraceText)];
    case 'perf-script-trace':
      return [tracedText(openTraceScript)];
    case 'perf-script-spe':
      return [
        {
          kind: 'spe',
          importInto: (db, id, own, { onRecords }) =>
            inTimeOrder(db, (order) => {
              const seen = new Warnings();
              const found = importSamples(db, id, source.name, openSpeScript(source, seen, order), seen, onRecords);
              own.merge(seen.list());
              return found;
            }),
        },
      ];
    case 'spe-csv':
      return [sampled((own) => openSpeCsv(source, timeConv, own))];
    case 'raw-spe': {
      const perf = openRawSpe(source, rawSpe);
      const facts = rawSpeFacts(source, rawSpe);
      return [
        {
          kind: 'spe',
          importInto: (db, id, own, work) => ({
            ...importSpe(db, id, perf, own, { parts: source.parts, ...work }),
            facts,
          }),
        },
      ];
    }
  }
}

/** Nearly all text is in time order: if reading shows that it isn't, it is read again. */
function inTimeOrder<T>(db: Db, read: (order: TextOrder) => T): T {
  db.exec('SAVEPOINT text');
  try {
    return read('checked');
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
    db.exec('ROLLBACK TO text');
    return read('sorted');
  } finally {
    // On a full disk SQLite has rolled everything back.
    if (db.inTransaction) db.exec('RELEASE text');
  }
}
