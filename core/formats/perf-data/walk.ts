import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { size64 } from './cursor.ts';
import type { FileLayout } from './sections.ts';
import { RecordType } from './types.ts';
import { Window } from './window.ts';
import { ZstdStream } from './zstd.ts';

const HEADER_BYTES = 8;
const AUXTRACE_BYTES = 48;
/** Bytes of decompressed records waiting for their rest: a record is at most 64 KiB. */
const PENDING_BYTES = 1 << 16;

/** The record under the walk. One object for the whole walk: copy what must outlive the call. */
export interface RecordCursor {
  type: number;
  misc: number;
  /** Bytes of the record, header included. */
  size: number;
  /** Index of its header in `bytes` and `view`. */
  at: number;
  bytes: Uint8Array;
  view: DataView;
  /** Its byte offset in the file; for a compressed record that of the COMPRESSED record it came in. */
  offset: number;
  /** AUXTRACE and HEADER_TRACING_DATA: bytes that follow the record in the file, at `offset + size`. */
  payload: number;
}

/**
 * Visits every record of a file in the order of the file: those inside COMPRESSED records in their place, after the
 * COMPRESSED record itself. Damage ends the walk (or the compressed stream) with a warning; what came before stays.
 */
export function walkRecords(
  source: ByteSource,
  layout: FileLayout,
  warnings: Warnings,
  visit: (record: RecordCursor) => void,
): void {
  const window = new Window(source);
  const end = layout.data.offset + layout.data.size;
  const record: RecordCursor = { type: 0, misc: 0, size: 0, at: 0, ...window, offset: 0, payload: 0 };
  const inflate = inflater(warnings, visit);
  let offset = layout.data.offset;
  while (offset < end) {
    const at = end - offset < HEADER_BYTES ? -1 : window.need(offset, HEADER_BYTES);
    if (at < 0) return cut(warnings, offset, end);
    const size = window.view.getUint16(at + 6, true);
    record.type = window.view.getUint32(at, true);
    record.misc = window.view.getUint16(at + 4, true);
    record.size = size;
    record.offset = offset;
    if (size < HEADER_BYTES) {
      const message = `a record of ${size} bytes: the ${end - offset} bytes from there on can't be read`;
      warnings.add('data-loss', 'perf-bad-record', message, { offset, bytes: end - offset });
      return;
    }
    record.at = end - offset < size ? -1 : window.need(offset, size);
    if (record.at < 0) return cut(warnings, offset, end);
    record.bytes = window.bytes;
    record.view = window.view;
    record.payload = payloadBytes(record);
    visit(record);
    if (record.type === RecordType.COMPRESSED || record.type === RecordType.COMPRESSED2) inflate(record);
    offset += record.size + record.payload;
  }
  if (offset > end) cut(warnings, record.offset, end);
}

function cut(warnings: Warnings, offset: number, end: number): void {
  const bytes = end - offset;
  warnings.add('data-loss', 'perf-cut-record', `the last record is cut, ${bytes} bytes`, { offset, bytes });
}

/** Bytes after the record that belong to it but that its own size doesn't count. */
function payloadBytes({ type, size, view, at }: RecordCursor): number {
  if (type === RecordType.AUXTRACE && size >= AUXTRACE_BYTES) return size64(view, at + 8);
  if (type === RecordType.HEADER_TRACING_DATA && size >= 12) return view.getUint32(at + 8, true);
  return 0;
}

/** Decompresses the records of COMPRESSED records and visits them; they may span two of those. */
function inflater(warnings: Warnings, visit: (record: RecordCursor) => void): (outer: RecordCursor) => void {
  const pending = new Uint8Array(PENDING_BYTES);
  let held = 0;
  let broken = false;
  let offset = 0;
  let thrown: { error: unknown } | undefined;
  const stop = (reason: string, bytes: number): void => {
    broken = true;
    const message = `compressed records can't be read from there on: ${reason}`;
    warnings.add('data-loss', 'perf-bad-compression', message, { offset, bytes });
  };
  const record: RecordCursor = {
    type: 0,
    misc: 0,
    size: 0,
    at: 0,
    bytes: pending,
    view: new DataView(pending.buffer),
    offset: 0,
    payload: 0,
  };
  const visitAt = (bytes: Uint8Array, view: DataView, at: number, size: number): void => {
    Object.assign(record, { bytes, view, at, size, offset });
    record.type = view.getUint32(at, true);
    record.misc = view.getUint16(at + 4, true);
    try {
      visit(record);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  const take = (block: Uint8Array): void => {
    let at = 0;
    const pendingView = new DataView(pending.buffer);
    while (held > 0 && at < block.length) {
      const want = held < HEADER_BYTES ? HEADER_BYTES : pendingView.getUint16(6, true);
      const n = Math.min(want - held, block.length - at);
      pending.set(block.subarray(at, at + n), held);
      held += n;
      at += n;
      if (held < HEADER_BYTES) return;
      const size = pendingView.getUint16(6, true);
      if (size < HEADER_BYTES) throw new Error(`a record of ${size} bytes`);
      if (held < size) continue;
      visitAt(pending, pendingView, 0, size);
      held = 0;
    }
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    while (block.length - at >= HEADER_BYTES) {
      const size = view.getUint16(at + 6, true);
      if (size < HEADER_BYTES) throw new Error(`a record of ${size} bytes`);
      if (block.length - at < size) break;
      visitAt(block, view, at, size);
      at += size;
    }
    pending.set(block.subarray(at), held);
    held += block.length - at;
  };
  const stream = new ZstdStream(take);
  return (outer) => {
    if (broken) return;
    offset = outer.offset;
    const padded = outer.type === RecordType.COMPRESSED2;
    const from = outer.at + (padded ? 16 : HEADER_BYTES);
    const room = Math.max(0, outer.at + outer.size - from);
    const length = padded && outer.size >= 16 ? Math.min(room, size64(outer.view, outer.at + 8)) : room;
    try {
      stream.push(outer.bytes.subarray(from, from + length));
    } catch (error) {
      if (thrown) throw thrown.error;
      // fzstd fails in many ways on damaged input, out-of-range array lengths among them: all mean the same here.
      stop(error instanceof Error ? error.message : String(error), length);
    }
  };
}
