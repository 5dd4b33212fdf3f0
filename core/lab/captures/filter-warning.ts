/** The warning that a capture is a subset of what ran: wherever coverage stands, so does what it says. */
export const SPE_FILTERS = 'spe-filters';
