/** A document as Markdown (CommonMark and tables), its figures as SVG files beside it. */
import type { Block, Document, Figure } from './document.ts';
import { printable } from './html.ts';
import { codeBlock, factsMarkdown, md, table } from './markdown-text.ts';
import type { MarkdownReport } from './markdown.ts';
import { notesMarkdown } from './notes.ts';
import { isShown } from './options.ts';
import type { ReportOptions } from './options.ts';
import { standaloneSvg } from './standalone.ts';

/**
 * @param folder where the figures will lie, relative to the Markdown file
 * @param comment what the report tells programs about itself
 */
export function documentMarkdown(
  doc: Document,
  options: ReportOptions,
  folder: string,
  comment?: string,
): MarkdownReport {
  const figures = new Map<string, string>();
  const figure = ({ name, caption, drawing, key }: Figure): string[] => {
    figures.set(`${name}.svg`, standaloneSvg(drawing));
    return [`![${md(caption)}](<${encodeURI(folder)}/${name}.svg>)`, '', ...(key ? [md(key), ''] : [])];
  };
  const block = (one: Block): string[] => {
    switch (one.kind) {
      case 'text':
        return [md(one.text), ''];
      case 'table':
        return [`**${md(one.caption)}**`, '', ...table(one.table)];
      case 'figures':
        return one.figures.flatMap(figure);
      case 'facts':
        return one.blocks.flatMap(factsMarkdown);
      case 'commands':
        return codeBlock(one.commands.map(printable).join('\n'));
    }
  };
  const shown = doc.sections.filter(({ id }) => id === undefined || isShown(options, id));
  const lines = [
    `# ${md(doc.title)}`,
    '',
    md(doc.subtitle),
    '',
    ...doc.notes.flatMap((note) => [`> **Note:** ${md(note)}`, '']),
    md(doc.lead),
    '',
    ...(doc.figure ? figure(doc.figure) : []),
    ...(options.notes?.trim() ? ['## Notes', '', notesMarkdown(options.notes.trim()), ''] : []),
    ...shown.flatMap(({ title, blocks }) => [`## ${md(title)}`, '', ...blocks.flatMap(block)]),
    md(doc.foot),
    '',
    ...(comment === undefined ? [] : [comment, '']),
  ];
  return { markdown: lines.join('\n'), figures };
}
