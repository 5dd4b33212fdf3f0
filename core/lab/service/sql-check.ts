/** Where a query is wrong. SQLite says what, but better-sqlite3 doesn't expose where (sqlite3_error_offset). */
import { openLabFile } from '../../store/lab-file.ts';
import { LabFileError } from '../../store/lab-errors.ts';
import { prepareOnly } from '../../store/sql.ts';

export interface SqlCheck {
  readonly problem?: string;
  /** Characters [from, to) of the query. */
  readonly from?: number;
  readonly to?: number;
}

/** Prepares a query and finds the word that SQLite rejects. Runs nothing. */
export function checkSql(lab: string, sql: string): SqlCheck {
  const db = openLabFile(lab, 'read');
  try {
    const complaint = (text: string): string | undefined => {
      try {
        prepareOnly(db, text);
        return undefined;
      } catch (error) {
        if (error instanceof LabFileError) throw error;
        return (error as Error).message;
      }
    };
    const problem = complaint(sql);
    return problem === undefined ? {} : { problem, ...placeOf(sql, problem, complaint) };
  } catch (error) {
    if (error instanceof LabFileError) return { problem: error.message };
    throw error;
  } finally {
    db.close();
  }
}

/** @param complaint SQLite's error for a text; undefined if none */
export function placeOf(
  sql: string,
  problem: string,
  complaint: (text: string) => string | undefined,
): { readonly from: number; readonly to: number } | undefined {
  if (/^incomplete input/.test(problem)) {
    const end = sql.trimEnd().length;
    return { from: Math.max(0, end - 1), to: end };
  }
  const near = /^near "([^]+)": /.exec(problem)?.[1] ?? /^unrecognized token: "([^]+)"$/.exec(problem)?.[1];
  if (near !== undefined) {
    const places = [...occurrences(sql, near)];
    // The parser stops at the first word that doesn't fit: the text up to there gives the same error.
    const at = places.find((from) => complaint(sql.slice(0, from + near.length)) === problem) ?? places.at(-1);
    return at === undefined ? undefined : { from: at, to: at + near.length };
  }
  const name =
    /^(?:no such (?:column|table|function|module|collation sequence)|ambiguous column name): ([^]+)$/.exec(
      problem,
    )?.[1] ??
    /^(?:misuse of (?:aggregate|window function)|wrong number of arguments to function) ?:? ?([\w.]+)\(\)/.exec(
      problem,
    )?.[1];
  if (name === undefined) return undefined;
  // SQLite adds a hint to a name meant as a string: `no such column: "x" - should this be a string literal`.
  const plain = name.replace(/ - should this.*/, '').replaceAll('"', '');
  for (const from of words(sql, plain)) return { from, to: from + plain.length };
  const last = plain.slice(plain.lastIndexOf('.') + 1);
  for (const from of words(sql, last)) return { from, to: from + last.length };
  return undefined;
}

function* occurrences(sql: string, text: string): Generator<number> {
  for (let at = sql.indexOf(text); at >= 0; at = sql.indexOf(text, at + 1)) yield at;
}

/** Where a name occurs as a word, outside strings and comments. */
function* words(sql: string, name: string): Generator<number> {
  const skipped = /'(?:[^']|'')*'|--[^\n]*|\/\*[^]*?\*\//g;
  const blank = sql.replace(skipped, (text) => ' '.repeat(text.length)).toLowerCase();
  const wanted = name.toLowerCase();
  for (const at of occurrences(blank, wanted)) {
    const [before, after] = [blank[at - 1] ?? ' ', blank[at + wanted.length] ?? ' '];
    if (!/\w/.test(before) && !/\w/.test(after)) yield at;
  }
}
