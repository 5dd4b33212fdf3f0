/** How large the parts of a trace.dat may be. Real files stay far below; a damaged or hostile one stops here. */

/** A ring buffer page (sub-buffer): 4 KiB as a rule, at most this (buffer_subbuf_size_kb). */
export const MAX_PAGE = 16 << 20;
/** A section of descriptions, uncompressed. The largest is kallsyms, some 10–20 MB. */
export const MAX_SECTION = 128 << 20;
/** One compressed chunk of events, uncompressed: trace-cmd writes 10 pages. */
export const MAX_CHUNK = 64 << 20;
/** All chunks open at one time, one per CPU. */
export const MAX_OPEN = 512 << 20;
/** CPUs per buffer. */
export const MAX_CPUS = 8192;
/** Buffers per file. */
export const MAX_BUFFERS = 255;
/** Event systems, and descriptions per system: ids have 16 bits. */
export const MAX_EVENT_FORMATS = 65536;
/** Uncompressed bytes per compressed byte, over the whole file; and the bytes exempt from it. */
export const MAX_RATIO = 2000;
export const FREE_OF_RATIO = 256 << 20;
/** Options sections chained one after the other. */
export const MAX_OPTION_SECTIONS = 1024;
/** Options per file. */
export const MAX_OPTIONS = 65536;
/** Bytes read at once of uncompressed events. */
export const READ_AHEAD = 256 << 10;
/** Payload bytes a batch holds before it is handed on, full or not. */
export const MAX_BATCH_PAYLOAD = 32 << 20;
