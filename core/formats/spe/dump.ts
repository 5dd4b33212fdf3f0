import { midrOf, type PerfData } from '../perf-data/perf-data.ts';
import { packetText } from './packet-text.ts';
import { alignmentSkip, extendedIndex, extendedKinds, Kind, kinds, PACKET_BYTES, payloadBytes } from './packets.ts';

/** Bytes of AUX data read and turned into text at a time. */
const CHUNK_BYTES = 1 << 16;

const hexByte = Array.from({ length: 256 }, (_, b) => ` ${b.toString(16).padStart(2, '0')}`);
const offsetText = (offset: number): string => offset.toString(16).padStart(8, '0');

/**
 * The packets of all AUXTRACE records in file order, in the text of `perf report -D` (perf 7): a line with the buffer's size, then a line
 * per packet. Yields some thousand lines at a time.
 */
export function* dumpPackets(perf: PerfData): Generator<string> {
  const order: { file: number; size: number; midr: bigint | undefined }[] = [];
  for (const { cpu, buffers } of perf.queues) {
    const midr = midrOf(perf, cpu);
    for (let i = 0; i < buffers.n; i++) order.push({ file: buffers.fileOffset[i], size: buffers.size[i], midr });
  }
  order.sort((a, b) => a.file - b.file);
  for (const { file, size, midr } of order) {
    yield `. ... ARM SPE data: size ${size === 0 ? '0' : `0x${size.toString(16)}`} bytes\n`;
    for (let from = 0; from < size;) {
      const bytes = perf.source.read(file + from, Math.min(CHUNK_BYTES, size - from));
      const last = from + bytes.length >= size || bytes.length === 0;
      // A packet needs its bytes together: what the chunk's end may cut is read again with the next.
      const { text, used } = dumpChunk(bytes, { offset: from, file: file + from, last, midr });
      yield text;
      if (used === 0) break;
      from += used;
    }
  }
}

/** The packets of one buffer held in memory; addresses count from `file`, which only matters to alignment packets. */
export function dumpBytes(bytes: Uint8Array, midr?: bigint, file = 0): string {
  return dumpChunk(bytes, { offset: 0, file, last: true, midr }).text;
}

interface Chunk {
  /** Of the chunk's first byte, in the buffer and in the file. */
  readonly offset: number;
  readonly file: number;
  /** The buffer ends with this chunk. */
  readonly last: boolean;
  readonly midr: bigint | undefined;
}

function dumpChunk(bytes: Uint8Array, { offset, file, last, midr }: Chunk): { text: string; used: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const safe = last ? bytes.length : bytes.length - 2 * PACKET_BYTES;
  const lines: string[] = [];
  let at = 0;
  while (at < safe) {
    const h = bytes[at];
    let kind = kinds[h];
    let header = h;
    let from = at + 1;
    if (kind === Kind.EXTENDED) {
      header = bytes[at + 1] ?? 0xff;
      kind = extendedKinds[header];
      from = at + 2;
    }
    let length = kind === Kind.PAD || kind === Kind.END ? 1 : from - at + payloadBytes(header);
    let enough = at + length <= bytes.length;
    if (kind === Kind.ALIGNMENT) {
      length = alignmentSkip(h, file + at);
      enough = at + (2 << (h & 3)) <= bytes.length;
    }
    let description: string;
    if (kind === Kind.BAD || !enough) {
      length = 1;
      description = 'Bad packet!';
    } else {
      const payload = kind === Kind.PAD || kind === Kind.END || kind === Kind.ALIGNMENT ? 0 : payloadBytes(header);
      const lo =
        payload === 1
          ? bytes[from]
          : payload === 2
            ? view.getUint16(from, true)
            : payload
              ? view.getUint32(from, true)
              : 0;
      const hi = payload === 8 ? view.getUint32(from + 4, true) : 0;
      description = packetText(kind, indexOf(kind, h, header), lo, hi, midr);
      // Zeros after padding share its line, up to 16 bytes.
      if (description === 'PAD') while (length < 16 && bytes[at + length] === 0) length++;
    }
    let line = `.  ${offsetText(offset + at)}: `;
    for (let i = 0; i < length; i++) line += hexByte[bytes[at + i]];
    lines.push(line.padEnd(61), ' ', description, '\n');
    at += length;
  }
  return { text: lines.join(''), used: at };
}

function indexOf(kind: number, h: number, header: number): number {
  if (kind === Kind.CONTEXT || kind === Kind.OP) return h & 3;
  return header === h ? h & 7 : extendedIndex(h, header);
}
