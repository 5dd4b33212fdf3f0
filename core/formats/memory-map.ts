/**
 * Where things lie in the memory that the WebAssembly modules (records.wat, planes.wat) share with the decoder's columns: the one
 * list of addresses. TypeScript takes them from here; `npm run wasm` puts them in for `{NAME}` in the modules' texts.
 */

/** Words of 8 bytes that a column is taken apart into, at most: a place among them is a byte. */
export const MAX_WORDS = 256;
/** Layouts that the tables have room for, and bytes of a record that they describe. Layout 0 is none. */
export const MAX_LAYOUTS = 255;
export const LAYOUT_BYTES = 256;
/** Nodes of the layouts' tree, of 4 bytes. */
const TREE_NODES = 65536;

/** planes.wat: a hash table of 1024 slots of 16 bytes (word, place from 1 on). */
const HASH = 0;
const WORDS = HASH + 1024 * 16;
/** From here on a caller of planes.wat has its own, unless it shares the decoder's memory. */
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
/** From here on a caller of records.wat has its own. */
const RECORDS_FREE = TREE + TREE_NODES * 4;

/** First byte of each. */
export const places = { HASH, WORDS, PLANES_FREE, LENGTHS, STOPPED, CLOCK, MASKS, VALUES, TREE, RECORDS_FREE };
