/** Builds small perf.data files for tests: an SPE event, then the records given. */

export interface Trailer {
  pid?: number;
  tid?: number;
  time?: bigint;
  cpu?: number;
}

const SAMPLE_TID_TIME_CPU_IDENTIFIER = 2n | 4n | 128n | 65536n;
const SAMPLE_ID_ALL = 1n << 18n;

export function record(type: number, misc: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint16(4, misc, true);
  view.setUint16(6, bytes.length, true);
  bytes.set(body, 8);
  return bytes;
}

/** Numbers as u32, bigints as u64, strings zero-padded to a multiple of 8. */
export function words(...parts: (number | bigint | string | Uint8Array)[]): Uint8Array {
  const out: number[] = [];
  for (const part of parts) {
    if (typeof part === 'number') for (let i = 0; i < 4; i++) out.push((part >>> (8 * i)) & 255);
    else if (typeof part === 'bigint') for (let i = 0n; i < 8n; i++) out.push(Number((part >> (8n * i)) & 255n));
    else if (typeof part === 'string') {
      const text = [...new TextEncoder().encode(part), 0];
      while (text.length % 8) text.push(0);
      out.push(...text);
    } else for (const byte of part) out.push(byte);
  }
  return Uint8Array.from(out);
}

/** A kernel record with the sample_id trailer of the builder's event. */
export function kernelRecord(type: number, misc: number, body: Uint8Array, trailer: Trailer = {}): Uint8Array {
  const { pid = 1, tid = 1, time = 0n, cpu = 0 } = trailer;
  return record(type, misc, words(body, pid, tid, time, cpu, 0, 1n));
}

export function auxtrace(idx: number, cpu: number, tid: number, offset: bigint, payload: Uint8Array): Uint8Array {
  const padded = new Uint8Array((payload.length + 7) & ~7);
  padded.set(payload);
  return words(record(71, 0, words(BigInt(padded.length), offset, 0n, idx, tid, cpu, 0)), padded);
}

export function aux(offset: bigint, size: bigint, flags: bigint, trailer: Trailer = {}): Uint8Array {
  return kernelRecord(11, 0, words(offset, size, flags), trailer);
}

export const speInfo = record(70, 0, words(4, 0, 9n, 1n));

/** ns = ticks: shift 0, multiplier 1. */
export const identityTime = record(79, 0, words(0n, 1n, 0n));

export function timeConv(shift: bigint, mult: bigint, zero: bigint, cycles?: bigint, mask?: bigint): Uint8Array {
  if (cycles === undefined || mask === undefined) return record(79, 0, words(shift, mult, zero));
  return record(79, 0, words(shift, mult, zero, cycles, mask, Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0)));
}

/** perf_event_attr of 128 bytes for an SPE PMU of type 9. */
export function speAttr(sampleType = SAMPLE_TID_TIME_CPU_IDENTIFIER, type = 9): Uint8Array {
  const attr = new Uint8Array(128);
  const view = new DataView(attr.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, 128, true);
  view.setBigUint64(8, 0x700010003n, true);
  view.setBigUint64(16, 1024n, true);
  view.setBigUint64(24, sampleType, true);
  view.setBigUint64(40, SAMPLE_ID_ALL, true);
  return attr;
}

export interface BuiltEvent {
  /** 128 bytes. */
  readonly attr: Uint8Array;
  readonly ids: readonly bigint[];
}

/** A whole file in file mode: header, events (one of SPE with id 1), the records, and features by bit. */
export function perfFile(
  records: readonly Uint8Array[],
  features: Readonly<Record<number, Uint8Array>> = {},
  events: readonly BuiltEvent[] = [{ attr: speAttr(), ids: [1n] }],
): Uint8Array {
  const ids = words(...events.flatMap((e) => e.ids));
  const attrAt = 104 + ids.length;
  let idAt = 104n;
  const attrs = events.map((e) => {
    const section = words(e.attr, idAt, BigInt(e.ids.length * 8));
    idAt += BigInt(e.ids.length * 8);
    return section;
  });
  const dataAt = attrAt + 144 * events.length;
  const data = words(...records);
  const bits = Object.keys(features).map(Number);
  let bodyAt = dataAt + data.length + bits.length * 16;
  const table: Uint8Array[] = [];
  const bitmap = [0n, 0n, 0n, 0n];
  for (const bit of bits) {
    bitmap[bit >> 6] |= 1n << BigInt(bit & 63);
    table.push(words(BigInt(bodyAt), BigInt(features[bit].length)));
    bodyAt += features[bit].length;
  }
  const head = words(
    new TextEncoder().encode('PERFILE2'),
    ...[104n, 144n, BigInt(attrAt), BigInt(144 * events.length), BigInt(dataAt), BigInt(data.length), 0n, 0n],
    ...bitmap,
  );
  return words(head, ids, ...attrs, data, ...table, ...bits.map((bit) => features[bit]));
}

/** One per-CPU SPE buffer in its own file, covered by one AUX record. */
export function speFile(payload: Uint8Array, flags = 0n): Uint8Array {
  return perfFile([
    identityTime,
    speInfo,
    aux(0n, BigInt(payload.length), flags, { time: 1n << 40n }),
    auxtrace(0, 0, -1, 0n, payload),
  ]);
}
