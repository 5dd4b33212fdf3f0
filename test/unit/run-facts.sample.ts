import type { RunFacts } from '../../core/model/terms/run-facts.ts';

/** Facts of a run about which nothing is known. */
export const someFacts: RunFacts = {
  ...{ edition: 2, origin: '0', span: 0, buffers: [], placementWarnings: [], calibration: {}, notes: [] },
  alignment: { align: 'start', offsetNs: 0, scale: 1, scaled: false, shiftNs: 0, copies: 1, description: '' },
  timeline: {
    ...{ rows: 0, exact: false, losses: 0, unattributed: 0, strangers: 0, rowsByEvidence: {} },
    certainty: { observed: 0, inferred: 0, unknown: 1 },
  },
};
