/** Reports as pages request them: loaded on demand, since their chart code takes longer to load than all other queries. */
import { sectionIds } from '../../report/sections.ts';
import type { ReportPreview, RunParamsOf } from '../../contract/runs.ts';
import type { Db } from '../../store/lab-file.ts';
import { previewOf } from '../reports/preview.ts';
import { provenanceOf } from '../reports/provenance.ts';
import { readSections, runForms } from '../reports/report-files.ts';
import { buildReport } from '../reports/report.ts';

export { comparisonPreview } from '../reports/comparison-files.ts';

/** The same bytes that `umbra report` writes. */
export function reportPreview(db: Db, { run, form, sections, notes }: RunParamsOf<'report'>): ReportPreview {
  const chosen = {
    ...(sections && { sections: readSections(sections.join()) }),
    ...(notes.trim() && { notes }),
  };
  const options = { ...chosen, provenance: provenanceOf(db, run, chosen) };
  const forms = runForms(buildReport(db, run), options);
  return { ...previewOf(forms, form, `umbra-run-${run}`), sections: sectionIds };
}
