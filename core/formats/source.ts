/**
 * Random access to a capture's bytes. Formats do no I/O: whoever opened the file hands one of these down (`core/lab` for files, tests for
 * byte arrays), so a decoder can be tested without a file and reads no more than it asks for.
 */
export interface ByteSource {
  /** What messages call it: the path as the user gave it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The files it is made of, one after the other (a directory of `perf record --threads`); one if left out. */
  readonly parts?: readonly { readonly size: number }[];
  /**
   * The bytes `[offset, offset + length)`, fewer only where the source ends (none past its end). The view may be overwritten by the next
   * `read`: copy what must outlive it. It is a view of `into`, if given and the source has to copy anyway.
   */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array;
}

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  };
}
