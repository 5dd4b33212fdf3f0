/** Plain ASCII text for mails: what has no ASCII letter is spelled out, lines end at 72 columns. */

/** Width of a mail line that leaves room to be quoted twice (git's and the kernel list's custom). */
export const COLUMNS = 72;

const spelled: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\u2192': '->',
  '\u2248': '~',
  '\u2264': '<=',
  '\u2265': '>=',
  '\u00b1': '+/-',
  '\u00d7': 'x',
  '\u00b5': 'u',
  '\u03bc': 'u',
  '\u03c4': 'tau',
};

/** Every character becomes printable ASCII, tabs and newlines stay: accents are dropped, `?` replaces what can't be spelled. */
export function ascii(text: string): string {
  return text
    .replace(/\p{Zs}/gu, ' ')
    .replace(/[^\n\t\x20-\x7e]/gu, (c) => spelled[c] ?? (c.normalize('NFKD').replace(/[^\x20-\x7e]/g, '') || '?'));
}

/** Lines of at most `width` characters, broken at spaces; a longer word is broken where the line ends. */
export function wrap(text: string, width = COLUMNS, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  const room = Math.max(8, width - indent.length);
  for (let word of ascii(text).split(/\s+/).filter(Boolean)) {
    if (line && line.length + 1 + word.length > room) {
      lines.push(indent + line);
      line = '';
    }
    while (word.length > room) {
      lines.push(indent + word.slice(0, room));
      word = word.slice(room);
    }
    line = line ? `${line} ${word}` : word;
  }
  if (line) lines.push(indent + line);
  return lines;
}

/**
 * A table whose columns are as wide as their widest cell; `l` or `r` per column. Tables too wide for that are printed row by row: the first
 * cell on its own line, the others below it with their columns' names.
 */
export function asciiTable(head: readonly string[], rows: readonly (readonly string[])[], align: string): string[] {
  const all = [head, ...rows].map((row) => row.map(ascii));
  const widths = head.map((_, c) => Math.max(...all.map((row) => row[c].length)));
  if (total(widths) > COLUMNS) return rowByRow(head, rows);
  const lines = all.map((row) =>
    row
      .map((cell, c) => (align[c] === 'r' ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)];
}

function rowByRow(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(20, Math.max(...head.slice(1).map((name) => ascii(name).length)));
  return rows.flatMap(([first, ...cells]) => [
    ...wrap(first),
    ...cells.flatMap((cell, c) => {
      const label = `  ${ascii(head[c + 1])
        .slice(0, width)
        .padEnd(width)}  `;
      const lines = wrap(cell, COLUMNS, ' '.repeat(label.length));
      return lines.length ? [label + lines[0].slice(label.length), ...lines.slice(1)] : [];
    }),
  ]);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
}

/** A heading with a line under it. */
export function heading(text: string, line = '-'): string[] {
  return ['', ascii(text), line.repeat(Math.min(COLUMNS, ascii(text).length)), ''];
}

/** A command that a shell takes as is: broken between words with a backslash. A word longer than the line stays whole. */
export function command(text: string): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of shellWords(ascii(text))) {
    if (line.trim() && line.length + 1 + word.length > COLUMNS - 2) {
      lines.push(`${line} \\`);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** Words as a shell sees them: quoted spaces don't split. */
function shellWords(text: string): string[] {
  return text.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
}
