/** An error's place in a query, for people: line and column from 1, and the line with a mark under the word. */
export interface ErrorPlace {
  readonly line: number;
  readonly column: number;
  /** The query's line, and carets under the word; both cut to fit. */
  readonly excerpt: string;
  readonly marks: string;
}

const WIDTH = 100;

/** @param to end of the word, exclusive */
export function errorPlace(sql: string, from: number, to: number): ErrorPlace {
  const before = sql.slice(0, from);
  const start = before.lastIndexOf('\n') + 1;
  const stop = sql.indexOf('\n', from);
  const text = sql.slice(start, stop < 0 ? undefined : stop).replaceAll('\t', ' ');
  const column = from - start;
  const skip = Math.max(0, column - WIDTH / 2);
  const length = Math.max(1, Math.min(to, stop < 0 ? sql.length : stop) - from);
  return {
    line: before.split('\n').length,
    column: column + 1,
    excerpt: text.slice(skip, skip + WIDTH),
    marks: `${' '.repeat(column - skip)}${'^'.repeat(Math.min(length, WIDTH))}`,
  };
}
