/** The most a perf.data file may ask of us. Real files stay far below; beyond it a file is damaged or hostile. */

/** Bytes read ahead at a time while records are walked, and right after a jump over AUX data. */
export const WINDOW_BYTES = 1 << 20;
export const JUMP_BYTES = 4096;

/** Bytes searched for the next record after damage, and places tried that look like one. */
export const RESYNC_BYTES = 64 << 20;
export const RESYNC_TRIES = 1 << 16;

/** Largest feature section that is decoded; BPF_PROG_INFO and the like may be larger and are only named. */
export const FEATURE_BYTES = 16 << 20;

/** Characters kept of a string in a feature section, and strings and characters of a command line. */
export const STRING_CHARS = 4096;
export const ARGUMENTS = 4096;
export const COMMAND_CHARS = 1 << 16;

/** PMUs and their names: a big machine has some hundred. */
export const PMUS = 65536;

/** Largest zstd window: enough for `perf record -z 20`. */
export const ZSTD_WINDOW_BYTES = 32 << 20;

/**
 * fzstd moves the whole window at each block, in 1 to 2 ms for 32 MiB. Most bytes it may move: a free share, plus some for each byte read.
 * Windows of perf's own levels up to 3 aren't counted: they move in no time.
 */
export const ZSTD_SMALL_WINDOW_BYTES = 2 << 20;
export const ZSTD_MOVED_BYTES = 32 * 2 ** 30;
export const ZSTD_MOVED_PER_BYTE = 16384;

/** The most that compressed records may grow by, on top of `ZSTD_SLACK_BYTES`: perf's own data stays below 100. */
export const ZSTD_RATIO = 2000;
export const ZSTD_SLACK_BYTES = 64 << 20;

/** Largest regenerated size of one zstd block (RFC 8878, 3.1.1.2.4). */
export const ZSTD_BLOCK_BYTES = 128 << 10;

/** Events in the attribute section. */
export const ATTRS = 65536;

/** Sample ids of all events together: events times CPUs. */
export const IDS = 1 << 20;

/** Mappings kept (MMAP, MMAP2). */
export const MAPS = 1 << 21;

/** Generations of forks that a lookup follows: an older ancestor's mappings are not found. */
export const FORK_DEPTH = 64;

/** Mappings remembered per address: the newest, if more lay there in turn. */
export const MAPS_OF_RANGE = 8;

/** What may be held while samples are sorted: entries, and bytes of raw data. */
export const HELD_ENTRIES = 4 << 20;
export const HELD_BYTES = 160 << 20;

/** Threads whose names are followed. */
export const COMMS = 1 << 20;

/** Bytes of events that a batch holds before it is handed on, full or not. */
export const MAX_BATCH_PAYLOAD = 32 << 20;
