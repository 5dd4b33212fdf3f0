/** Reports as files: the extension gives the form. */
import { basename, dirname, join } from 'node:path';
import { renderMarkdown } from '../../report/markdown.ts';
import type { MarkdownReport } from '../../report/markdown.ts';
import type { Report } from '../../report/model.ts';
import { renderHtml } from '../../report/report.ts';
import { sectionIds } from '../../report/sections.ts';
import type { SectionId } from '../../report/sections.ts';
import type { ReportOptions } from '../../report/options.ts';
import { renderText } from '../../report/text.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import type { RunInputs } from '../runs/run-inputs.ts';
import { removeWritten, writeTextFile, writeTogether } from '../output-file.ts';
import { readTextFile } from '../file-source.ts';
import { printPdf } from './pdf.ts';
import { provenanceOf } from './provenance.ts';
import { buildReport } from './report.ts';

/** What the user asks of a report. */
export interface ReportRequest {
  /** All if left out. */
  readonly sections?: readonly SectionId[];
  /** A Markdown file. */
  readonly notesFile?: string;
}

const forms = { html: 'html', htm: 'html', md: 'md', markdown: 'md', txt: 'txt', text: 'txt', pdf: 'pdf' } as const;
export type ReportForm = (typeof forms)[keyof typeof forms];

/** Throws RequestError for an unknown extension, before any work is done. */
export function reportForm(file: string): ReportForm {
  const ending = /\.(\w+)$/.exec(file)?.[1].toLowerCase();
  if (ending === undefined || !Object.hasOwn(forms, ending))
    throw new RequestError(`${file}: reports are written as .html, .pdf, .md or .txt`);
  return forms[ending as keyof typeof forms];
}

/** E.g. `inputs,skew`. Throws RequestError naming the known ones. */
export function readSections(list: string): SectionId[] {
  const words = list.split(',').filter(Boolean);
  for (const word of words) {
    if (!(sectionIds as readonly string[]).includes(word))
      throw new RequestError(`a report has no section '${word}'; it has ${sectionIds.join(', ')}`);
  }
  return words as SectionId[];
}

/**
 * Writes the report of a run and returns the files written. Throws RequestError, LabFileError (no such run).
 * @param known see buildReport
 */
export function writeReportOf(
  db: Db,
  run: number,
  file: string,
  request: ReportRequest = {},
  known?: RunInputs,
): string[] {
  const notes = reportNotes(request.notesFile);
  const chosen = { ...(request.sections && { sections: request.sections }), ...(notes !== undefined && { notes }) };
  return writeReportForms(
    runForms(buildReport(db, run, known), { ...chosen, provenance: provenanceOf(db, run, chosen) }),
    file,
  );
}

/** Most bytes of notes. */
const NOTES_LIMIT = 1 << 20;

/** The text of a notes file; undefined without one. Throws InputError. */
export function reportNotes(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return readTextFile(file, NOTES_LIMIT);
}

/** A report in each form, made on demand. */
export interface ReportForms {
  html(): string;
  /** @param folder where the figures will be, relative to the Markdown file */
  markdown(folder: string): MarkdownReport;
  text(): string;
}

export function runForms(report: Report, options: ReportOptions): ReportForms {
  return {
    html: () => renderHtml(report, options),
    markdown: (folder) => renderMarkdown(report, options, folder),
    text: () => renderText(report, options),
  };
}

/** Writes the report of a run in the form given by the file's name. Returns the files written. */
export function writeReport(lab: string, run: number, file: string, options: ReportRequest = {}): string[] {
  reportForm(file);
  return readLab(lab, (db) => writeReportOf(db, run, file, options));
}

/** Writes a report in the form given by the file's name. Returns the files written. */
export function writeReportForms(forms: ReportForms, file: string): string[] {
  switch (reportForm(file)) {
    case 'html':
      writeTextFile(file, forms.html());
      return [file];
    case 'txt':
      writeTextFile(file, forms.text());
      return [file];
    case 'pdf':
      printPdf(forms.html(), file);
      return [file];
    case 'md':
      return writeMarkdown(forms, file);
  }
}

function writeMarkdown(forms: ReportForms, file: string): string[] {
  const folder = figuresFolder(file);
  const { markdown, figures } = forms.markdown(folder);
  const at = join(dirname(file), folder);
  const drawn = writeTogether(at, (written) => {
    for (const [name, svg] of figures) {
      written.push(join(at, name));
      writeTextFile(join(at, name), svg);
    }
    writeTextFile(file, markdown);
    return written;
  });
  if (!drawn.length) removeWritten([], at);
  return [file, ...drawn];
}

/** `report-figures` for `report.md`. */
export function figuresFolder(file: string): string {
  return `${basename(file).replace(/\.\w+$/, '')}-figures`;
}
