/** A trace up close: single events, exact guest runs. Reads the range's chunks, and refuses long ranges. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { EventPrinter } from '../../formats/event-format/event-printer.ts';
import { KvmKind } from '../../model/kvm-events.ts';
import { getCapture } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { binRange, wantedShift } from '../../store/lod.ts';
import { readChanges } from '../../store/stage2-store.ts';
import { countTraceEvents } from '../../store/trace-store.ts';
import type { TraceLine, TraceTrack } from '../../contract/timeline.ts';
import { readKvmEvents } from './decode-kvm.ts';
import type { Want } from './levels.ts';
import { storedTrace } from './stored-trace.ts';
import { GuestRuns, WHOLE_VM } from './event-levels.ts';

/** Most events that a request decodes: some 10 ms. */
const MAX_EVENTS = 3 * 16384;
/** Most stage 2 changes read one by one. */
const MAX_CHANGES = 20_000;

export interface NearTrace {
  /** All tracks counted from the events themselves; undefined if there are too many, so levels of detail must do. */
  tracks(db: Db, capture: CaptureRow, want: Want): TraceTrack[] | undefined;
  /** The first `limit` events of [start, end), ns after the trace's first event. */
  lines(db: Db, kvm: number, start: number, end: number, limit: number): TraceLine[];
}

/** For one request after the other: they share a batch, which takes longer to clear than a few events take to read. */
export function createNearTrace(): NearTrace {
  let batch: TraceColumns | undefined;
  const columns = () => (batch ??= new TraceColumns());
  return {
    tracks: (db, capture, want) => exactTracks(db, capture, want, columns),
    lines: (db, kvm, start, end, limit) => traceLines(db, kvm, { start, end, limit }, columns),
  };
}

function exactTracks(db: Db, capture: CaptureRow, want: Want, columns: () => TraceColumns): TraceTrack[] | undefined {
  const { t0, t1 } = capture;
  if (t0 === undefined || t1 === undefined) return undefined;
  const start = want.start > t0 ? want.start : t0;
  const end = want.end < t1 + 1n ? want.end : t1 + 1n;
  if (start >= end) return [];
  if (countTraceEvents(db, capture.id, { start, end }) > MAX_EVENTS) return undefined;
  const changes = readChanges(db, capture.id, start, end, MAX_CHANGES);
  if (!changes) return undefined;

  const shift = wantedShift(start, end, want.bins);
  const range = binRange(start, end, shift);
  const width = 2 ** shift;
  const zero = (range.first << BigInt(shift)) - t0;
  const first = Number(zero);
  const tracks = new Map<string, TraceTrack>();
  const of = (track: string, tid: number): Uint32Array => {
    const key = `${track} ${tid}`;
    let found = tracks.get(key);
    if (!found) tracks.set(key, (found = { track, tid, width, first, counts: new Uint32Array(range.n) }));
    return found.counts;
  };
  const events = readKvmEvents(storedTrace(db, capture, { start, end }), columns());
  const offset = Number(events.origin - t0) - first;
  const count = (counts: Uint32Array, t: number) => {
    const bin = Math.floor(t / width);
    if (bin >= 0 && bin < counts.length) counts[bin]++;
  };
  new GuestRuns((tid) => {
    const counts = of('guest', tid);
    return (from, to) => addInterval(counts, from + offset, to + offset, width);
  }).take(events);
  for (let i = 0; i < events.n; i++) {
    if (events.kind[i] === KvmKind.GUEST_FAULT) count(of('fault', events.tid[i]), events.t[i] + offset);
    else if (events.kind[i] === KvmKind.LOST) count(of('lost', WHOLE_VM), events.t[i] + offset);
  }
  for (const { t, kind, cause } of changes) {
    if (kind !== 'initial-unmapped') count(of(cause ? `${kind}:${cause}` : kind, WHOLE_VM), Number(t - t0) - first);
  }
  return [...tracks.values()];
}

function addInterval(counts: Uint32Array, start: number, end: number, width: number): void {
  const last = Math.min(counts.length, Math.ceil(end / width));
  for (let bin = Math.max(0, Math.floor(start / width)); bin < last; bin++) {
    counts[bin] += Math.min(end, (bin + 1) * width) - Math.max(start, bin * width);
  }
}

function traceLines(
  db: Db,
  kvm: number,
  { start, end, limit }: { readonly start: number; readonly end: number; readonly limit: number },
  columns: () => TraceColumns,
): TraceLine[] {
  const capture = getCapture(db, kvm, 'kvm');
  const { t0 } = capture;
  if (t0 === undefined) return [];
  const at = (t: number) => (t0 + BigInt(t) < 0n ? 0n : t0 + BigInt(t));
  const range = { start: at(start), end: at(end) };
  if (range.start >= range.end) return [];
  const file = storedTrace(db, capture, range);
  const printer = new EventPrinter(file);
  const lines: TraceLine[] = [];
  file.read(columns(), (batch) => {
    for (let i = 0; i < batch.n && lines.length < limit; i++) {
      if (batch.t[i] < range.start || batch.t[i] >= range.end) continue;
      const event = file.dictionary.formats[batch.event[i]].name;
      lines.push({ t: Number(batch.t[i] - t0), event, line: printer.line(batch, i) });
    }
  });
  return lines;
}
