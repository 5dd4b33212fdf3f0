/**
 * Lines of a text whose events aren't in time order: per-CPU files concatenated, pieces appended, events picked out kind by kind. All have
 * absolute times of one clock, so sorting them is sound; deltas (`perf script --deltatime`) aren't times, and are refused.
 */
import { InputError, Warnings } from '../problems.ts';
import { memorySource } from '../source.ts';
import type { ByteSource } from '../source.ts';
import type { Line } from './line.ts';
import { SteppingBack } from './stepping-back.ts';
import type { EachLine } from './unwrap.ts';

/** Time (ns) and CPU of the event in a line; undefined for lines that hold none. */
export type EventOf = (text: string) => { readonly time: bigint; readonly cpu: number } | undefined;

/** Users with more are told to sort by other means: each takes 20 bytes here. */
const MAX_EVENTS = 1 << 25;
/** Bytes read at once. */
const SLICE = 1 << 20;
const LOST = /CPU:\d{1,5} \[.*(?:LOST|DROPPED)/;

/** Where events lie: event i with all that belongs to it is `[start[i], start[i + 1])`. */
class Places {
  n = 0;
  time = new BigUint64Array(4096);
  /** Piece of the text in which times rise. */
  piece = new Uint32Array(4096);
  start = new Float64Array(4097);

  add(time: bigint, piece: number, start: number): void {
    if (this.n === this.time.length) {
      const [time0, piece0, start0] = [this.time, this.piece, this.start];
      this.time = new BigUint64Array(2 * this.n);
      this.time.set(time0);
      this.piece = new Uint32Array(2 * this.n);
      this.piece.set(piece0);
      this.start = new Float64Array(2 * this.n + 1);
      this.start.set(start0);
    }
    this.time[this.n] = time;
    this.piece[this.n] = piece;
    this.start[this.n++] = start;
  }
}

/** @throws InputError if the times aren't times, or the events too many */
export function forEachSortedLine(
  source: ByteSource,
  warnings: Warnings,
  eachLine: EachLine,
  eventOf: EventOf,
  onLine: (line: Line) => void,
): void {
  const { places, pieces, line: first } = findPlaces(source, eachLine, eventOf);
  const message = `events in ${pieces} pieces whose times go back (first at line ${first}): sorted by time`;
  warnings.add('info', 'text-out-of-order', message, { count: pieces - 1 });
  const order = Uint32Array.from({ length: places.n }, (_, i) => i);
  const { time, piece, start } = places;
  order.sort((a, b) => (time[a] < time[b] ? -1 : time[a] > time[b] ? 1 : a - b));
  // What precedes the first event.
  if (places.n) emit(source, 0, start[0], eachLine, warnings, onLine);
  let doubles = 0;
  for (let i = 0; i < places.n;) {
    let end = i + 1;
    while (end < places.n && time[order[end]] === time[order[i]]) end++;
    if (piece[order[i]] === piece[order[end - 1]]) {
      // Neighbours in the text are read at once.
      const follows = (k: number) => order[k] === order[k - 1] + 1 && start[order[k]] - start[order[i]] < SLICE;
      // Not one that another piece may hold, too.
      const isAlone = (k: number) => k + 1 === places.n || time[order[k + 1]] !== time[order[k]];
      while (end < places.n && follows(end) && isAlone(end)) end++;
      emitRun(i, end);
    } else {
      // The same event in two pieces: they overlap.
      const seen = new Map<string, number>();
      for (let k = i; k < end; k++) {
        const from = start[order[k]];
        const key = eventText(source.read(from, start[order[k] + 1] - from));
        const before = seen.get(key);
        if (before !== undefined && before !== piece[order[k]]) {
          doubles++;
          continue;
        }
        seen.set(key, piece[order[k]]);
        emitRun(k, k + 1);
      }
    }
    i = end;
  }
  if (doubles) {
    warnings.add('info', 'text-double-events', 'events that two pieces of the text hold: taken once', {
      count: doubles,
    });
  }

  /** The event's own line as it is read, not as it is quoted; without what may follow the last event of a piece. */
  function eventText(bytes: Uint8Array): string {
    let found = '';
    eachLine(memorySource(bytes.slice()), new Warnings(), ({ text }) => {
      if (!eventOf(text)) return true;
      found = text.trim();
      return false;
    });
    return found;
  }

  function emitRun(from: number, to: number): void {
    for (let k = from; k < to;) {
      let end = k + 1;
      while (end < to && order[end] === order[end - 1] + 1) end++;
      emit(source, start[order[k]], start[order[end - 1] + 1], eachLine, warnings, onLine);
      k = end;
    }
  }
}

function emit(
  source: ByteSource,
  from: number,
  to: number,
  eachLine: EachLine,
  warnings: Warnings,
  onLine: (line: Line) => void,
): void {
  if (to <= from) return;
  const bytes = source.read(from, to - from).slice();
  eachLine(memorySource(bytes, source.name), warnings, (line) => {
    line.offset += from;
    onLine(line);
    return true;
  });
}

function findPlaces(source: ByteSource, eachLine: EachLine, eventOf: EventOf) {
  const places = new Places();
  const back = new SteppingBack();
  let pieces = 1;
  let latest = 0n;
  let line = 0;
  /** Where the lost-event marks before the next event begin. */
  let marks: number | undefined;
  eachLine(source, new Warnings(), (at) => {
    const event = eventOf(at.text);
    if (!event) {
      if (LOST.test(at.text)) marks ??= at.offset;
      return true;
    }
    if (places.n >= MAX_EVENTS)
      throw new InputError(
        source.name,
        `line ${at.number}: events out of order, and too many to sort here: sort them by time`,
      );
    if (event.time < latest) {
      pieces++;
      line ||= at.number;
    }
    latest = event.time;
    back.take(event.cpu, event.time, at.number);
    places.add(event.time, pieces, marks ?? at.offset);
    marks = undefined;
    return true;
  });
  if (back.isRelative || back.isReversed) throw new InputError(source.name, relativeTimes(back));
  places.start[places.n] = source.size;
  return { places, pieces, line };
}

/** Why times of `perf script --deltatime`, and the like, can't be used. */
export function relativeTimes(back: SteppingBack, isZero = false): string {
  if (back.isReversed)
    return `line ${back.line}: the time goes back, as it does from line to line: newest first; reverse it with \`tac\``;
  const seen = isZero ? 'all times are 0' : `line ${back.line}: the time goes back, as it does all along`;
  return `${seen}: they are distances, not times: print them without --deltatime`;
}
