/**
 * Parses the usual sample lines, nearly all of a text, by their bytes: ten times as fast as script-line.ts and fields.ts with strings, and
 * with the same result. Whatever it isn't sure of is left to those: other columns, non-ASCII bytes, signs.
 */
import type { SampleText } from './fields.ts';
import { parseFields } from './fields.ts';
import { SampleNumbers, Wide } from './layout.ts';
import type { Layout, Role } from './layout.ts';
import { KnownBytes } from '../known-bytes.ts';
import { BLANK, decimal, DIGIT, isBlank, isDigit, isDigits, isHex } from '../line-bytes.ts';
import { PlainFronts } from './plain-front.ts';
import { eventKind } from './records.ts';
import type { EventKind } from './records.ts';
import { baseName } from './script-head.ts';
import { MAX_FRONT, parseScriptLine } from './script-line.ts';
import type { ScriptLine } from './script-line.ts';
import { isSideBand } from './side-band.ts';
import { KnownPlace } from './text-code.ts';

const OPEN = 40;
const CLOSE = 41;
const COLON = 58;
const MARK = 62;
const BAR = 124;
/** Of `|OP LOAD`. */
const LETTER_O = 79;

/** Seconds up to which ns are exact as a double. */
const EXACT_SECONDS = 9_000_000;
const MAX_NUMBERS = 8;

/** What a line of one column layout ends in: function and binary. */
interface Tail {
  readonly symbol: string;
  readonly binary: string | undefined;
  readonly known: KnownPlace;
}

/** Places of a number's low half. */
const [TIME, ADDR, PC, PA] = [Wide.TIME, Wide.ADDR, Wide.PC, Wide.PA].map((i) => 2 * i);
const BILLION = 1_000_000_000;
const HALF = 2 ** 32;
const EIGHT_BLANKS = new DataView(new TextEncoder().encode(' '.repeat(8)).buffer).getFloat64(0);

/** One parsed line; lent until the next. */
export interface PlainSample {
  /** Its time is among the numbers only. */
  readonly sample: ScriptLine;
  event: EventKind;
  readonly fields: SampleText;
  readonly numbers: SampleNumbers;
  /** Remembers where lines with this ending are. */
  known: KnownPlace;
}

