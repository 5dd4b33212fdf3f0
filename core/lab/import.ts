/** Importing captures: whatever the file, one transaction a call; what fails leaves the lab file as it was. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { openFtraceText } from '../formats/ftrace-text/ftrace-text.ts';
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
import { sha256, withFile } from './file-source.ts';
import { importTrace } from './import-kvm.ts';
import { importSpe } from './import-spe.ts';

export interface ImportOptions {
  /** VM description for the KVM traces among the files; without it, `X.vm.json` beside `X.trace.dat` is taken. */
  readonly vmFile?: string;
  /** What to call the capture; the file's name if not given. */
  readonly name?: string;
  /** What a reader of results must know of these captures: `synthesised`, `emulated: timings are not those of hardware`. */
  readonly notes?: readonly string[];
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
  return inLabFile(lab, 'create', (db) => files.map((file) => captureSummary(importFile(db, file, options))));
}

/** Imports one file within the caller's transaction. */
export function importFile(db: Db, file: string, options: ImportOptions): CaptureRow {
  return withFile(file, (source) => {
    const warnings = new Warnings();
    const format = detectFormat(source);
    const kind: CaptureKind = format === 'perf.data' ? 'spe' : 'kvm';
    const name = options.name ?? basename(file).replace(extensions, '');
    const vm = kind === 'kvm' ? readVmFile(options.vmFile ?? sidecar(file)) : undefined;
    const id = addCapture(db, { kind, name, file, format, bytes: source.size });
    const { facts, ...imported } = importAs(format, db, id, source, warnings, options);
    finishCapture(db, id, {
      ...imported,
      sha256: sha256(source),
      vm: vm?.json,
      facts: { ...facts, ...(vm && { vmFile: vm.file }), ...(options.notes?.length && { notes: options.notes }) },
      warnings: warnings.list(),
    });
    return getCapture(db, id);
  });
}

function importAs(
  format: ReturnType<typeof detectFormat>,
  db: Db,
  id: number,
  source: ByteSource,
  warnings: Warnings,
  { onProgress }: ImportOptions,
): Imported {
  let batches = 0;
  const tick = () => onProgress?.(source.name, batches++);
  switch (format) {
    case 'perf.data':
      return importSpe(db, id, source, warnings, tick);
    case 'trace.dat':
      return importTrace(db, id, source.name, openTraceDat(source, warnings), tick);
    case 'ftrace-text':
      return importTrace(db, id, source.name, openFtraceText(source, warnings), tick);
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
