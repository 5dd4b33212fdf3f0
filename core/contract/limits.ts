/** Bounds and words of the contract that a page observes, too: apart from the schemas, whose library a page loads only where it checks. */

/** Bytes of an uploaded part: below what a message may have (1 MiB), with room for its header. */
export const UPLOAD_PART = 512 * 1024;
/** Maximum bytes that uploads hold at once. */
export const MAX_UPLOAD = 64 * 2 ** 30;

/** SQL rows in a reply. */
export const MAX_SQL_ROWS = 10_000;

/** Windows that an area lists at most. */
export const MAX_AREA_WINDOWS = 1000;

/** Colours of flags, by the palette's names. */
export const flagColors = ['accent', 'good', 'warn', 'bad', 'muted'] as const;
export type FlagColor = (typeof flagColors)[number];
