/** What captures come wrapped in: compression, archives, another encoding. By content: names lie. */

export type Layer = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'UTF-16LE' | 'UTF-16BE';
export type Archive = 'zip' | 'tar';

/** Bytes of the head that telling them apart wants. */
export const LAYER_HEAD = 512;

const magics: readonly (readonly [Layer | 'zip', readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

/** Undefined for what stands there by itself. */
export function layerOf(head: Uint8Array): Layer | Archive | undefined {
  for (const [layer, magic] of magics) if (magic.every((byte, i) => head[i] === byte)) return layer;
  return isTar(head) ? 'tar' : encodingOf(head);
}

/** Where a tar header's own checksum stands: eight bytes, which count as blanks. */
const [SUM_START, SUM_END] = [148, 156];

/** `ustar` at byte 257 of the first header, whose checksum is right (POSIX pax, ustar interchange format). */
function isTar(head: Uint8Array): boolean {
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  if (head.length < LAYER_HEAD || text(257, 262) !== 'ustar') return false;
  const sum = head.reduce((total, byte, at) => total + (at >= SUM_START && at < SUM_END ? 0x20 : byte), 0);
  return parseInt(text(SUM_START, SUM_END).replaceAll('\0', ' ').trim(), 8) === sum;
}

/** UTF-16 without a byte order mark: every other byte of ASCII is 0. */
function encodingOf(head: Uint8Array): Layer | undefined {
  const n = head.length & ~1;
  if (n < 16) return undefined;
  const zeros = [0, 0];
  for (let i = 0; i < n; i++) {
    if (head[i] === 0) zeros[i & 1]++;
    else if (head[i] > 126 || (head[i] < 32 && head[i] !== 9 && head[i] !== 10 && head[i] !== 13)) return undefined;
  }
  if (zeros[0] === 0 && zeros[1] > 0.45 * n) return 'UTF-16LE';
  return zeros[1] === 0 && zeros[0] > 0.45 * n ? 'UTF-16BE' : undefined;
}
