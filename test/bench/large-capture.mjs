/** Large captures for the import bench: the sample pair's own SPE data over and over, later each time. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Kind, kinds, payloadBytes } from '../../core/formats/spe/packets.ts';

const sample = fileURLToPath(new URL('../fixtures/pair/kvbench.perf.data', import.meta.url));
const AUX = 11;
const AUXTRACE = 71;
const FINISHED_ROUND = 68;
const TIME_CONV = 79;
const AUXTRACE_FEATURE = 18;

/** Where packets of SPE data have their payloads: timestamps; data addresses (VA, PA) and counters. */
function payloads(bytes) {
  const times = [];
  const varying = [];
  for (let at = 0; at < bytes.length;) {
    const kind = kinds[bytes[at]];
    if (kind === Kind.TIMESTAMP) times.push(at + 1);
    if (kind === Kind.COUNTER || (kind === Kind.ADDRESS && (bytes[at] & 7) >> 1 === 1))
      varying.push({ at: at + 1, kind });
    at += kind === Kind.PAD || kind === Kind.END ? 1 : 1 + payloadBytes(bytes[at]);
  }
  return { times, varying };
}

/** Place of a feature's descriptor in the table: one per set bit of the header, in bit order. */
function featuresBefore(head, feature) {
  let before = 0;
  for (let bit = 0; bit < feature; bit++) before += (head[72 + (bit >> 3)] >> (bit & 7)) & 1;
  return before;
}

/**
 * Changes what varies between records of one instruction: data addresses and latencies. Repeated as they are, records would
 * compress as no capture does.
 */
function vary(payload, places, random) {
  for (const { at, kind } of places) {
    if (kind === Kind.ADDRESS) payload.writeUInt16LE((payload.readUInt16LE(at) ^ random()) & 0xfff8, at);
    else payload[at] = payload[at] ^ (random() & 15) || 1;
  }
}

/** Splits a file-mode perf.data into what occurs once and what is repeated. */
function split(source) {
  const dataAt = Number(source.readBigUInt64LE(40));
  const end = dataAt + Number(source.readBigUInt64LE(48));
  const once = [];
  const repeated = [];
  let conv;
  for (let at = dataAt; at < end;) {
    const type = source.readUInt32LE(at);
    const size = source.readUInt16LE(at + 6);
    const record = Buffer.from(source.subarray(at, at + size));
    at += size;
    if (type === TIME_CONV) conv = { shift: record.readBigUInt64LE(8), mult: record.readBigUInt64LE(16) };
    if (type === AUXTRACE) {
      const payload = Buffer.from(source.subarray(at, at + Number(record.readBigUInt64LE(8))));
      at += payload.length;
      repeated.push({ type, record, payload, queue: record.readUInt32LE(32), ...payloads(payload) });
    } else if (type === AUX) {
      repeated.push({ type, record, queue: record.readUInt32LE(record.length - 16) });
    } else {
      once.push(record);
    }
  }
  return { head: Buffer.from(source.subarray(0, dataAt)), once, repeated, conv, tail: source.subarray(end), end };
}

/**
 * Writes a perf.data of at least `bytes` of SPE data to `path`.
 * @returns {{records: number, speBytes: number}}
 */
export function writeLargePerfData(path, bytes) {
  const { head, once, repeated, conv, tail, end } = split(readFileSync(sample));
  const buffers = repeated.filter((r) => r.type === AUXTRACE);
  const queues = new Map();
  let first = (1n << 64n) - 1n;
  let last = 0n;
  for (const { payload, queue, times } of buffers) {
    queues.set(queue, (queues.get(queue) ?? 0n) + BigInt(payload.length));
    for (const t of times) {
      const ticks = payload.readBigUInt64LE(t);
      if (ticks < first) first = ticks;
      if (ticks > last) last = ticks;
    }
  }
  const ticks = last - first + 1000n;
  const ns = (ticks * conv.mult) >> conv.shift;
  const round = Buffer.alloc(8);
  round.writeUInt32LE(FINISHED_ROUND, 0);
  round.writeUInt16LE(8, 6);
  const speBytes = buffers.reduce((sum, b) => sum + b.payload.length, 0);
  const rounds = Math.ceil(bytes / speBytes);

  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 16;
  const fd = openSync(path, 'w');
  writeSync(fd, head);
  let size = 0;
  const put = (buffer) => (size += writeSync(fd, buffer));
  const index = [];
  once.forEach(put);
  for (let r = 0; r < rounds; r++) {
    for (const { type, record, payload, queue, times, varying } of repeated) {
      if (type === AUXTRACE) index.push(BigInt(head.length + size), BigInt(record.length));
      put(record);
      if (type === AUXTRACE) {
        put(payload);
        vary(payload, varying, random);
        record.writeBigUInt64LE(record.readBigUInt64LE(16) + queues.get(queue), 16);
        for (const t of times) payload.writeBigUInt64LE(payload.readBigUInt64LE(t) + ticks, t);
      } else {
        record.writeBigUInt64LE(record.readBigUInt64LE(8) + (queues.get(queue) ?? 0n), 8);
        record.writeBigUInt64LE(record.readBigUInt64LE(40) + ns, 40);
      }
    }
    put(round);
  }
  // The feature sections are after the records: their table and what it points to move by as much as the records grew.
  head.writeBigUInt64LE(BigInt(size), 48);
  const moved = Buffer.from(tail);
  const grown = BigInt(head.length + size - end);
  const table = Number(moved.readBigUInt64LE(0)) - end;
  for (let at = 0; at < table; at += 16) moved.writeBigUInt64LE(moved.readBigUInt64LE(at) + grown, at);
  // perf decodes what its index of AUXTRACE records names (tools/perf/util/auxtrace.c): u64 count, then offset and size.
  const auxIndex = new BigUint64Array([BigInt(index.length / 2), ...index]);
  const at = 16 * featuresBefore(head, AUXTRACE_FEATURE);
  moved.writeBigUInt64LE(BigInt(head.length + size + moved.length), at);
  moved.writeBigUInt64LE(BigInt(auxIndex.byteLength), at + 8);
  writeSync(fd, moved);
  writeSync(fd, auxIndex);
  writeSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  return { records: rounds * buffers.reduce((sum, b) => sum + b.times.length, 0), speBytes: rounds * speBytes };
}
