/** Removes what mail programs, editors and web pages put into lines of text. */
import type { Line } from './line.ts';

const QUOTE = 62;
const BLANK = 32;
const BAR = 124;
const BOM = '\u00ef\u00bb\u00bf';

/** `> `, `>> `, ` > > `: quote marks; `| ` in some programs. */
const MARKS = /^ ?(?:> ?)+|^\| /;

/**
 * Non-ASCII blanks, as latin1 reads their UTF-8: no-break space (U+00A0; also alone, as in files in latin1), the spaces U+2000 … U+200A,
 * U+202F, U+3000. Zero-width ones (U+200B, U+FEFF) are dropped, and so are what terminals are told (ECMA-48: colours and the like; links and
 * titles; character sets) and what is struck over (`_` and a backspace before an underlined character, the character itself before a bold one).
 */
const BLANKS = /\u00c2\u00a0|\u00e2\u0080[\u0080-\u008a\u00af]|\u00e3\u0080\u0080|(?<=^|[\u0000-\u007f])\u00a0/g;
const NOTHING =
  /\u00e2\u0080\u008b|\u00ef\u00bb\u00bf|\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[()][0-9A-Z]|.\u0008/g;

/** An entity of HTML. */
export const ENTITY = /&(?:lt|gt|amp|quot|#0?39);/;

/** Whether a block of text may need more cleaning than of quote marks. */
export function needsCleaning(text: string): boolean {
  return /[\u0008\u001b\u00a0\u00e2\u00e3\u00ef]/.test(text) || ENTITY.test(text);
}

/** What pages write for characters that HTML has other uses for: `&lt;idle&gt;-0`. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#39;': "'", '&#039;': "'" },
};

/** Cleans quote marks, non-ASCII blanks, and entities of HTML. `foreign`: what `needsCleaning` says of the line's block. */
export function cleanLine(line: Line, foreign: boolean): void {
  const first = line.text.charCodeAt(0);
  if (first === QUOTE || first === BAR || (first === BLANK && line.text.charCodeAt(1) === QUOTE)) {
    const marks = MARKS.exec(line.text)?.[0].length ?? 0;
    line.start += marks;
    line.text = line.text.slice(marks);
  }
  if (!foreign || !needsCleaning(line.text)) return;
  const text = (line.text.startsWith(BOM) ? line.text.slice(BOM.length) : line.text)
    .replace(BLANKS, ' ')
    .replace(NOTHING, '')
    .replace(/&(?:lt|gt|amp|quot|#0?39);/g, (entity) => ENTITIES[entity] ?? entity);
  if (text === line.text) return;
  setText(line, text);
}

/** Gives a line a new text, in its own bytes. */
export function setText(line: Line, text: string): void {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  line.bytes = bytes;
  line.start = 0;
  line.end = text.length;
  line.text = text;
}
