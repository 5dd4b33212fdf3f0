/** Which parts a report has. The finding with its figure, the reader's notes and what reproduces it are always there. */
export const sectionIds = ['inputs', 'timeline', 'policies', 'windows', 'skew', 'verdicts', 'parameters'] as const;
export type SectionId = (typeof sectionIds)[number];
