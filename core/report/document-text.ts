/** A document as plain text for a mail: ASCII, at most 72 columns (except a word of a command that can't be broken). */
import { ascii, asciiTable, command, heading, wrap } from './ascii.ts';
import type { Block, Document } from './document.ts';
import { isShown } from './options.ts';
import type { ReportOptions } from './options.ts';
import { factLines, notesLines } from './text-parts.ts';

export function documentText(doc: Document, options: ReportOptions): string {
  const shown = doc.sections.filter(({ id }) => id === undefined || isShown(options, id));
  const { figure } = doc;
  const lines = [
    ascii(doc.title),
    '='.repeat(ascii(doc.title).length),
    ...wrap(doc.subtitle),
    '',
    ...wrap(doc.lead),
    ...doc.notes.flatMap((note) => ['', ...wrap(`NOTE: ${note}`)]),
    ...(figure ? [...heading(figure.caption), ...figure.text] : []),
    ...notesLines(options.notes),
    ...shown.flatMap(({ title, blocks }) => [
      ...heading(title),
      ...blocks
        .map(block)
        .filter((part) => part.length > 0)
        .flatMap((part, i) => (i > 0 ? ['', ...part] : part)),
    ]),
    '',
    ...wrap(doc.foot),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function block(one: Block): string[] {
  switch (one.kind) {
    case 'text':
      return wrap(one.text);
    case 'table': {
      const { head, align, rows } = one.table;
      return [...wrap(`${one.caption}:`), '', ...asciiTable(head, rows, align)];
    }
    case 'figures':
      if (!one.inText) return [];
      return one.figures.flatMap(({ caption, text }, i) => [
        ...(i > 0 ? [''] : []),
        ...wrap(`${caption}:`),
        '',
        ...text,
      ]);
    case 'facts':
      return one.blocks.flatMap((facts, i) => [
        ...(i > 0 ? [''] : []),
        ...(facts.title ? [ascii(facts.title), ''] : []),
        ...factLines(facts),
      ]);
    case 'commands':
      return one.commands.flatMap((line) => (line.startsWith('# ') ? wrap(line, 72, '  ') : command(line)));
  }
}
