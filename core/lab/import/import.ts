/** Imports captures: whatever the file, one transaction per call; failures leave the lab file unchanged. */
import { basename } from 'node:path';
import type { TimeConv } from '../../formats/perf-data/time-conv.ts';
import { InputError, Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import type { RawSpe } from '../../formats/raw-spe/raw-spe.ts';
import { MAX_VM_BYTES, parseVmDescription, VmDescriptionError } from '../../model/vm.ts';
import { addCapture, addWarnings, finishCapture, getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import { setClockPair } from '../../store/clock-pairs.ts';
import type { Db } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { RequestError } from '../about.ts';
import { captureSummary } from '../captures/captures.ts';
import type { CaptureSummary } from '../captures/captures.ts';
import type { Stage2 } from '../captures/stage2.ts';
import { buildTraceLevels } from '../captures/trace-levels.ts';
import type { OnStage2 } from '../captures/trace-levels.ts';
import type { FileSource } from '../file-source.ts';
import { readTextFile, withCapture, withFile } from '../file-source.ts';
import { kcoreKallsyms } from '../symbols/files.ts';
import type { SymbolSources } from '../symbols/files.ts';
import { addSymbols } from '../symbols/symbols.ts';
import { readHostFile } from './host-file.ts';
import { hostFileOf, stemOf, vmFileBeside } from './companions.ts';
import { BOARD_FACTS, clocksOf } from './board-facts.ts';
import type { BoardFacts } from '../../model/terms/capture-facts.ts';
import { detectFormat } from './detect.ts';
import { withArchive } from './packed/archive.ts';
import type { Layer } from './packed/layers.ts';
import { withUnpacked } from './packed/unpack.ts';
import type { Cut, Unpacked } from './packed/unpack.ts';
import { openParts } from './parts.ts';
import type { PartWork } from './parts.ts';
import { hashSource } from './source-hash.ts';

export interface ImportOptions {
  /** VM description for the KVM traces among the files; by default `X.vm.json` beside `X.trace.dat`. */
  readonly vmFile?: string;
  /** The capture's name; the file's if not given. */
  readonly name?: string;
  /** What a reader of results must know of these captures: `synthesised`, `emulated: timings are not those of hardware`. */
  readonly notes?: readonly string[];
  /** The files are bare SPE buffers; see `openRawSpe`. */
  readonly rawSpe?: RawSpe;
  /** Converts ticks to ns, for spe-parser's CSV. */
  readonly timeConv?: TimeConv;
  /** Where to look for the functions of SPE samples; nowhere if not given. */
  readonly symbols?: SymbolSources;
  /** Called now and then with what is being read, for a progress line. */
  readonly onProgress?: (file: string, records: number) => void;
  /** Called about once per MiB read: bytes so far, of how many. A file is read about twice (hash, then records). */
  readonly onRead?: (done: number, total: number) => void;
  /** Called while a trace's stage 2 timeline is made, after reading: events so far, of how many. */
  readonly onStage2?: OnStage2;
  /** Gets what was reconstructed from a trace, by capture: saves a replay in the same transaction the work. */
  readonly onTimelines?: (kvm: number, stage2: Stage2) => void;
  /** Threads that decode SPE data besides the caller's; as many as help, if not given. */
  readonly threads?: number;
  /** Called after each batch that was written: see `inLabFile`. */
  readonly writeBack?: () => void;
  /** The file's name in the lab, if its path is only temporary. */
  readonly shownAs?: string;
  /** Archives around it. */
  readonly depth?: number;
  /** Where `umbra capture` recorded it. */
  readonly board?: BoardFacts;
}

/**
 * Imports files into a lab file, which is made if missing. All or none. Throws InputError (the file), RequestError (the VM
 * description), AggregateError (several files) or LabFileError (the lab).
 */
export function importFiles(lab: string, files: readonly string[], options: ImportOptions = {}): CaptureSummary[] {
  return inLabFile(lab, 'create', (db, writeBack) => {
    const { made, failed } = importAll(db, files, { ...options, writeBack });
    if (failed.length) throw together(failed);
    return made.map(captureSummary);
  });
}

/** The same, but imports those that it can. Throws if there are none. */
export function importEach(
  lab: string,
  files: readonly string[],
  options: ImportOptions = {},
): { captures: CaptureSummary[]; failed: readonly Error[] } {
  return inLabFile(lab, 'create', (db, writeBack) => {
    const { made, failed } = importAll(db, files, { ...options, writeBack });
    if (!made.length) throw together(failed);
    return { captures: made.map(captureSummary), failed };
  });
}

/** What to throw for files that failed: AggregateError for several. */
export function together(failed: readonly Error[]): Error {
  return failed.length === 1 ? failed[0] : new AggregateError(failed);
}

/** Tries all files: a bad one leaves nothing behind and doesn't stop the next. */
function importAll(db: Db, files: readonly string[], options: ImportOptions) {
  const failed: Error[] = [];
  const made = files.flatMap((file) => {
    db.exec('SAVEPOINT one_file');
    try {
      return importFile(db, file, options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      db.exec('ROLLBACK TO one_file');
      failed.push(error);
      return [];
    } finally {
      // On a full disk SQLite has rolled everything back.
      if (db.inTransaction) db.exec('RELEASE one_file');
    }
  });
  return { made, failed };
}

/**
 * Imports one file in the caller's transaction, however it is packed: one capture, or two if it holds both SPE data and KVM's
 * events, or is an archive of a pair.
 */
export function importFile(db: Db, file: string, options: ImportOptions): CaptureRow[] {
  const shown = options.shownAs ?? file;
  const depth = options.depth ?? 0;
  const use = ({ path, layers, archive, cut }: Unpacked): CaptureRow[] => {
    if (!archive) return importUnpacked(db, { path, file, shown, layers, cut }, options);
    if (depth === MAX_DEPTH)
      throw new InputError(shown, `more than ${MAX_DEPTH} archives in each other: unpack it by hand`);
    return withArchive({ path, archive, shown }, (held, told) => {
      const board = told && 'facts' in told ? told.facts : undefined;
      const made = held.flatMap((member) =>
        importFile(db, member.path, { ...options, board, depth: depth + 1, shownAs: `${shown}:${member.name}` }),
      );
      if (told && 'problem' in told) for (const { id } of made) addWarnings(db, id, [brokenFacts(told.problem)]);
      const clocks = board && clocksOf(board);
      const spe = made.find((c) => c.kind === 'spe');
      const kvm = made.find((c) => c.kind === 'kvm');
      if (clocks && spe && kvm) setClockPair(db, spe.id, kvm.id, clocks);
      return made.map((c) => getCapture(db, c.id));
    });
  };
  return options.rawSpe ? use({ path: file, layers: [], archive: undefined }) : withUnpacked(file, use, shown);
}

/** Archives in archives: some hold themselves. */
const MAX_DEPTH = 4;

/** A file to import, and what it was packed in. */
interface Packed {
  readonly path: string;
  /** With all its layers. */
  readonly file: string;
  /** Its name in the lab. */
  readonly shown: string;
  readonly layers: readonly Layer[];
  readonly cut?: Cut;
}

function importUnpacked(db: Db, packed: Packed, options: ImportOptions): CaptureRow[] {
  const { layers, file, shown, cut } = packed;
  if (!layers.length) return importOpened(db, packed, undefined, options);
  try {
    return withFile(file, (outer) => importOpened(db, packed, outer, options));
  } catch (error) {
    // What is left isn't enough: that it isn't all there is says why.
    if (cut && error instanceof InputError) throw new InputError(shown, cut.message);
    throw error;
  }
}

/** @param outer the file as given, if the import was packed in it */
function importOpened(
  db: Db,
  { path, file, shown, layers, cut }: Packed,
  outer: FileSource | undefined,
  options: ImportOptions,
): CaptureRow[] {
  return withCapture(path, (opened) => {
    const { source, count } = watched({ ...opened, name: shown }, options.onRead);
    const warnings = new Warnings();
    if (cut) {
      const { layer, reason, bytes } = cut;
      const message = `its ${layer} is cut short or damaged (${reason}): what came after is missing`;
      warnings.add('data-loss', 'packed-cut', message, { offset: bytes });
    }
    const format = options.rawSpe ? 'raw-spe' : detectFormat(source);
    let records = 0;
    const hash = hashSource(outer ?? source, format === 'perf.data', count);
    const work: PartWork = {
      onRecords: (n) => {
        options.writeBack?.();
        options.onProgress?.(source.name, (records += n));
      },
      count,
      meanwhile: () => hash.step(),
      threads: options.threads,
    };
    const name = options.name ?? stemOf(basename(shown));
    try {
      const parts = openParts(format, source, warnings, options);
      return parts.map(({ kind, importInto }) => {
        const vm = kind === 'kvm' ? readVmFile(options.vmFile ?? vmFileBeside(file)) : undefined;
        const host = kind === 'kvm' ? readHostFile(hostFileOf(file)) : undefined;
        const id = addCapture(db, { kind, name, file: shown, format, bytes: (outer ?? source).size });
        const own = new Warnings();
        const { facts, read, ...found } = importInto(db, id, own, work);
        const common = warnings.list().filter((w) => kind === 'spe' || !w.kind.startsWith('spe-'));
        finishCapture(db, id, {
          ...found,
          sha256: hash.digest(),
          vm: vm?.json,
          facts: {
            ...facts,
            ...(layers.length && { packedIn: layers }),
            ...(host && { host }),
            ...(vm && { vmFile: options.vmFile ?? `${stemOf(shown)}.vm.json` }),
            ...(options.notes?.length && { notes: options.notes }),
            ...(options.board && { board: options.board }),
          },
          warnings: [...common, ...own.list()],
        });
        if (kind === 'kvm') {
          const stage2 = buildTraceLevels(db, id, { known: read, onStep: options.onStage2 });
          options.onTimelines?.(id, stage2);
        } else if (options.symbols || kcoreKallsyms(shown)) addSymbols(db, getCapture(db, id), options.symbols ?? {});
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
    message: `${BOARD_FACTS} in the archive can't be read (${problem}): where it was recorded, and how the clocks lay, is unknown.`,
    count: 1,
  };
}

/** Counts bytes read, here and (by `count`) in other threads. */
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
