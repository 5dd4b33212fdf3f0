/**
 * A file's text, for a terminal: control characters, escape sequences and marks that change the text direction are shown as
 * `\\u001b`, not executed. Exact in JSON, too, where such characters only occur in strings.
 */

/**
 * C0 except tab and line feed, DEL and C1; marks of direction; line and paragraph separators; the byte order mark. First and last of each.
 */
const ranges = [
  ...[
    [0x00, 0x08],
    [0x0b, 0x1f],
    [0x7f, 0x9f],
    [0x61c, 0x61c],
  ],
  ...[
    [0x200e, 0x200f],
    [0x2028, 0x202e],
    [0x2066, 0x2069],
    [0xfeff, 0xfeff],
  ],
] as const;

const hex = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
const unsafe = new RegExp(`[${ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join('')}]`, 'g');

/** For whole texts: line feeds and tabs are the writer's own, and stay. */
export function printable(text: string): string {
  return text.replace(unsafe, escaped);
}

/** For one value in a line or a cell: line feeds and tabs would split it in two. */
export function printableCell(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

function escaped(character: string): string {
  return hex(character.charCodeAt(0));
}
