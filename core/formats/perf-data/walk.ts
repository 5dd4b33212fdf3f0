import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { CompressedRecords } from './compressed.ts';
import { size64 } from './cursor.ts';
import type { FileLayout } from './sections.ts';
import { RecordType } from './types.ts';
import { Window } from './window.ts';

const HEADER_BYTES = 8;
const AUXTRACE_BYTES = 48;

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
  const compressed = new CompressedRecords(warnings, visit);
  walkPlain(source, layout, warnings, (record) => {
    visit(record);
    if (record.type === RecordType.COMPRESSED || record.type === RecordType.COMPRESSED2) compressed.add(record);
  });
  compressed.finish();
}

/** The records as they lie in the file. */
function walkPlain(
  source: ByteSource,
  layout: FileLayout,
  warnings: Warnings,
  visit: (record: RecordCursor) => void,
): void {
  const window = new Window(source);
  const { bytes, view } = window;
  const record: RecordCursor = { type: 0, misc: 0, size: 0, at: 0, bytes, view, offset: 0, payload: 0 };
  const end = layout.data.offset + layout.data.size;
  let offset = layout.data.offset;
  while (offset < end) {
    const at = end - offset < HEADER_BYTES ? -1 : window.need(offset, HEADER_BYTES);
    const size = at < 0 ? 0 : window.view.getUint16(at + 6, true);
    if (at >= 0 && size < HEADER_BYTES) {
      const left = end - offset;
      const message = `a record of ${size} bytes: the ${left} bytes from there on can't be read`;
      warnings.add('data-loss', 'perf-bad-record', message, { offset, bytes: left });
      return;
    }
    record.at = at < 0 || end - offset < size ? -1 : window.need(offset, size);
    if (record.at < 0) return cut(warnings, offset, end);
    record.bytes = window.bytes;
    record.view = window.view;
    record.type = record.view.getUint32(record.at, true);
    record.misc = record.view.getUint16(record.at + 4, true);
    record.size = size;
    record.offset = offset;
    record.payload = payloadBytes(record);
    visit(record);
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
