/** What makes a campaign's pair weaker evidence than others: flagged, counted, and left out on request. */

export const flagIds = ['scaled-clocks', 'emulated', 'stage2-unsure'] as const;
export type FlagId = (typeof flagIds)[number];

/** In words, to follow "pairs with", for lists and reports. */
export const flagWords: Readonly<Record<FlagId, string>> = {
  'scaled-clocks': 'a KVM timeline that was stretched to fit',
  emulated: 'a trace recorded under emulation',
  'stage2-unsure': 'inferred stage 2 that is known for too little of the buffers’ page-time',
};
