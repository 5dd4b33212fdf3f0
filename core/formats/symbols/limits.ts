/** What a file may ask of us at most. The largest binaries (browsers, kernels with all symbols) stay below a million functions. */

/** Functions of one binary. */
export const SYMBOLS = 1 << 21;

/** Bytes of a name. */
export const NAME_BYTES = 16384;

/** Bytes of an ELF string table. */
export const STRINGS_BYTES = 1 << 29;

/** Sections of an ELF file. */
export const SECTIONS = 1 << 17;

/** Program headers of an ELF file. */
export const SEGMENTS = 256;

/** Bytes of notes that are searched for the build id. */
export const NOTES_BYTES = 1 << 20;
