/** Which parts a report has. The finding with its figure, the reader's notes and what reproduces it are always there. */
import type { Provenance } from './provenance.ts';

export const sectionIds = ['inputs', 'timeline', 'policies', 'windows', 'skew', 'verdicts', 'parameters'] as const;
export type SectionId = (typeof sectionIds)[number];

/** What a report's maker chose, beside the run. */
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
