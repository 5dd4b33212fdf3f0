/** The most a file may ask of us. The largest binaries (browsers, kernels with all symbols) stay below a million functions. */

/** Functions of one binary, and entries of a symbol table that are looked at for them. */
export const SYMBOLS = 1 << 21;
export const SYMBOL_ENTRIES = 1 << 24;

/** Bytes of a name. */
export const NAME_BYTES = 16384;

/** Bytes of an ELF string table. */
export const STRINGS_BYTES = 1 << 29;

/** Sections of an ELF file. */
export const SECTIONS = 1 << 17;

/** Bytes of the names of an ELF file's sections. */
export const SECTION_NAMES_BYTES = 1 << 20;

/** Program headers of an ELF file. */
export const SEGMENTS = 256;

/** Bytes of notes, all together, that are searched for the build id. */
export const NOTES_BYTES = 1 << 20;

/** Bytes of a section of DWARF line tables, unpacked. */
export const LINE_BYTES = 1 << 28;

/** Opcodes of all line programs of a binary, and entries of their lists of files: some seconds. */
export const LINE_STEPS = 1 << 26;

/** Bytes of a path of a source file or of its directory (PATH_MAX), and of all that are read and joined. */
export const PATH_BYTES = 4096;
export const PATHS_BYTES = 1 << 29;

/** Source files of one binary. */
export const LINE_FILES = 1 << 16;

/** Bytes of machine code kept of one function, and of all functions of a binary. */
export const FUNCTION_BYTES = 1 << 16;
export const CODE_BYTES = 1 << 26;

/** Source lines kept of one binary. */
export const LINE_ROWS = 1 << 20;
