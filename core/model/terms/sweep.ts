/** What a sweep compares policies by. */
export const sweepMeasures = ['coverage', 'blackoutShare', 'slowdown', 'excess'] as const;

export type SweepMeasure = (typeof sweepMeasures)[number];
