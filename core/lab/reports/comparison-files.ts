/** Comparison reports as files and as previews. */
import { documentHtml } from '../../report/document-html.ts';
import { documentMarkdown } from '../../report/document-markdown.ts';
import { documentText } from '../../report/document-text.ts';
import { comparisonDocument, comparisonSections } from '../../report/comparison-document.ts';
import type { ComparisonReport } from '../../report/comparison.ts';
import { provenanceComment } from '../../report/provenance.ts';
import type { ComparisonProvenance } from '../../report/provenance.ts';
import type { SectionId } from '../../report/sections.ts';
import type { ReportOptions } from '../../report/options.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { comparisonProvenance } from './comparison-provenance.ts';
import { buildComparison } from './comparison-report.ts';
import type { ComparisonRequest } from './comparison-report.ts';
import type { ReportPreview, RunParamsOf } from '../../contract/runs.ts';
import type { OnStep } from '../runs/replay.ts';
import { previewOf } from './preview.ts';
import { reportForm, reportNotes, writeReportForms } from './report-files.ts';
import type { ReportForms, ReportRequest } from './report-files.ts';
import { shellLine } from '../../words/shell.ts';

/** Writes a comparison in the form given by the file's name. Returns the files written. */
export function writeComparison(
  lab: string,
  request: ComparisonRequest,
  file: string,
  { sections, notesFile }: ReportRequest = {},
  onStep?: OnStep,
): string[] {
  reportForm(file);
  checkSections(sections);
  const notes = reportNotes(notesFile);
  const chosen = { ...(sections && { sections }), ...(notes !== undefined && { notes }) };
  const options = [
    ...(sections ? ['--sections', sections.join()] : []),
    ...(notesFile === undefined ? [] : ['--notes', notesFile]),
  ];
  return readLab(lab, (db) => {
    const { report, provenance } = compared(
      db,
      request,
      comparisonCommand(lab, request, file, options),
      chosen,
      onStep,
    );
    const forms = comparisonForms(report, chosen, provenance);
    return writeReportForms(forms, file);
  });
}

/** The same bytes that `umbra report` writes. */
export function comparisonPreview(
  db: Db,
  lab: string,
  request: ComparisonRequest,
  { form, sections, notes }: Omit<RunParamsOf<'comparisonReport'>, 'compare'>,
): ReportPreview {
  const chosen = {
    ...(sections && { sections: sections as SectionId[] }),
    ...(notes.trim() && { notes }),
  };
  checkSections(chosen.sections);
  const file = `${fileName(request)}.${form}`;
  const options = [
    ...(sections ? ['--sections', sections.join()] : []),
    ...(notes.trim() ? ['--notes', 'notes.md'] : []),
  ];
  const { report, provenance } = compared(db, request, comparisonCommand(lab, request, file, options), chosen);
  const forms = comparisonForms(report, chosen, provenance);
  return { ...previewOf(forms, form, fileName(request)), sections: comparisonSections };
}

function fileName(request: ComparisonRequest): string {
  const { of, a, b } = request;
  const sides = of === 'runs' && a === b ? ['run', a, request.policy, request.withPolicy] : [of, a, b];
  return ['umbra', ...sides].join('-').replace(/[^\w.-]/g, '-');
}

type Chosen = Pick<ReportOptions, 'sections' | 'notes'>;

function compared(
  db: Db,
  request: ComparisonRequest,
  command: string,
  chosen: Chosen,
  onStep?: OnStep,
): { report: ComparisonReport; provenance: ComparisonProvenance } {
  const report = buildComparison(db, request, command, onStep);
  return { report, provenance: comparisonProvenance(db, request, report, chosen) };
}

export function comparisonForms(
  report: ComparisonReport,
  chosen: Chosen,
  provenance: ComparisonProvenance,
): ReportForms {
  const doc = comparisonDocument(report);
  const comment = provenanceComment(provenance);
  return {
    html: () => documentHtml(doc, chosen, comment),
    markdown: (folder) => documentMarkdown(doc, chosen, folder, comment),
    text: () => documentText(doc, chosen),
  };
}

function checkSections(sections: readonly string[] | undefined): void {
  const none = sections?.find((id) => !(comparisonSections as readonly string[]).includes(id));
  if (none !== undefined)
    throw new RequestError(`a comparison has no section '${none}'; it has ${comparisonSections.join(', ')}`);
}

/** The command that remakes a comparison. */
export function comparisonCommand(
  lab: string,
  request: ComparisonRequest,
  file: string,
  options: readonly string[] = [],
): string {
  const { a, b, by } = request;
  const runs = request.of === 'runs' ? request : undefined;
  return shellLine([
    ...['umbra', 'report', '--db', lab],
    ...[runs ? '--run' : '--spe', String(a)],
    ...(a === b ? [] : ['--with', String(b)]),
    ...(runs?.policy === undefined ? [] : ['--policy', runs.policy]),
    ...(runs?.withPolicy === undefined ? [] : ['--with-policy', runs.withPolicy]),
    ...(by ? ['--by', by] : []),
    ...options,
    ...['-o', file],
  ]);
}
