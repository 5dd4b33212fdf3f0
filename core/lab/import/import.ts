/** Importing captures: whatever the file, one transaction a call; what fails leaves the lab file as it was. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { TraceFile } from '../../formats/event-format/trace-file.ts';
import { openFtraceText } from '../../formats/ftrace-text/ftrace-text.ts';
import { OutOfOrder } from '../../formats/ftrace-text/text-columns.ts';
import type { TextOrder } from '../../formats/ftrace-text/text-columns.ts';
import type { TimeConv } from '../../formats/perf-data/time-conv.ts';
import { hasSpe, openPerfData, requireSpe } from '../../formats/perf-data/perf-data.ts';
import { hasKvmEvents, openPerfTrace } from '../../formats/perf-data/trace-events.ts';
import { openSpeScript } from '../../formats/perf-script/spe-script.ts';
import { openTraceScript } from '../../formats/perf-script/trace-script.ts';
import { Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import { openRawSpe, rawSpeFacts } from '../../formats/raw-spe/raw-spe.ts';
import type { RawSpe } from '../../formats/raw-spe/raw-spe.ts';
import type { TextSamples } from '../../formats/spe/text-samples.ts';
import { openSpeCsv } from '../../formats/spe-csv/spe-csv.ts';
import { openTraceDat } from '../../formats/trace-dat/trace-dat.ts';
import type { KvmTrace } from '../../model/kvm-events.ts';
import { MAX_VM_BYTES, parseVmDescription, VmDescriptionError } from '../../model/vm.ts';
import { addCapture, addWarnings, finishCapture, getCapture } from '../../store/captures.ts';
import type { CaptureKind, CaptureRow } from '../../store/captures.ts';
import { setClockPair } from '../../store/clock-pairs.ts';
import type { Db } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { RequestError } from '../about.ts';
import { BOARD_FACTS, clocksOf } from './board-facts.ts';
import type { BoardFacts } from './board-facts.ts';
import { isTar, withTarCaptures } from './board-tar.ts';
import { captureSummary } from '../captures/captures.ts';
import type { CaptureSummary } from '../captures/captures.ts';
import { detectFormat } from './detect.ts';
import type { Format } from './detect.ts';
import type { FileSource } from '../file-source.ts';
import { readTextFile, withCapture } from '../file-source.ts';
import { importTrace } from './kvm.ts';
import { importSamples } from './samples.ts';
import { importSpe } from './spe.ts';
import { hashSource } from './source-hash.ts';
import type { SymbolSources } from '../symbols/files.ts';
import { addSymbols } from '../symbols/symbols.ts';
import { buildTraceLevels } from '../captures/trace-levels.ts';
import type { OnStage2 } from '../captures/trace-levels.ts';

export interface ImportOptions {
  /** VM description for the KVM traces among the files; without it, `X.vm.json` beside `X.trace.dat` is taken. */
  readonly vmFile?: string;
  /** What to call the capture; the file's name if not given. */
  readonly name?: string;
  /** What a reader of results must know of these captures: `synthesised`, `emulated: timings are not those of hardware`. */
  readonly notes?: readonly string[];
  /** The files are SPE buffers with nothing around them; see `openRawSpe`. */
  readonly rawSpe?: RawSpe;
  /** What makes ns of timestamps in ticks, for spe-parser's CSV. */
  readonly timeConv?: TimeConv;
  /** Where the functions of SPE samples are looked for; not at all if not given. */
  readonly symbols?: SymbolSources;
  /** Called now and then with what is being read, for a progress line. */
  readonly onProgress?: (file: string, records: number) => void;
  /** Called for each MiB or so that was read: bytes so far, of how many. A file is read about twice (hash, then records). */
  readonly onRead?: (done: number, total: number) => void;
  /** Called while the stage 2 timeline of a trace is made, after it was read: events so far, of how many. */
  readonly onStage2?: OnStage2;
  /** Threads that decode SPE data; as many as help, if not given. 0: the caller's own. */
  readonly threads?: number;
  /** Called after each batch that was written: see `inLabFile`. */
  readonly writeBack?: () => void;
  /** What the lab calls the file, if its path is only a temporary one. */
  readonly shownAs?: string;
  /** Where `umbra capture` recorded it. */
  readonly board?: BoardFacts;
}

/** What a format's importer finds out. */
export type Imported = Pick<CaptureRow, 'records' | 't0' | 't1' | 'clock'> & {
  readonly facts: object;
  /** A trace's events that the model reads. */
  readonly kvmEvents?: KvmTrace;
};

/**
 * Imports files into a lab file, which is made if missing. All or none. Throws InputError (the file), RequestError (the VM
 * description) or LabFileError (the lab).
 */
export function importFiles(lab: string, files: readonly string[], options: ImportOptions = {}): CaptureSummary[] {
  return inLabFile(lab, 'create', (db, writeBack) =>
    files.flatMap((file) => importFile(db, file, { ...options, writeBack }).map(captureSummary)),
  );
}

