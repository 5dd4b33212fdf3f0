/** Parts of plain text reports: facts with what was wrong with them, the maker's notes. */
import { ascii, COLUMNS, heading, wrap } from './ascii.ts';
import { warningWords } from './facts.ts';
import type { FactBlock } from './facts.ts';

/** Labels longer than this are cut unless they are paths, which get their own line. */
const LABEL = 22;

export function factLines({ facts, warnings }: Pick<FactBlock, 'facts' | 'warnings'>): string[] {
  const short = facts.map(({ label }) => ascii(label).length).filter((length) => length <= LABEL);
  const width = Math.max(0, ...short);
  return [
    ...facts.flatMap(({ label, value }) =>
      ascii(label).length > LABEL
        ? [...wrap(label), ...wrap(value, COLUMNS, '  ')]
        : hanging(`${ascii(label).padEnd(width)}  `, value),
    ),
    ...warnings.flatMap((w) => {
      const { severity, message, where } = warningWords(w);
      return hanging('! ', `${severity}: ${message}${where}`);
    }),
  ];
}

/** Text after a label, its further lines below its first. */
export function hanging(label: string, text: string): string[] {
  const lines = wrap(text, COLUMNS, ' '.repeat(label.length));
  return lines.length ? [label + lines[0].slice(label.length), ...lines.slice(1)] : [label];
}

/** As written: Markdown is meant to be read as text. Longer lines are broken. */
export function notesLines(notes: string | undefined): string[] {
  if (!notes?.trim()) return [];
  const lines = ascii(notes.trim().replace(/\r\n?/g, '\n')).replaceAll('\t', '    ').split('\n');
  return [...heading('Notes'), ...lines.flatMap((line) => (line.length > COLUMNS ? wrap(line) : [line]))];
}
