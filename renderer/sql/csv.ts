/** Rows as CSV (RFC 4180): what has a comma, a quote or a line break is quoted. NULL is an empty field. */
import type { SqlAnswer, SqlValue } from '../../core/contract/runs.ts';

export function csv({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: SqlValue): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as JSON: an array of objects, a row a line; a column whose name stands twice keeps its last value. */
export function json({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): string {
  const lines = rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((name, c) => [name, row[c]]))));
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** Which of two columns is drawn against which: numbers up, the other along. Undefined if there is nothing to draw. */
export function plottable({
  columns,
  rows,
}: SqlAnswer): { kind: 'bars' | 'line'; points: [SqlValue, number][] } | undefined {
  if (columns.length !== 2 || rows.length < 2) return undefined;
  if (!rows.every((row) => typeof row[1] === 'number' || row[1] === null)) return undefined;
  const points = rows.filter((row) => row[1] !== null).map((row): [SqlValue, number] => [row[0], row[1] as number]);
  const kind = points.every(([x]) => typeof x === 'number') ? 'line' : 'bars';
  // Bars beyond a screenful tell nothing.
  return points.length < 2 || (kind === 'bars' && points.length > 60) ? undefined : { kind, points };
}
