/** Reports across pairs as files. */
import { campaignDocument } from '../../report/campaign-document.ts';
import type { CampaignReport } from '../../report/campaign.ts';
import { documentHtml } from '../../report/document-html.ts';
import { documentMarkdown } from '../../report/document-markdown.ts';
import { documentText } from '../../report/document-text.ts';
import { CAMPAIGN_FORM, provenanceComment } from '../../report/provenance.ts';
import type { CampaignProvenance } from '../../report/provenance.ts';
import { shellLine } from '../../words/shell.ts';
import { reportForm, reportNotes, writeReportForms } from '../reports/report-files.ts';
import type { ReportForms } from '../reports/report-files.ts';
import { buildCampaignReport } from './report.ts';
import type { BuiltReport } from './report.ts';

export interface CampaignReportRequest {
  readonly folder: string;
  readonly file: string;
  /** Markdown, shown below the finding. */
  readonly notesFile?: string;
  readonly stopped?: Promise<void>;
}

/** Writes the report and returns the files written; undefined if the user stopped it. @throws RequestError, InputError */
export async function writeCampaignReport(request: CampaignReportRequest): Promise<string[] | undefined> {
  const { folder, file, notesFile, stopped } = request;
  reportForm(file);
  const notes = reportNotes(notesFile);
  const command = shellLine([
    ...['umbra', 'campaign', 'report', folder, '-o', file],
    ...(notesFile === undefined ? [] : ['--notes', notesFile]),
  ]);
  const built = await buildCampaignReport(folder, command, stopped ? { stopped } : {});
  return built && writeReportForms(campaignForms(built, notes), file);
}

export function campaignForms(built: BuiltReport, notes: string | undefined): ReportForms {
  const doc = campaignDocument(built.report);
  const chosen = notes === undefined ? {} : { notes };
  const comment = provenanceComment(provenanceOf(built, built.report, notes));
  return {
    html: () => documentHtml(doc, chosen, comment),
    markdown: (folder) => documentMarkdown(doc, chosen, folder, comment),
    text: () => documentText(doc, chosen),
  };
}

function provenanceOf(
  { digests }: BuiltReport,
  { umbra, command }: CampaignReport,
  notes: string | undefined,
): CampaignProvenance {
  return { form: CAMPAIGN_FORM, umbra, command, ...(notes !== undefined && { notes }), pairs: digests };
}
