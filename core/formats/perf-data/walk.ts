import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import type { Section } from './attr.ts';
import { CompressedRecords } from './compressed.ts';
import { payloadBytes, type RecordCursor } from './record.ts';
import { believable, resync } from './resync.ts';
import type { FileLayout } from './sections.ts';
import { RecordType } from './types.ts';
import { Window } from './window.ts';

const HEADER_BYTES = 8;

/**
 * Visits every record of a file in file order (of a directory: one file after the other), those inside COMPRESSED records in their place,
 * after the COMPRESSED record itself. Damage is skipped with a warning where records can be found again after it.
 */
export function walkRecords(
  source: ByteSource,
  layout: FileLayout,
  warnings: Warnings,
  visit: (record: RecordCursor) => void,
): void {
  for (const part of [layout.data, ...layout.more]) {
    // Each file has its own compressed stream.
    const compressed = new CompressedRecords(warnings, visit);
    walkPlain(source, part, warnings, (record) => {
      visit(record);
      if (record.type === RecordType.COMPRESSED || record.type === RecordType.COMPRESSED2) compressed.add(record);
    });
    compressed.finish();
  }
}

/** The records as they lie in the file. */
function walkPlain(source: ByteSource, data: Section, warnings: Warnings, visit: (record: RecordCursor) => void): void {
  const window = new Window(source);
  const { bytes, view } = window;
  const record: RecordCursor = { type: 0, misc: 0, size: 0, at: 0, bytes, view, offset: 0, payload: 0 };
  const end = data.offset + data.size;
  let offset = data.offset;
  while (offset < end) {
    const at = end - offset < HEADER_BYTES ? -1 : window.need(offset, HEADER_BYTES);
    const size = at < 0 ? 0 : window.view.getUint16(at + 6, true);
    if (at >= 0 && !believable(window.view.getUint32(at, true), size)) {
      const next = resync(source, offset, end);
      const bytes = (next < 0 ? end : next) - offset;
      warnings.add('data-loss', 'perf-bad-record', 'bytes among the records that are none: skipped', { offset, bytes });
      if (next < 0) return;
      offset = next;
      continue;
    }
    record.at = at < 0 || end - offset < size ? -1 : window.need(offset, size);
    if (record.at < 0) return cut(warnings, offset, end);
    record.bytes = window.bytes;
    record.view = window.view;
    record.type = record.view.getUint32(record.at, true);
    record.misc = record.view.getUint16(record.at + 4, true);
    record.size = size;
    record.offset = offset;
    record.payload = payloadBytes(record.type, size, record.view, record.at);
    visit(record);
    offset += record.size + record.payload;
  }
  if (offset > end) cut(warnings, record.offset, end);
}

function cut(warnings: Warnings, offset: number, end: number): void {
  const bytes = end - offset;
  warnings.add('data-loss', 'perf-cut-record', `the last record is cut, ${bytes} bytes`, { offset, bytes });
}
