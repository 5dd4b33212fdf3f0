/** Reads bits; `null` skips to the next whole byte. */
interface BitReader {
  (bits: number | null): number;
  /** Bytes read, at least in part. */
  readonly bytesRead: number;
}
declare module 'unbzip2-stream/lib/bit_iterator.js' {
  /** @param next the next piece of input */
  export default function bitIterator(next: () => Uint8Array): BitReader;
}
declare module 'unbzip2-stream/lib/bzip2.js' {
  const bzip2: {
    /** The size of its blocks, in 100 000 bytes. */
    header(reader: BitReader): number;
    /** Decompresses a block into `buffer` and hands out its bytes. Returns the stream's checksum so far; null at its end. */
    decompress(
      reader: BitReader,
      take: (byte: number) => void,
      buffer: Int32Array,
      size: number,
      checksum: number,
    ): number | null;
  };
  export default bzip2;
}
