/** How sure a stage 2 row makes a page's state (model.md section 3). */
export type Certainty = 'observed' | 'inferred' | 'unknown';
