/** Bounds of the contract that a page keeps to as well. */

/** Bytes of an uploaded part: below what a message may have (1 MiB), with room for its header. */
export const UPLOAD_PART = 512 * 1024;
/** Bytes that uploads may hold at once. */
export const MAX_UPLOAD = 64 * 2 ** 30;
