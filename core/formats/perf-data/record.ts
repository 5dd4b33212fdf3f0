import { size64 } from './cursor.ts';
import { RecordType } from './types.ts';

/** The record under a walk. One object for the whole walk: copy what must outlive the call. */
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

const AUXTRACE_BYTES = 48;

/** Bytes after the record at `at` that belong to it but aren't counted in its size. */
export function payloadBytes(type: number, size: number, view: DataView, at: number): number {
  if (type === RecordType.AUXTRACE && size >= AUXTRACE_BYTES) return size64(view, at + 8);
  if (type === RecordType.HEADER_TRACING_DATA && size >= 12) return view.getUint32(at + 8, true);
  return 0;
}
