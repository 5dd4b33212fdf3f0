/** The measures by which a sweep compares policies. */
export const sweepMeasures = ['coverage', 'blackoutShare', 'slowdown', 'excess'] as const;

export type SweepMeasure = (typeof sweepMeasures)[number];
