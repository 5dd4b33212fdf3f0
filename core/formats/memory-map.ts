/**
 * Where things lie in the memory that the WebAssembly modules (records.wat, planes.wat) share with the decoder's columns: the one list of
 * addresses. TypeScript takes them from here; `npm run wasm` substitutes them for `{NAME}` in the modules' texts.
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

/** First byte of each. */
export const places = { HASH, WORDS, PLANES_FREE, LENGTHS, STOPPED, CLOCK, MASKS, VALUES, TREE, RECORDS_FREE };
