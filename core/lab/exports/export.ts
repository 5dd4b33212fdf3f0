/** Exports lab data in other tools' formats. */
import { join } from 'node:path';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readLab } from '../../store/lab-file.ts';
import { getRun } from '../../store/run-store.ts';
import type { DlDiscard } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import { writePerfetto } from './perfetto.ts';
import { policyProfile, writeCollapsed, writePprof } from './profile.ts';
import { captureTable, runTable, runTableNames } from './tables.ts';
import { writeTable } from './writers.ts';
import type { OnRows, TableForm } from './writers.ts';
import { writeTogether, writeWhole } from '../output-file.ts';
import type { OutputFile } from '../output-file.ts';

export const exportForms = ['csv', 'jsonl', 'json', 'parquet', 'perfetto', 'collapsed', 'pprof'] as const;
export type ExportForm = (typeof exportForms)[number];

export interface ExportRequest {
  /** One of them. */
  readonly capture?: number;
  readonly run?: number;
  readonly form: ExportForm;
  readonly path: string;
  /** Of a run: one of its tables, or `all`, as files in the folder `path`. */
  readonly table?: string;
  /** For profiles. */
  readonly policy?: string;
  readonly dlDiscard?: DlDiscard;
  /** Names verbatim: no guard against formulas in CSV, no escapes for control characters. */
  readonly raw?: boolean;
}

/**
 * Writes what is asked for and returns the files written. Throws RequestError, LabFileError (no such capture or run).
 * @param onRows see writeTable; if it throws, the export ends and the file being written is removed
 */
export function exportFromLab(lab: string, request: ExportRequest, onRows?: OnRows): string[] {
  return readLab(lab, (db) =>
    request.run === undefined ? exportCapture(db, request, onRows) : exportRun(db, request, request.run, onRows),
  );
}

function exportCapture(db: Db, { capture, form, path, table, raw }: ExportRequest, onRows?: OnRows): string[] {
  if (capture === undefined) throw new RequestError('what is to be exported: a capture, or a run?');
  if (!isTableForm(form)) throw new RequestError(`${form} shows a run: name one instead of a capture`);
  const exported = captureTable(db, getCapture(db, capture));
  if (table !== undefined && table !== exported.name)
    throw new RequestError(`capture ${capture} has no table '${table}'; it has ${exported.name}`);
  return [written(path, (file) => writeTable(exported, form, file, { onRows, raw }), raw)];
}

function exportRun(db: Db, request: ExportRequest, run: number, onRows?: OnRows): string[] {
  const { form, path, table = 'results', raw } = request;
  getRun(db, run);
  if (form === 'perfetto') return [written(path, (file) => writePerfetto(db, run, request.dlDiscard, file, onRows))];
  if (!isTableForm(form)) {
    if (request.policy === undefined) throw new RequestError(`${form} shows one policy of a run: name it`);
    const profile = policyProfile(db, { run, policy: request.policy, dlDiscard: request.dlDiscard });
    const write = form === 'pprof' ? writePprof : writeCollapsed;
    return [written(path, (file) => write(profile, file), raw)];
  }
  if (table !== 'all')
    return [written(path, (file) => writeTable(runTable(db, run, table), form, file, { onRows, raw }), raw)];
  return writeTogether(path, (paths) => {
    for (const name of runTableNames) {
      const file = join(path, `${name}.${form}`);
      paths.push(written(file, (to) => writeTable(runTable(db, run, name), form, to, { onRows, raw }), raw));
    }
    return paths;
  });
}

function isTableForm(form: ExportForm): form is TableForm {
  return form !== 'perfetto' && form !== 'collapsed' && form !== 'pprof';
}

function written(path: string, write: (file: OutputFile) => void, raw?: boolean): string {
  writeWhole(path, write, { raw });
  return path;
}
