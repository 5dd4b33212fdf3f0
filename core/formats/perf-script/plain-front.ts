/** What a line of `perf script` has before its event, by its bytes: thread, CPU, time. See plain-line.ts. */
import { KnownBytes } from '../known-bytes.ts';
import { BLANK, decimal, isBlank, isDigit, isDigits } from '../line-bytes.ts';
import { MAX_CPU, scriptName } from './script-line.ts';
import { isSideBand } from './side-band.ts';

const DOT = 46;
const SLASH = 47;
const COLON = 58;
const BRACKET = 91;
const CLOSING = 93;

/** What a line has before its time. */
export interface Front {
  readonly comm: string;
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
}

/** Where a line's `seconds.fraction:` is: its first digit, point and colon. */
export interface TimePlace {
  first: number;
  point: number;
  colon: number;
}

export class PlainFronts {
  /** Of the line taken last. */
  readonly time: TimePlace = { first: 0, point: 0, colon: 0 };
  readonly #comms = new KnownBytes((text) => (isSideBand(text) ? undefined : { name: scriptName(text) }));
  /** Those that hold no time themselves. */
  readonly #fronts = new KnownBytes((text) => {
    const bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
    const isWhole = timeIn(bytes, 0, bytes.length, this.time) === NONE;
    return isWhole ? this.#parse(bytes, 0, bytes.length) : undefined;
  });
  /** Where the last line's time ended, counted from its start; perf prints columns, so that the next one's ends there, too. */
  #colon = 0;

  /** Undefined for a line whose front isn't as usual. */
  take(b: Uint8Array, start: number, limit: number): Front | undefined {
    const { time } = this;
    const guess = start + this.#colon;
    if (guess < limit && b[guess] === COLON && timeAt(b, start, guess, time) === FOUND) {
      const known = this.#fronts.get(b, start, time.first);
      if (known) return known;
    }
    if (timeIn(b, start, limit, time) !== FOUND) return undefined;
    this.#colon = time.colon - start;
    return this.#parse(b, start, time.first);
  }

  /** Thread and CPU, which end at `end`. */
  #parse(b: Uint8Array, start: number, end: number): Front | undefined {
    let p = end;
    while (p > start && isBlank(b[p - 1])) p--;
    let cpu = -1;
    if (p > start && b[p - 1] === CLOSING) {
      const close = --p;
      while (p > start && isDigit(b[p - 1])) p--;
      if (close - p < 1 || close - p > 10 || p - 1 <= start || b[p - 1] !== BRACKET || !isBlank(b[p - 2])) return;
      const number = decimal(b, p, close);
      cpu = number <= MAX_CPU ? number : -1;
      p--;
      while (p > start && isBlank(b[p - 1])) p--;
    }
    const tidEnd = p;
    while (p > start && isDigit(b[p - 1])) p--;
    if (tidEnd - p < 1 || tidEnd - p > 10) return;
    const tid = decimal(b, p, tidEnd);
    let pid = -1;
    if (p > start && b[p - 1] === SLASH) {
      const pidEnd = --p;
      while (p > start && isDigit(b[p - 1])) p--;
      if (pidEnd - p < 1 || pidEnd - p > 10) return;
      pid = decimal(b, p, pidEnd);
    }
    if (p > start && !isBlank(b[p - 1])) return;
    while (p > start && isBlank(b[p - 1])) p--;
    const comm = this.#comms.get(b, start, p);
    return comm && { comm: comm.name, pid, tid, cpu };
  }
}

/** What a colon ends, or a search found. UNSURE: a time behind something that only the code knows that knows all blanks. */
const NONE = 0;
const FOUND = 1;
const UNSURE = 2;

/** Looks for the first time that follows a blank. */
function timeIn(b: Uint8Array, start: number, limit: number, place: TimePlace): number {
  for (let colon = start; ; colon++) {
    while (colon < limit && b[colon] !== COLON) colon++;
    if (colon >= limit) return NONE;
    const found = timeAt(b, start, colon, place);
    if (found !== NONE) return found;
  }
}

/** Whether a colon ends a time that follows a blank. */
function timeAt(b: Uint8Array, start: number, colon: number, place: TimePlace): number {
  const point = isDigits(b, colon - 6, colon) && b[colon - 7] === DOT ? colon - 7 : colon - 10;
  if (point <= start || b[point] !== DOT || !isDigits(b, point + 1, colon)) return NONE;
  let first = point;
  while (first > start && isDigit(b[first - 1])) first--;
  if (first === point || point - first > 11) return NONE;
  if (first === start) return UNSURE;
  const before = b[first - 1];
  if (!isBlank(before)) return before < BLANK || before > 126 ? UNSURE : NONE;
  place.first = first;
  place.point = point;
  place.colon = colon;
  return FOUND;
}
