/** The warning that a capture is a subset of what ran: shown wherever coverage is. */
export const SPE_FILTERS = 'spe-filters';
