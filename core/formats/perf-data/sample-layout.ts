/** Where a PERF_RECORD_SAMPLE keeps its fields (include/uapi/linux/perf_event.h; kernel/events/core.c, perf_output_sample). */
import { type EventAttr, type PerfEvent, SampleType } from './attr.ts';
import { size64 } from './cursor.ts';
import type { RecordCursor } from './record.ts';

/** PERF_FORMAT_* bits of `read_format`. */
const ReadFormat = { TOTAL_TIME_ENABLED: 1, TOTAL_TIME_RUNNING: 2, ID: 4, GROUP: 8, LOST: 16 } as const;

/** Type of a tracepoint's attr. */
export const PERF_TYPE_TRACEPOINT = 2;

/** Bytes from the record's start; 0: not there. */
export interface SampleLayout {
  readonly tracepoint: boolean;
  readonly time: number;
  readonly tid: number;
  readonly cpu: number;
  /** Where READ, CALLCHAIN and RAW begin, of which the first two vary in length. */
  readonly rest: number;
  readonly read: boolean;
  readonly readFormat: number;
  readonly callchain: boolean;
  readonly raw: boolean;
}

/** The fields before READ, in the order of the record. */
const fixed = [
  SampleType.IDENTIFIER,
  SampleType.IP,
  SampleType.TID,
  SampleType.TIME,
  SampleType.ADDR,
  SampleType.ID,
  SampleType.STREAM_ID,
  SampleType.CPU,
  SampleType.PERIOD,
];

function fieldAt(sampleType: number, field: number): number {
  if (!(sampleType & field)) return 0;
  let at = 8;
  for (const bit of fixed) {
    if (bit === field) return at;
    if (sampleType & bit) at += 8;
  }
  return 0;
}

export function sampleLayout({ type, sampleType, readFormat }: EventAttr): SampleLayout {
  return {
    tracepoint: type === PERF_TYPE_TRACEPOINT,
    time: fieldAt(sampleType, SampleType.TIME),
    tid: fieldAt(sampleType, SampleType.TID),
    cpu: fieldAt(sampleType, SampleType.CPU),
    rest: fixed.reduce((at, bit) => (sampleType & bit ? at + 8 : at), 8),
    read: (sampleType & SampleType.READ) !== 0,
    readFormat,
    callchain: (sampleType & SampleType.CALLCHAIN) !== 0,
    raw: (sampleType & SampleType.RAW) !== 0,
  };
}

/** Finds the layout of a file's samples. */
export class SampleLayouts {
  readonly #first: SampleLayout | undefined;
  readonly #byId = new Map<number, SampleLayout>();
  /** Where all samples keep their id; 0: they have none, or only one layout anyway. */
  readonly #idAt: number;

  constructor(events: readonly PerfEvent[]) {
    const layouts = events.map((e) => sampleLayout(e.attr));
    this.#first = layouts[0];
    const same = layouts.every((l) => JSON.stringify(l) === JSON.stringify(layouts[0]));
    const first = events[0]?.attr.sampleType ?? 0;
    // perf itself reads a file only if the id has one place in all events (evlist__valid_sample_type).
    this.#idAt = same ? 0 : fieldAt(first, SampleType.IDENTIFIER) || fieldAt(first, SampleType.ID);
    if (this.#idAt) events.forEach((e, i) => e.ids.forEach((id) => this.#byId.set(Number(id), layouts[i])));
  }

  /** Undefined for a sample of no event in the file. An id of 0 is the first event's, as in perf. */
  of(r: RecordCursor): SampleLayout | undefined {
    if (!this.#idAt) return this.#first;
    if (r.size < this.#idAt + 8) return undefined;
    const id = size64(r.view, r.at + this.#idAt);
    return id === 0 ? this.#first : this.#byId.get(id);
  }
}

/**
 * Bytes from the record's start to its RAW field (u32 size, then that many bytes), skipping counters and call chain. -1 if the record ends
 * before, or claims more raw bytes than it has.
 */
export function rawAt(r: RecordCursor, layout: SampleLayout): number {
  const { view, at, size } = r;
  let field = layout.rest;
  if (layout.read) {
    field += readBytes(layout.readFormat, field + 8 <= size ? size64(view, at + field) : 0);
  }
  if (layout.callchain) {
    if (field + 8 > size) return -1;
    field += 8 + 8 * size64(view, at + field);
  }
  if (field + 4 > size || field + 4 + view.getUint32(at + field, true) > size) return -1;
  return field;
}

/** Length of a READ field that begins with `count` (its number of values, if it is a group's). */
function readBytes(format: number, count: number): number {
  const has = (bit: number): number => (format & bit ? 1 : 0);
  const times = has(ReadFormat.TOTAL_TIME_ENABLED) + has(ReadFormat.TOTAL_TIME_RUNNING);
  const value = 1 + has(ReadFormat.ID) + has(ReadFormat.LOST);
  return 8 * (has(ReadFormat.GROUP) ? 1 + times + count * value : times + value);
}
