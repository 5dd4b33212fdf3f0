/**
 * bzip2, a block at a time. The package's own stream decompresses all of its input before handing out a byte, into arrays of
 * numbers: 500 bytes of input became 1.4 GB.
 */
import bitIterator from 'unbzip2-stream/lib/bit_iterator.js';
import bzip2 from 'unbzip2-stream/lib/bzip2.js';

/** Units of a block's size, bytes. */
const UNIT = 100_000;
const FIRST_ROOM = 1 << 20;

/**
 * @param next the next piece of input; undefined at its end
 * @param size bytes of all pieces
 * @param room called while a block grows: throws if so many bytes in all are too many
 */
export function* bunzip(
  next: () => Uint8Array | undefined,
  size: number,
  room: (bytes: number) => void,
): Generator<Uint8Array> {
  const reader = bitIterator(() => {
    const piece = next();
    if (!piece?.length) throw new Error('it ends in the middle of a block');
    return piece;
  });
  let out = new Uint8Array(FIRST_ROOM);
  let n = 0;
  let before = 0;
  const take = (byte: number) => {
    if (n === out.length) {
      room(before + n);
      const larger = new Uint8Array(2 * n);
      larger.set(out);
      out = larger;
    }
    out[n++] = byte;
  };
  let units = 0;
  let buffer = new Int32Array(0);
  let checksum: number | null = null;
  while (reader.bytesRead < size) {
    if (!units) {
      units = bzip2.header(reader);
      checksum = 0;
      if (buffer.length < UNIT * units) buffer = new Int32Array(UNIT * units);
      continue;
    }
    n = 0;
    checksum = bzip2.decompress(reader, take, buffer, UNIT * units, checksum ?? 0);
    if (checksum === null) units = 0;
    before += n;
    room(before);
    if (n) yield out.slice(0, n);
  }
  if (checksum !== null) throw new Error('it ends too early');
}
