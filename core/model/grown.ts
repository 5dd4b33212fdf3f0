/** Columns that grow. */

type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** From this many elements on a column grows by a quarter: memory matters more than copies. */
const LARGE = 1 << 18;

/** The column with more room, in the same memory or with the old memory freed at once: the column passed in can't be used any more. */
export function grown<A extends Column>(column: A): A {
  const { length } = column;
  const size = length < LARGE ? 2 * length : length + (length >> 2);
  const buffer = (column.buffer as ArrayBuffer).transfer(size * column.BYTES_PER_ELEMENT);
  return new (column.constructor as new (buffer: ArrayBuffer) => A)(buffer);
}
