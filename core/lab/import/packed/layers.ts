/** What captures come wrapped in: compression, archives, other encodings. By content: names lie. */
import { latin1Text } from '../../../formats/event-format/text-bytes.ts';

export type Layer = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'UTF-16LE' | 'UTF-16BE' | 'quoted-printable';
export type Archive = 'zip' | 'tar' | 'mail';

/** Bytes at the start needed to tell which: for a mail, more than its header. */
export const LAYER_HEAD = 32768;

/** Of an archive: with more it isn't a pair of captures. */
export const MAX_FILES = 200;

const TAR_HEADER = 512;

const magics: readonly (readonly [Layer | 'zip', readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

export function isArchive(layer: Layer | Archive): layer is Archive {
  return layer === 'zip' || layer === 'tar' || layer === 'mail';
}

/** Undefined if unwrapped. */
export function layerOf(head: Uint8Array): Layer | Archive | undefined {
  for (const [layer, magic] of magics) if (magic.every((byte, i) => head[i] === byte)) return layer;
  if (isTar(head.subarray(0, TAR_HEADER))) return 'tar';
  if (!head.includes(0) && isMail(latin1Text(head))) return 'mail';
  return encodingOf(head) ?? (isQuotedPrintable(head) ? 'quoted-printable' : undefined);
}

/** Position of a tar header's own checksum: eight bytes, which count as blanks. */
const [SUM_START, SUM_END] = [148, 156];

/** A first header whose checksum is right; older than POSIX's it has no `ustar` at byte 257 (pax, ustar interchange format). */
function isTar(head: Uint8Array): boolean {
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  if (head.length < TAR_HEADER || head[0] === 0) return false;
  const sum = head.reduce((total, byte, at) => total + (at >= SUM_START && at < SUM_END ? 0x20 : byte), 0);
  return parseInt(text(SUM_START, SUM_END).replaceAll('\0', ' ').trim(), 8) === sum;
}

/** UTF-16 without a byte order mark: every other byte of ASCII is 0. */
function encodingOf(all: Uint8Array): Layer | undefined {
  const head = all.subarray(0, 512);
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

/** What mail programs write as `=XX`: `=` itself, blanks at the end of a line, bytes beyond ASCII (RFC 2045, 6.7). */
const ESCAPED = /=(?:3D|20|09|[89A-F][0-9A-F]|\r?$)/g;
const SOFT_BREAK = /=\r?\n/g;

/** A raw mail's text: no line is longer than 76 columns, each `=` begins an escape, and there are some that nothing else writes. */
function isQuotedPrintable(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  const text = latin1Text(head);
  if ((text.match(SOFT_BREAK)?.length ?? 0) + (text.match(/=3D/g)?.length ?? 0) < 2) return false;
  // The last line may go on.
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return lines.every((l) => l.length <= 77 && (l.match(/=/g)?.length ?? 0) === (l.match(ESCAPED)?.length ?? 0));
}

/** What separates the mails of a box (mbox). */
export const SEPARATOR = /^From \S+ [^\n]*\d{2}:\d{2}[^\n]*\r?$/m;
const HEADER = /^[A-Za-z][\w-]*: /;
const ENCODED = /^content-transfer-encoding:\s*(?:quoted-printable|base64)\s*$/im;
const MULTIPART = /^content-type:\s*multipart\//im;

/** Whether a file's first bytes are a mail's that must be decoded, or has several parts: others can be read as text. */
export function isMail(head: string): boolean {
  const lines = head.split(/\r?\n/);
  const first = SEPARATOR.test(lines[0]) ? 1 : 0;
  if (!HEADER.test(lines[first]) || !/^(?:From|Received|Return-Path|Subject|Date|Message-Id): /im.test(head))
    return false;
  return ENCODED.test(head) || MULTIPART.test(head);
}
