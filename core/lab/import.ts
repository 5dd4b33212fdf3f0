/** Importing captures: whatever the file, one transaction a call; what fails leaves the lab file as it was. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { TraceFile } from '../formats/event-format/trace-file.ts';
import { openFtraceText } from '../formats/ftrace-text/ftrace-text.ts';
import { hasSpe, openPerfData, requireSpe } from '../formats/perf-data/perf-data.ts';
import { hasKvmEvents, openPerfTrace } from '../formats/perf-data/trace-events.ts';
import { Warnings } from '../formats/problems.ts';
import type { ByteSource } from '../formats/source.ts';
import { openTraceDat } from '../formats/trace-dat/trace-dat.ts';
import { parseVmDescription, VmDescriptionError } from '../model/vm.ts';
import { addCapture, finishCapture, getCapture } from '../store/captures.ts';
import type { CaptureKind, CaptureRow } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { inLabFile } from '../store/lab-file.ts';
import { RequestError } from './about.ts';
import { captureSummary } from './captures.ts';
import type { CaptureSummary } from './captures.ts';
import { detectFormat } from './detect.ts';
import type { Format } from './detect.ts';
import { sha256, withFile } from './file-source.ts';
import { importTrace } from './import-kvm.ts';
import { importSpe } from './import-spe.ts';
import type { SymbolSources } from './symbol-files.ts';
import { addSymbols } from './symbols.ts';
import { buildTraceLevels } from './trace-levels.ts';

export interface ImportOptions {
  /** VM description for the KVM traces among the files; without it, `X.vm.json` beside `X.trace.dat` is taken. */
  readonly vmFile?: string;
  /** What to call the capture; the file's name if not given. */
  readonly name?: string;
  /** What a reader of results must know of these captures: `synthesised`, `emulated: timings are not those of hardware`. */
  readonly notes?: readonly string[];
  /** Where the functions of SPE samples are looked for; not at all if not given. */
  readonly symbols?: SymbolSources;
  /** Called now and then with what is being read, for a progress line. */
  readonly onProgress?: (file: string, records: number) => void;
}

/** What a format's importer finds out. */
export type Imported = Pick<CaptureRow, 'records' | 't0' | 't1' | 'clock'> & { readonly facts: object };

/**
 * Imports files into a lab file, which is made if missing. All or none. Throws InputError (the file), RequestError (the VM
 * description) or LabFileError (the lab).
 */
export function importFiles(lab: string, files: readonly string[], options: ImportOptions = {}): CaptureSummary[] {
  return inLabFile(lab, 'create', (db) => files.flatMap((file) => importFile(db, file, options).map(captureSummary)));
}

/** Imports one file within the caller's transaction: one capture, or two if it holds both SPE data and KVM's events. */
export function importFile(db: Db, file: string, options: ImportOptions): CaptureRow[] {
  return withFile(file, (source) => {
    const warnings = new Warnings();
    const format = detectFormat(source);
    let batches = 0;
    const tick = () => options.onProgress?.(source.name, batches++);
    const name = options.name ?? basename(file).replace(extensions, '');
    const parts = openParts(format, source, warnings);
    const hash = sha256(source);
    return parts.map(({ kind, importInto }) => {
      const vm = kind === 'kvm' ? readVmFile(options.vmFile ?? sidecar(file)) : undefined;
      const id = addCapture(db, { kind, name, file, format, bytes: source.size });
      const own = new Warnings();
      const { facts, ...imported } = importInto(db, id, own, tick);
      const common = warnings.list().filter((w) => kind === 'spe' || !w.kind.startsWith('spe-'));
      finishCapture(db, id, {
        ...imported,
        sha256: hash,
        vm: vm?.json,
        facts: { ...facts, ...(vm && { vmFile: vm.file }), ...(options.notes?.length && { notes: options.notes }) },
        warnings: [...common, ...own.list()],
      });
      if (kind === 'kvm') buildTraceLevels(db, id);
      else if (options.symbols) addSymbols(db, getCapture(db, id), options.symbols);
      return getCapture(db, id);
    });
  });
}

/** What one file gives: a capture of one kind. */
interface Part {
  readonly kind: CaptureKind;
  readonly importInto: (db: Db, id: number, warnings: Warnings, tick: () => void) => Imported;
}

function openParts(format: Format, source: ByteSource, warnings: Warnings): Part[] {
  const traced = (open: (own: Warnings) => TraceFile): Part => ({
    kind: 'kvm',
    importInto: (db, id, own, tick) => importTrace(db, id, source.name, open(own), tick),
  });
  switch (format) {
    case 'perf.data': {
      const perf = openPerfData(source, warnings);
      const parts: Part[] = [];
      if (hasKvmEvents(perf)) parts.push(traced((own) => openPerfTrace(perf, own)));
      if (!parts.length) requireSpe(perf);
      if (hasSpe(perf))
        parts.unshift({ kind: 'spe', importInto: (db, id, own, tick) => importSpe(db, id, perf, own, tick) });
      return parts;
    }
    case 'trace.dat':
      return [traced((own) => openTraceDat(source, own))];
    case 'ftrace-text':
      return [traced((own) => openFtraceText(source, own))];
  }
}

const extensions = /(\.(trace|perf|ftrace|report))?\.(dat|data|txt|text|log)$/i;

/** `X.vm.json` beside `X.trace.dat`, if it is there. */
function sidecar(file: string): string | undefined {
  const path = `${file.replace(extensions, '')}.vm.json`;
  return path !== file && existsSync(path) ? path : undefined;
}

function readVmFile(file: string | undefined): { file: string; json: unknown } | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, 'utf8');
    parseVmDescription(text);
    return { file, json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof VmDescriptionError) throw new RequestError(`${file}: ${error.message}`);
    throw new RequestError(`${file}: the VM description can't be read: ${(error as Error).message}`);
  }
}
