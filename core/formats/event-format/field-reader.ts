/**
 * One field of one kind of event, read fast, for code that turns events into columns. Works the same on binary payloads and on text ones,
 * where the field's name and value are in the event's text.
 */
import type { TraceColumns } from './columns.ts';
import type { EventFormat } from './format.ts';
import { dynamicRange, read32, read64 } from './numbers.ts';
import { byteText, cString } from './text-bytes.ts';
import { beforeHex, textFields } from './text-fields.ts';

/** Reads from event `i` of a batch. A record too short for the field gives 0. */
export interface FieldReader {
  /** The low 32 bits, unsigned. */
  u32(columns: TraceColumns, i: number): number;
  /** The high 32 bits; 0 for narrower fields. */
  high(columns: TraceColumns, i: number): number;
  /** The whole value, unsigned; negative numbers of narrower signed fields are sign-extended to 64 bits. */
  u64(columns: TraceColumns, i: number): bigint;
  /** A string field's text; a number in decimal. */
  text(columns: TraceColumns, i: number): string;
}

/** Undefined when the event has no such field. For text captures there is always a reader: absent values are 0 and ''. */
export function fieldReader(format: EventFormat, name: string): FieldReader | undefined {
  if (format.fields.length === 0 && format.system !== '') return textReader(format.name, name);
  const field = format.fields.find((f) => f.name === name);
  if (!field) return undefined;
  const { offset, size, signed, kind } = field;
  const fits = (c: TraceColumns, i: number): boolean => c.start[i + 1] - c.start[i] >= offset + size;
  if (kind !== 'number') {
    const range = kind === 'data-loc' || kind === 'rel-loc' ? dynamicRange(field) : undefined;
    const text = (c: TraceColumns, i: number): string => {
      const [at, end] = [c.start[i], c.start[i + 1]];
      if (!range) return cString(c.payload, at + offset, Math.min(size ? at + offset + size : end, end));
      const place = range({ bytes: c.payload, at, size: end - at, slots: [] });
      return cString(c.payload, at + place.offset, Math.min(at + place.offset + place.length, end));
    };
    const word = (c: TraceColumns, i: number): number => (fits(c, i) ? read32(c.payload, c.start[i] + offset) : 0);
    return { u32: word, high: () => 0, u64: (c, i) => BigInt(word(c, i)), text };
  }
  const low = (c: TraceColumns, i: number): number => {
    if (!fits(c, i)) return 0;
    const at = c.start[i] + offset;
    const p = c.payload;
    if (size >= 4) return read32(p, at);
    const value = size === 2 ? p[at] | (p[at + 1] << 8) : p[at];
    return signed ? ((value << (32 - 8 * size)) >> (32 - 8 * size)) >>> 0 : value;
  };
  const high = (c: TraceColumns, i: number): number => {
    if (size === 8) return fits(c, i) ? read32(c.payload, c.start[i] + offset + 4) : 0;
    return signed && low(c, i) >= 0x80000000 ? 0xffffffff : 0;
  };
  const u64 = (c: TraceColumns, i: number): bigint => {
    if (size === 8) return fits(c, i) ? read64(c.payload, c.start[i] + offset) : 0n;
    return (BigInt(high(c, i)) << 32n) | BigInt(low(c, i));
  };
  return { u32: low, high, u64, text: (c, i) => String(signed ? BigInt.asIntN(64, u64(c, i)) : u64(c, i)) };
}

/** For text: a search for what precedes the number if that is known, else a parse of the whole text. */
function textReader(event: string, name: string): FieldReader {
  const value = (c: TraceColumns, i: number): bigint | string =>
    textFields(event, byteText(c.payload, c.start[i], c.start[i + 1]))[name] ?? 0n;
  const number = (c: TraceColumns, i: number): bigint => {
    const v = value(c, i);
    return typeof v === 'bigint' ? BigInt.asUintN(64, v) : 0n;
  };
  const text = (c: TraceColumns, i: number): string => {
    const v = value(c, i);
    return typeof v === 'bigint' ? (v === 0n ? '' : String(v)) : v;
  };
  const before = beforeHex(event, name);
  if (before === undefined) {
    return {
      u32: (c, i) => Number(number(c, i) & 0xffffffffn),
      high: (c, i) => Number(number(c, i) >> 32n),
      u64: number,
      text,
    };
  }
  const [own, raw] = [hexFinder(before), hexFinder(`${name}=`)];
  const find: typeof own = (bytes, start, end) => (isRaw(bytes, start, end) ? raw : own)(bytes, start, end);
  const u32 = (c: TraceColumns, i: number): number => find(c.payload, c.start[i], c.start[i + 1])[0];
  const high = (c: TraceColumns, i: number): number => find(c.payload, c.start[i], c.start[i + 1])[1];
  return { u32, high, u64: (c, i) => (BigInt(high(c, i)) << 32n) | BigInt(u32(c, i)), text };
}

/** Finds the hexadecimal number after `before` in `bytes[start, end)`: its low and high halves, 0 if there is none. */
function hexFinder(before: string): (bytes: Uint8Array, start: number, end: number) => Uint32Array {
  const pattern = Uint8Array.from(before, (ch) => ch.charCodeAt(0));
  // `len: ` isn't the end of `old_len: `.
  const wholeWord = /^[a-z]/.test(before);
  const halves = new Uint32Array(2);
  return (bytes, start, end) => {
    halves[0] = halves[1] = 0;
    const last = end - pattern.length;
    search: for (let at = start; at < last; at++) {
      for (let k = 0; k < pattern.length; k++) if (bytes[at + k] !== pattern[k]) continue search;
      if (wholeWord && at > start && isWord(bytes[at - 1])) continue;
      let digit = at + pattern.length;
      if (bytes[digit] === 0x30 && bytes[digit + 1] === 0x78) digit += 2;
      for (let count = 0; digit < end && count < 16; digit++, count++) {
        const value = hexDigit(bytes[digit]);
        if (value < 0) break;
        halves[1] = (halves[1] << 4) | (halves[0] >>> 28);
        halves[0] = (halves[0] << 4) | value;
      }
      break;
    }
    return halves;
  };
}

/** Whether a text begins `name=`, as the fields of trace-cmd report -R do. */
function isRaw(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at] === 0x20) at++;
  const first = at;
  while (at < end && isWord(bytes[at])) at++;
  return at > first && bytes[at] === 0x3d;
}

function isWord(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte === 0x5f;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
