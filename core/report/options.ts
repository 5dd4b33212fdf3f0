/** What a report's maker chooses. */
import type { Provenance } from './provenance.ts';
import type { SectionId } from './sections.ts';

/** What a report's maker chose, besides the run. */
export interface ReportOptions {
  /** All if left out. They keep the report's order. */
  readonly sections?: readonly SectionId[];
  /** The maker's notes, Markdown. */
  readonly notes?: string;
  /** Lets `umbra report --verify` recompute the report. */
  readonly provenance?: Provenance;
}

export function isShown(options: ReportOptions, id: SectionId): boolean {
  return options.sections?.includes(id) ?? true;
}
