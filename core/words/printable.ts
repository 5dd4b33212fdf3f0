/**
 * A file's text, for a terminal: control characters, escape sequences and marks that change the text direction are shown as
 * `\\u001b`, not executed. Exact in JSON, too, where such characters only occur in strings.
 */

/**
 * C0 except tab and line feed, DEL and C1; marks of direction; line and paragraph separators; what takes no room, but for the joiners that
 * some scripts and emoji need. First and last of each.
 */
const ranges = [
  ...[
    [0x00, 0x08],
    [0x0b, 0x1f],
    [0x7f, 0x9f],
    [0x61c, 0x61c],
  ],
  ...[
    [0x200b, 0x200b],
    [0x200e, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
  ],
] as const;

const hex = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
const classes = ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join('');

/** Also tags, U+E0000 and on, which can hide a text in another one: by their surrogates. */
export const unsafe = new RegExp(`[${classes}]|\\udb40[\\udc00-\\udfff]`, 'g');

/** For whole texts: line feeds and tabs are the writer's own, and stay. */
export function printable(text: string): string {
  return text.replace(unsafe, escaped);
}

/** For one value in a line or a cell: line feeds and tabs would split it in two. */
export function printableCell(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

/** A text may be millions of them: spelt once, except for the rare ones. */
const spelt = Array.from({ length: 0x100 }, (_, code) => hex(code));

function escaped(characters: string): string {
  const code = characters.charCodeAt(0);
  if (characters.length === 1) return spelt[code] ?? hex(code);
  return Array.from({ length: characters.length }, (_, i) => hex(characters.charCodeAt(i))).join('');
}
