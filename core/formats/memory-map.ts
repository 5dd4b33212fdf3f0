/**
 * Where things lie in the memory that the WebAssembly modules (records.wat, planes.wat) share with the decoder's columns, and in that of
 * plain-lines.wat: the one list of addresses. TypeScript takes them from here; `npm run wasm` substitutes them for `{NAME}` in the modules' texts.
 */

/** Most 8-byte words that a column is split into: a place among them is a byte. */
export const MAX_WORDS = 256;
/** Layouts the tables have room for, and the bytes of a record they describe. Layout 0 is none. */
export const MAX_LAYOUTS = 255;
export const LAYOUT_BYTES = 256;
/** Nodes of the layouts' tree, of 4 bytes. */
const TREE_NODES = 65536;

/** planes.wat: a hash table of 1024 slots of 16 bytes (word, place from 1 on). */
const HASH = 0;
const WORDS = HASH + 1024 * 16;
/** From here on memory belongs to the caller of planes.wat, unless it shares the decoder's memory. */
const PLANES_FREE = WORDS + MAX_WORDS * 8;
/** records.wat: layouts' lengths, 2 bytes each. */
const LENGTHS = 32768;
/** Where `mark` stopped. */
const STOPPED = LENGTHS + (MAX_LAYOUTS + 1) * 2;
/** cycles, mask, shift, mult, zero, 8 bytes each. */
const CLOCK = STOPPED + 8;
const MASKS = 65536;
const VALUES = MASKS + (MAX_LAYOUTS + 1) * LAYOUT_BYTES;
const TREE = VALUES + (MAX_LAYOUTS + 1) * LAYOUT_BYTES;
/** From here on memory belongs to the caller of records.wat. */
const RECORDS_FREE = TREE + TREE_NODES * 4;

/** plain-lines.wat: bytes of a task's or an event's text, at most. */
export const KNOWN_BYTES = 256;
/** Of the columns before an event's name. */
export const MAX_FRONT = 300;
/** Texts that an event must hold, and bytes of one. */
export const MAX_NEEDS = 4;
export const NEED_BYTES = 32;
/** Lines taken in one go; bytes of a block. */
export const MAX_LINES = 2048;
export const BLOCK_BYTES = 96 << 10;
/** Loads of 16 bytes before and after. */
const AROUND = 64;
/** Slots of 16 bytes: length, index in the dictionary, tid or number of needs. */
const NEXT = 0;
const TASKS = 16;
const EVENTS = TASKS + 256 * 16;
const TASK_TEXTS = EVENTS + 256 * 16;
const EVENT_TEXTS = TASK_TEXTS + 256 * KNOWN_BYTES;
const NEEDS = EVENT_TEXTS + 256 * KNOWN_BYTES;
/** Columns of lines: 8 bytes, then 4 each. */
const TIMES = NEEDS + 256 * MAX_NEEDS * NEED_BYTES;
const STARTS = TIMES + MAX_LINES * 8;
const CPUS = STARTS + MAX_LINES * 4;
const COMMS = CPUS + MAX_LINES * 4;
const TIDS = COMMS + MAX_LINES * 4;
const KINDS = TIDS + MAX_LINES * 4;
const ENDS = KINDS + MAX_LINES * 4;
const BLOCK = ENDS + MAX_LINES * 4 + AROUND;
const TEXTS = BLOCK + BLOCK_BYTES + AROUND;
const LINES_END = TEXTS + BLOCK_BYTES + AROUND;

/** First byte of each. */
export const linePlaces = {
  ...{
    NEXT,
    TASKS,
    EVENTS,
    TASK_TEXTS,
    EVENT_TEXTS,
    NEEDS,
    TIMES,
    STARTS,
    CPUS,
    COMMS,
    TIDS,
    KINDS,
    ENDS,
    BLOCK,
    TEXTS,
    LINES_END,
  },
};

/** First byte of each. */
export const places = { HASH, WORDS, PLANES_FREE, LENGTHS, STOPPED, CLOCK, MASKS, VALUES, TREE, RECORDS_FREE };
