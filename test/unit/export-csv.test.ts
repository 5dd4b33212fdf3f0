/** CSV cells that a spreadsheet would execute, or a terminal would obey. */
import { expect, it } from 'vitest';
import { writeTable } from '../../core/lab/exports/writers.ts';
import type { OutputFile } from '../../core/lab/output-file.ts';

function csv(cells: readonly (string | number | null)[], raw = false): string {
  let text = '';
  const file = { text: (part: string) => (text += part) } as unknown as OutputFile;
  const columns = [{ name: 'name', type: 'text' as const }];
  const table = {
    ...{ name: 't', columns, rows: cells.length },
    *batches() {
      yield { rows: cells.length, cell: (_: number, i: number) => cells[i] };
    },
  };
  writeTable(table as unknown as Parameters<typeof writeTable>[0], 'csv', file, { raw });
  return text;
}

it.each([
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['+1+cmd', "'+1+cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['-1+cmd', "'-1+cmd"],
  ['-12.5', '-12.5'],
  ['kworker/0:1', 'kworker/0:1'],
])('%s', (cell, written) => {
  expect(csv([cell])).toBe(`name\n${written}\n`);
});

it('a tab in front, escape sequences: shown, not obeyed', () => {
  const text = csv(['\t=1', '\u001b[2J', '\u202eabc']);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

it('--raw leaves names as they are', () => expect(csv(['=1'], true)).toBe('name\n=1\n'));
