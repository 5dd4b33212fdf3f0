import { Decompress } from 'fzstd';
import {
  ZSTD_BLOCK_BYTES,
  ZSTD_MOVED_BYTES,
  ZSTD_MOVED_PER_BYTE,
  ZSTD_RATIO,
  ZSTD_SLACK_BYTES,
  ZSTD_SMALL_WINDOW_BYTES,
  ZSTD_WINDOW_BYTES,
} from './limits.ts';

const MAGIC = 0xfd2fb528;
/** 0x184d2a50 … 0x184d2a5f: a frame to skip. */
const SKIPPABLE = 0x184d2a50;

/**
 * The zstd stream of a perf.data file: perf flushes one endless frame into many COMPRESSED records
 * (tools/perf/util/zstd.c), so input comes in pieces and output must come out at once. fzstd decodes; this class cuts
 * the stream into frame header and blocks (RFC 8878, 3.1.1) before it, because fzstd itself would allocate whatever
 * window a damaged header asks for.
 */
export class ZstdStream {
  readonly #decoder: Decompress;
  /** Bytes of an unfinished header or block. */
  #rest = new Uint8Array(0);
  #state: 'frame' | 'block' | 'checksum' | 'skip' = 'frame';
  /** Bytes of the current skippable frame left to skip. */
  #skip = 0;
  #checksum = false;
  #in = 0;
  #out = 0;
  /** Bytes of the frame's window, and those that its blocks moved so far. */
  #window = 0;
  #moved = 0;

  /** `output` gets each block's bytes; they are only valid during the call. */
  constructor(output: (bytes: Uint8Array) => void) {
    this.#decoder = new Decompress((bytes) => {
      this.#out += bytes.length;
      if (this.#out > ZSTD_SLACK_BYTES + this.#in * ZSTD_RATIO) throw new Error('grows beyond any real capture');
      output(bytes);
    });
  }

  /** Throws an Error with a short reason if the stream is damaged; nothing more can be read from it then. */
  push(input: Uint8Array): void {
    this.#in += input.length;
    const bytes = new Uint8Array(this.#rest.length + input.length);
    bytes.set(this.#rest);
    bytes.set(input, this.#rest.length);
    let at = 0;
    for (;;) {
      const length = this.#next(bytes, at);
      if (length < 0 || at + length > bytes.length) break;
      at += length;
    }
    this.#rest = bytes.slice(at);
    if (at > 0) this.#decoder.push(bytes.subarray(0, at));
  }

  /**
   * Length of the part that starts at `at`, -1 if too little of it is there to tell; moves on if the part is complete.
   */
  #next(b: Uint8Array, at: number): number {
    const left = b.length - at;
    if (this.#state === 'checksum') {
      if (left >= 4) this.#state = 'frame';
      return 4;
    }
    if (this.#state === 'skip') {
      const length = Math.min(left, this.#skip);
      this.#skip -= length;
      if (this.#skip === 0) this.#state = 'frame';
      return length > 0 || this.#skip === 0 ? length : -1;
    }
    if (this.#state === 'block') return this.#block(b, at, left);
    return this.#frame(b, at, left);
  }

  #frame(b: Uint8Array, at: number, left: number): number {
    if (left < 18) return -1; // the longest frame header: fzstd wants it whole
    const view = new DataView(b.buffer, b.byteOffset + at, left);
    const magic = view.getUint32(0, true);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      this.#skip = view.getUint32(4, true);
      this.#state = this.#skip > 0 ? 'skip' : 'frame';
      return 8;
    }
    if (magic !== MAGIC) throw new Error('not a zstd frame');
    const flags = b[at + 4];
    const single = (flags >> 5) & 1;
    const contentBytes = flags >> 6 ? 1 << (flags >> 6) : single;
    const idBytes = [0, 1, 2, 4][flags & 3];
    const exponent = b[at + 5] >> 3;
    const window = single
      ? contentSize(view, 5 + idBytes, contentBytes)
      : 2 ** (10 + exponent) * (1 + (b[at + 5] & 7) / 8);
    if (window > ZSTD_WINDOW_BYTES) throw new Error(`zstd window of ${window} bytes, more than ${ZSTD_WINDOW_BYTES}`);
    this.#window = window;
    this.#checksum = (flags & 4) !== 0;
    this.#state = 'block';
    return 6 - single + idBytes + contentBytes;
  }

  #block(b: Uint8Array, at: number, left: number): number {
    if (left < 3) return -1;
    const header = b[at] | (b[at + 1] << 8) | (b[at + 2] << 16);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > ZSTD_BLOCK_BYTES) throw new Error('damaged zstd block');
    const length = 3 + (type === 1 ? 1 : size);
    if (left >= length && this.#window > ZSTD_SMALL_WINDOW_BYTES) {
      this.#moved += this.#window;
      if (this.#moved > ZSTD_MOVED_BYTES + ZSTD_MOVED_PER_BYTE * this.#in)
        throw new Error(`tiny zstd blocks in a window of ${this.#window} bytes would take too long`);
    }
    if (left >= length && header & 1) this.#state = this.#checksum ? 'checksum' : 'frame';
    return length;
  }
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 8) return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
  if (bytes === 4) return view.getUint32(at, true);
  return bytes === 2 ? view.getUint16(at, true) + 256 : view.getUint8(at);
}
