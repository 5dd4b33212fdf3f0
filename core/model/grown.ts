/** Columns that grow. */

type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** From that many elements on a column grows by a quarter: memory counts for more than copies. */
const LARGE = 1 << 18;

/** The column with more room, in the same memory or with that given back at once: the one given can't be used any more. */
export function grown<A extends Column>(column: A): A {
  const { length } = column;
  const size = length < LARGE ? 2 * length : length + (length >> 2);
  const buffer = (column.buffer as ArrayBuffer).transfer(size * column.BYTES_PER_ELEMENT);
  return new (column.constructor as new (buffer: ArrayBuffer) => A)(buffer);
}
