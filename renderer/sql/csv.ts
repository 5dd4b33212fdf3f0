/** Rows as CSV (RFC 4180): fields with a comma, a quote or a line break are quoted. NULL is an empty field. */
import type { SqlAnswer, SqlValue } from '../../core/contract/runs.ts';

export function csv({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: SqlValue): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as JSON: an array of objects, a row per line; of columns with the same name the last value is kept. */
export function json({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): string {
  const lines = rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((name, c) => [name, row[c]]))));
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** Which of two columns is drawn against the other: numbers up, the other along. Undefined if there is nothing to draw. */
export function plottable({
  columns,
  rows,
}: SqlAnswer): { kind: 'bars' | 'line'; points: [SqlValue, number][] } | undefined {
  if (columns.length !== 2 || rows.length < 2) return undefined;
  if (!rows.every((row) => typeof row[1] === 'number' || row[1] === null)) return undefined;
  const points = rows.filter((row) => row[1] !== null).map((row): [SqlValue, number] => [row[0], row[1] as number]);
  const kind = points.every(([x]) => typeof x === 'number') ? 'line' : 'bars';
  // More bars than fit a screen show nothing.
  return points.length < 2 || (kind === 'bars' && points.length > 60) ? undefined : { kind, points };
}
