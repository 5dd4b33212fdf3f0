/** Bounds of the contract that a page observes, too. */

/** Bytes of an uploaded part: below what a message may have (1 MiB), with room for its header. */
export const UPLOAD_PART = 512 * 1024;
/** Maximum bytes that uploads hold at once. */
export const MAX_UPLOAD = 64 * 2 ** 30;
