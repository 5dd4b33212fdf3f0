import type { ByteSource } from '../source.ts';
import { RESYNC_BYTES, RESYNC_TRIES } from './limits.ts';
import { payloadBytes } from './record.ts';
import { recordName } from './types.ts';
import { Window } from './window.ts';

const HEADER_BYTES = 8;
/** Headers in a row that must make sense: one does by chance once in some million bytes of AUX data. */
const CHAIN = 3;

/** True for a record header to step over, known type or not. Larger types than any perf will have soon are damage. */
export function believable(type: number, size: number): boolean {
  return type > 0 && type < 256 && size >= HEADER_BYTES;
}

/**
 * Where records resume after damage at `offset`: the first place where three known records follow each other. -1 if there is none within
 * `RESYNC_BYTES`.
 */
export function resync(source: ByteSource, offset: number, end: number): number {
  const window = new Window(source);
  const ahead = new Window(source);
  let tries = 0;
  const limit = Math.min(end - HEADER_BYTES, offset + RESYNC_BYTES);
  for (let from = offset + 1; from <= limit; from++) {
    const at = window.need(from, HEADER_BYTES);
    if (at < 0) return -1;
    // Kernel and tool types both fit one byte: three bytes of zero, or no header.
    if (window.bytes[at + 1] | window.bytes[at + 2] | window.bytes[at + 3] || window.bytes[at] === 0) continue;
    if (chained(ahead, from, end)) return from;
    if (++tries === RESYNC_TRIES) return -1;
  }
  return -1;
}

function chained(window: Window, from: number, end: number): boolean {
  let offset = from;
  for (let n = 0; n < CHAIN && offset !== end; n++) {
    const at = end - offset < HEADER_BYTES ? -1 : window.need(offset, HEADER_BYTES);
    if (at < 0) return false;
    const type = window.view.getUint32(at, true);
    const size = window.view.getUint16(at + 6, true);
    if (!believable(type, size) || recordName(type).startsWith('type')) return false;
    const whole = end - offset < size ? -1 : window.need(offset, size);
    if (whole < 0) return false;
    offset += size + payloadBytes(type, size, window.view, whole);
    if (offset > end) return false;
  }
  return true;
}