/** Imports one file within the caller's transaction: one capture, or two if it holds both SPE data and KVM's events. */
export function importFile(db: Db, file: string, options: ImportOptions): CaptureRow[] {
  if (isTar(file)) {
    const shown = options.shownAs ?? file;
    return withTarCaptures(file, (held, told) => {
      const board = told && 'facts' in told ? told.facts : undefined;
      const made = held.flatMap(({ path, name }) =>
        importFile(db, path, { ...options, board, shownAs: `${shown}:${name}` }),
      );
      if (told && 'problem' in told) for (const { id } of made) addWarnings(db, id, [brokenFacts(told.problem)]);
      const clocks = board && clocksOf(board);
      const spe = made.find((c) => c.kind === 'spe');
      const kvm = made.find((c) => c.kind === 'kvm');
      if (clocks && spe && kvm) setClockPair(db, spe.id, kvm.id, clocks);
      return made.map((c) => getCapture(db, c.id));
    });
  }
  return withCapture(file, (opened) => {
    const shown = options.shownAs ?? file;
    const { source, count } = watched({ ...opened, name: options.shownAs ?? opened.name }, options.onRead);
    const warnings = new Warnings();
    const format = options.rawSpe ? 'raw-spe' : detectFormat(source);
    let records = 0;
    const hash = hashSource(source, count);
    const work: PartWork = {
      onRecords: (n) => {
        options.writeBack?.();
        options.onProgress?.(source.name, (records += n));
      },
      count,
      meanwhile: () => hash.step(),
      threads: options.threads,
    };
    const name = options.name ?? basename(shown).replace(extensions, '');
    try {
      const parts = openParts(format, source, warnings, options);
      return parts.map(({ kind, importInto }) => {
        const vm = kind === 'kvm' ? readVmFile(options.vmFile ?? sidecar(file)) : undefined;
        const id = addCapture(db, { kind, name, file: shown, format, bytes: source.size });
        const own = new Warnings();
        const { facts, kvmEvents, ...found } = importInto(db, id, own, work);
        const common = warnings.list().filter((w) => kind === 'spe' || !w.kind.startsWith('spe-'));
        finishCapture(db, id, {
          ...found,
          sha256: hash.digest(),
          vm: vm?.json,
          facts: {
            ...facts,
            ...(vm && { vmFile: options.vmFile ?? `${shown.replace(extensions, '')}.vm.json` }),
            ...(options.notes?.length && { notes: options.notes }),
            ...(options.board && { board: options.board }),
          },
          warnings: [...common, ...own.list()],
        });
        if (kind === 'kvm') buildTraceLevels(db, id, { known: kvmEvents, onStep: options.onStage2 });
        else if (options.symbols) addSymbols(db, getCapture(db, id), options.symbols);
        return getCapture(db, id);
      });
    } finally {
      hash.close();
    }
  });
}

function brokenFacts(problem: string): Warning {
  return {
    severity: 'undecoded',
    kind: 'board-facts',
    message: `${BOARD_FACTS} in the tar can't be read (${problem}): where it was recorded, and how the clocks lay, is unknown.`,
    count: 1,
  };
}

/** Counts what is read, here and (by `count`) in other threads. */
function watched(source: FileSource, onRead: ImportOptions['onRead']) {
  let done = 0;
  let told = 0;
  const count = (bytes: number): void => {
    done += bytes;
    if (!onRead || done - told < READ_STEP) return;
    told = done;
    onRead(Math.min(done, 2 * source.size), 2 * source.size);
  };
  const read: FileSource['read'] = (offset, length, into) => {
    const bytes = source.read(offset, length, into);
    count(bytes.length);
    return bytes;
  };
  return { source: { ...source, read }, count };
}

/** Bytes between two calls of `onRead`. */
const READ_STEP = 1 << 18;

/** What one file gives: a capture of one kind. */
interface Part {
  readonly kind: CaptureKind;
  readonly importInto: (db: Db, id: number, warnings: Warnings, work: PartWork) => Imported;
}

/** What goes on beside. */
interface PartWork {
  /** Called with the number of records of each batch that was written. */
  readonly onRecords: (records: number) => void;
  /** Bytes that another thread read. */
  readonly count: (bytes: number) => void;
  /** Something to do while other threads work; returns whether there is more. */
  readonly meanwhile: () => boolean;
  readonly threads: number | undefined;
}

function openParts(
  format: Format,
  source: FileSource,
  warnings: Warnings,
  { rawSpe = {}, timeConv }: ImportOptions,
): Part[] {
  const traced = (open: (own: Warnings) => TraceFile): Part => ({
    kind: 'kvm',
    importInto: (db, id, own, { onRecords }) => importTrace(db, id, source.name, open(own), onRecords),
  });
  const tracedText = (open: typeof openFtraceText): Part => ({
    kind: 'kvm',
    importInto: (db, id, own, { onRecords }) =>
      inTimeOrder(db, (order) => {
        const seen = new Warnings();
        const found = importTrace(db, id, source.name, open(source, seen, order), onRecords);
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
      return [sampled((own) => openSpeScript(source, own))];
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

/** Nearly all text is in the order of its times: that it isn't shows while it is read, and then it is read again. */
function inTimeOrder<T>(db: Db, read: (order: TextOrder) => T): T {
  db.exec('SAVEPOINT text');
  try {
    return read('checked');
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
    db.exec('ROLLBACK TO text');
    return read('sorted');
  } finally {
    db.exec('RELEASE text');
  }
}

const extensions = /(\.(trace|perf|ftrace|report|script))?\.(dat|data|txt|text|log|csv)$/i;

/** `X.vm.json` beside `X.trace.dat`, if it is there. */
function sidecar(file: string): string | undefined {
  const path = `${file.replace(extensions, '')}.vm.json`;
  return path !== file && existsSync(path) ? path : undefined;
}

function readVmFile(file: string | undefined): { file: string; json: unknown } | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readTextFile(file, MAX_VM_BYTES);
    parseVmDescription(text);
    return { file, json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof VmDescriptionError) throw new RequestError(`${file}: ${error.message}`);
    throw error;
  }
}
