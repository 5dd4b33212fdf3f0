/** Text in records: UTF-8 as a rule, and anything at all in damaged ones. */
import { isAscii } from 'node:buffer';

const decoder = new TextDecoder('utf-8');

/** Up to here a byte at a time is faster. */
const SHORT = 64;

/** The C string that starts at `start`: up to a NUL or `end`. */
export function cString(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  const stop = Math.min(end, bytes.length);
  for (let i = start; i < stop; i++) {
    const byte = bytes[i];
    if (byte === 0) return text;
    if (byte >= 0x80) {
      const rest = bytes.subarray(i, stop);
      const nul = rest.indexOf(0);
      return text + decoder.decode(nul < 0 ? rest : rest.subarray(0, nul));
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/** As `cString`, for text that may be long. */
export function longString(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length, start + SHORT);
  const head = bytes.subarray(start, stop).indexOf(0);
  if (head >= 0 || stop === Math.min(end, bytes.length)) return cString(bytes, start, end);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end, bytes.length) - start);
  const nul = text.indexOf(0);
  const own = nul < 0 ? text : text.subarray(0, nul);
  return isAscii(own) ? own.toString('latin1') : decoder.decode(own);
}

/** All of `[start, end)`, NULs included. */
export function byteText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) {
    if (bytes[i] >= 0x80) return text + decoder.decode(bytes.subarray(i, end));
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}

/**
 * `[start, end)` as one character per byte, each the byte's number. (TextDecoder's latin1 is windows-1252: it maps 0x80 to 0x9f to others.)
 */
export function latin1Text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

/** UTF-8 that was read as one character per byte. */
export function utf8Text(latin: string): string {
  if (!/[\u0080-\u00ff]/.test(latin)) return latin;
  return decoder.decode(Uint8Array.from(latin, (ch) => ch.charCodeAt(0)));
}

/** Whether bytes are UTF-8, but for a last character that may be cut. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
