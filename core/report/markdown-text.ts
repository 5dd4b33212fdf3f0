/** Text as Markdown that shows it as is, whatever it holds. */
import { warningWords } from './facts.ts';
import type { FactBlock } from './facts.ts';
import { printable } from './html.ts';
import type { Table } from './tables.ts';

/** Text that Markdown shows as is. */
export function md(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>|~#]/g, '\\$&')
    .replaceAll('&', '&amp;');
}

export function table({ head, align, rows }: Table): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, c) => (align[c] === 'r' ? '---:' : '---'));
  return [line(head.map(md)), line(rule), ...rows.map((row) => line(row.map(md))), ''];
}

/** A titled table of facts, with what was wrong with them. */
export function factsMarkdown({ title, facts, warnings }: FactBlock): string[] {
  const rows = facts.map(({ label, value }) => [label, value]);
  return [
    ...(title ? [`### ${md(title)}`, ''] : []),
    ...table({ head: ['', ''], align: 'll', rows }),
    ...warnings.map((w) => {
      const { severity, message, where } = warningWords(w);
      return `- **${severity}:** ${md(message + where)}`;
    }),
    ...(warnings.length ? [''] : []),
  ];
}

/** No run of backquotes in the text ends its block. */
export function codeBlock(text: string): string[] {
  const fence = '`'.repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map((run) => run.length + 1)));
  return [`${fence}sh`, text, fence, ''];
}