export class PlainLines {
  readonly #roles: { readonly plain: readonly Role[]; readonly sourced: readonly Role[] };
  readonly #fronts = new PlainFronts();
  readonly #events = new KnownBytes((text) => readEvent(text));
  readonly #tails = new KnownBytes((text) => readTail(text));
  readonly #flags = new KnownBytes((text) => readFlags(text));
  readonly #trailing: boolean;
  readonly #found: PlainSample = {
    sample: { comm: '', pid: -1, tid: -1, cpu: -1, time: 0n, event: '', restAt: 0 },
    event: eventKind(''),
    fields: {
      ...{ flags: '', before: [], dataSource: undefined, numbers: [], symbol: '' },
      ...{ binary: undefined, behind: undefined, branches: [] },
    },
    numbers: new SampleNumbers(),
    known: new KnownPlace(),
  };
  readonly #words = this.#found.numbers.words;

  /** The last bytes read, eight at a time. */
  #bytes: Uint8Array = new Uint8Array(0);
  #doubles: DataView = new DataView(this.#bytes.buffer);
  #eventBytes = 0;
  // Where the numbers of the line are.
  readonly #starts = new Int32Array(MAX_NUMBERS + 1);
  readonly #ends = new Int32Array(MAX_NUMBERS + 1);
  #at = 0;

  constructor(layout: Layout) {
    this.#roles = layout.roles;
    this.#trailing = layout.hasTrailing;
  }

  /** Undefined for a line that needs a closer look. */
  take(b: Uint8Array, start: number, end: number): PlainSample | undefined {
    if (this.#trailing || end - start < 8) return undefined;
    // Quote marks.
    if (b[start] === MARK || b[start] === BAR || (b[start] === BLANK && b[start + 1] === MARK)) return undefined;
    if (!this.#head(b, start, end)) return undefined;
    return this.#rest(b, this.#at, end) ? this.#found : undefined;
  }

  /** Thread, CPU, time and event; false if they aren't as usual. Leaves `#at` after them. */
  #head(b: Uint8Array, start: number, end: number): boolean {
    const limit = Math.min(end, start + MAX_FRONT);
    const front = this.#fronts.take(b, start, limit);
    if (!front) return false;
    const { first, point, colon } = this.#fronts.time;
    const { sample } = this.#found;
    sample.comm = front.comm;
    sample.pid = front.pid;
    sample.tid = front.tid;
    sample.cpu = front.cpu;
    const seconds = decimal(b, first, point);
    const fraction = decimal(b, point + 1, colon) * (colon - point === 7 ? 1000 : 1);
    const words = this.#words;
    if (seconds < EXACT_SECONDS) {
      const ns = seconds * BILLION + fraction;
      words[TIME + 1] = ns / HALF;
      words[TIME] = ns;
    } else {
      this.#found.numbers.wide[Wide.TIME] = BigInt(seconds) * BigInt(BILLION) + BigInt(fraction);
    }
    return this.#event(b, colon + 1, end, limit);
  }

  /** The event's name from `from` on, maybe with a period. */
  #event(b: Uint8Array, from: number, end: number, limit: number): boolean {
    const { sample } = this.#found;
    let at = from;
    if (b !== this.#bytes) {
      this.#bytes = b;
      this.#doubles = new DataView(b.buffer, b.byteOffset, b.length);
    }
    // Names of events are padded to the longest: often a hundred blanks.
    while (at + 8 <= end && this.#doubles.getFloat64(at) === EIGHT_BLANKS) at += 8;
    while (at < end && b[at] === BLANK) at++;
    // A period.
    if (isDigit(b[at])) {
      while (at < end && isDigit(b[at])) at++;
      if (b[at] !== BLANK) return false;
      while (at < end && b[at] === BLANK) at++;
    }
    const eventAt = at;
    // As long as the last one, most likely; a name that this cuts at the wrong place isn't known.
    at += this.#eventBytes;
    if (at >= end || b[at] !== COLON || b[at + 1] !== BLANK) {
      at = eventAt;
      while (at < end && !(b[at] === COLON && b[at + 1] === BLANK)) if (isBlank(b[at++])) return false;
    }
    if (at >= end || at >= limit) return false;
    this.#eventBytes = at - eventAt;
    const event = this.#events.get(b, eventAt, at);
    if (!event) return false;
    sample.event = event.event;
    this.#found.event = event.kind;
    this.#at = at + 2;
    return true;
  }

  /** The fields after the event. */
  #rest(b: Uint8Array, from: number, lineEnd: number): boolean {
    const { fields, numbers } = this.#found;
    const words = this.#words;
    let end = lineEnd;
    while (end > from && isBlank(b[end - 1])) end--;
    let at = from;
    while (at < end && isBlank(b[at])) at++;
    if (at === end) return false;

    fields.flags = '';
    let n = this.#numbers(b, at, end);
    if (n === 0) {
      // Words before the first number.
      let word = at;
      while (at < end && n === 0) {
        while (at < end && !isBlank(b[at])) at++;
        word = at;
        while (at < end && isBlank(b[at])) at++;
        n = this.#numbers(b, at, end);
      }
      let flagsAt = from;
      while (isBlank(b[flagsAt])) flagsAt++;
      const flags = n > 0 ? this.#flags.get(b, flagsAt, word) : undefined;
      if (!flags) return false;
      fields.flags = flags.flags;
    }
    if (n < 0) return false;

    fields.dataSource = undefined;
    words[ADDR] = words[ADDR + 1] = 0;
    let roles = this.#roles.plain;
    if (this.#at < end && b[this.#at] === BAR) {
      if (b[this.#at + 1] !== LETTER_O) return false;
      const source = this.#ends[n - 1];
      if (source - this.#starts[n - 1] < 1) return false;
      fields.dataSource = String.fromCharCode(b[source - 1]);
      if (n > 1) this.#address(b, 0, ADDR);
      roles = this.#roles.sourced;
      n = this.#behindDataSource(b, this.#at, end);
      if (n < 0) return false;
    }
    // More of them than usual: a function may be called `add`.
    if (n !== roles.length) return false;
    words[PC] = words[PC + 1] = words[PA] = words[PA + 1] = 0;
    numbers.weight = 0;
    let tailEnd = end;
    if (b[end - 1] !== CLOSE) {
      // `(binary)   physical address`
      let p = end;
      while (p > this.#at && isHex(b[p - 1])) p--;
      if (end - p >= 1 && end - p <= 16 && isBlank(b[p - 1])) {
        let close = p;
        while (close > this.#at && isBlank(b[close - 1])) close--;
        if (b[close - 1] !== CLOSE) return false;
        this.#hex(b, p, end, PA);
        tailEnd = close;
      }
    }
    for (let i = 0; i < n; i++) {
      switch (roles[i]) {
        case 'addr':
          this.#address(b, i, ADDR);
          break;
        case 'pc':
          this.#address(b, i, PC);
          break;
        case 'pa':
          this.#address(b, i, PA);
          break;
        case 'weight':
          numbers.weight = latency(b, this.#starts[i], this.#ends[i]);
          break;
        case 'other':
          break;
      }
    }
    const tail = this.#tails.get(b, this.#at, tailEnd);
    if (!tail || (tailEnd !== end && tail.binary === undefined)) return false;
    fields.binary = tail.binary;
    fields.symbol = numbers.symbol = tail.symbol;
    this.#found.known = tail.known;
    return true;
  }

  /** Hexadecimal numbers from `at` on: how many; -1 for too many. Leaves `#at` at what follows. */
  #numbers(b: Uint8Array, from: number, end: number): number {
    let n = 0;
    let at = from;
    for (;;) {
      const start = at;
      while (at < end && isHex(b[at])) at++;
      if (at === start || at - start > 16 || (at < end && !isBlank(b[at]))) {
        this.#at = start;
        return n;
      }
      if (n === MAX_NUMBERS) return -1;
      this.#starts[n] = start;
      this.#ends[n++] = at;
      while (at < end && isBlank(b[at])) at++;
    }
  }

  /** The numbers after `|OP LOAD|…|BLK  N/A`: see fields.ts. */
  #behindDataSource(b: Uint8Array, from: number, end: number): number {
    let at = end;
    while (b[at - 1] !== BAR) at--;
    let high = 0;
    for (let i = from; i < at; i++) {
      // That was a bar in the name of a function or binary.
      if (b[i] === OPEN) return -1;
      high |= b[i];
    }
    // Two words at least.
    for (let words = 0; at < end; words++) {
      while (at < end && isBlank(b[at])) at++;
      if (words > 1) {
        const n = this.#numbers(b, at, end);
        if (n) return high > 127 ? -1 : n;
      }
      while (at < end && !isBlank(b[at])) high |= b[at++];
    }
    return -1;
  }

  #address(b: Uint8Array, i: number, place: number): void {
    this.#hex(b, this.#starts[i], this.#ends[i], place);
  }

  #hex(b: Uint8Array, start: number, end: number, place: number): void {
    let low = 0;
    let high = 0;
    const middle = Math.max(start, end - 8);
    for (let i = start; i < middle; i++) high = (high << 4) | DIGIT[b[i]];
    for (let i = middle; i < end; i++) low = (low << 4) | DIGIT[b[i]];
    this.#words[place] = low;
    this.#words[place + 1] = high;
  }
}

/** An event's name as script-line.ts reads it; undefined for what it wouldn't take for one. */
function readEvent(text: string): { readonly event: string; readonly kind: EventKind } | undefined {
  const event = parseScriptLine(`a 1 [000] 1.000000: ${text}: 0`)?.event;
  return event === text && !isSideBand(text) ? { event, kind: eventKind(baseName(event)) } : undefined;
}

/** What follows the numbers, if that is a function and its binary and nothing else. */
function readTail(text: string): Tail | undefined {
  const fields = isSideBand(text) || text.includes('|') ? undefined : parseFields(`0 ${text}`);
  if (!fields || fields.branches.length || fields.behind !== undefined || fields.flags || fields.numbers.length !== 1)
    return undefined;
  // A branch stack with names.
  if (text.includes('/-/') || text.includes('/X/')) return undefined;
  return { symbol: fields.symbol, binary: fields.binary, known: new KnownPlace() };
}

function readFlags(text: string): { readonly flags: string } | undefined {
  const fields = parseFields(`${text} 0`);
  return fields?.flags && fields.numbers.length === 1 && fields.symbol === '' ? { flags: fields.flags } : undefined;
}

/** A latency has at most five digits, all decimal; anything else isn't one. */
function latency(b: Uint8Array, from: number, to: number): number {
  return to - from <= 5 && isDigits(b, from, to) ? decimal(b, from, to) : 0;
}
