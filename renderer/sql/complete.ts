/** What may come at a position in a query: tables, columns of those it names, functions and words of SQL. */
import type { SqlTable } from '../../core/contract/runs.ts';

export interface Completion {
  /** Start of the word that an option replaces. */
  readonly from: number;
  readonly options: readonly Option[];
}

export interface Option {
  readonly text: string;
  /** `view`, `INTEGER`, `function`. */
  readonly what: string;
}

const MOST = 12;
const words =
  'SELECT FROM WHERE GROUP BY ORDER BY HAVING LIMIT OFFSET JOIN LEFT JOIN ON USING AS AND OR NOT IN BETWEEN LIKE IS NULL DISTINCT CASE WHEN THEN ELSE END WITH RECURSIVE UNION ALL ASC DESC EXISTS'
    .split(' ')
    .filter((word, i, all) => all.indexOf(word) === i);
const functions =
  'count sum avg min max total round abs ifnull coalesce nullif iif length substr printf instr lower upper json_extract group_concat row_number lag lead'.split(
    ' ',
  );

/**
 * @param at the cursor
 * @param asked even without a word before the cursor
 */
export function complete(sql: string, at: number, tables: readonly SqlTable[], asked = false): Completion | undefined {
  const before = sql.slice(0, at);
  if (inText(before)) return undefined;
  const [, owner, word] = /(?:(\w+)\.)?(\w*)$/.exec(before) ?? [];
  if (owner === undefined && !asked && !/^[a-z_]/i.test(word)) return undefined;
  const named = namedTables(sql, tables);
  const options = owner === undefined ? open(before, word, tables, named) : columnsOf(named.get(owner.toLowerCase()));
  const fits = matching(options, word);
  // Nothing to add to a complete word.
  if (!fits.length || (fits.length === 1 && fits[0].text.toLowerCase() === word.toLowerCase())) return undefined;
  return { from: at - word.length, options: fits.slice(0, MOST) };
}

/** After FROM and JOIN only tables fit; elsewhere the columns of the query's tables come first. */
function open(
  before: string,
  word: string,
  tables: readonly SqlTable[],
  named: ReadonlyMap<string, SqlTable>,
): readonly Option[] {
  const own = tables.map(({ name, kind }) => ({ text: name, what: kind === 'bulk' ? 'samples and events' : kind }));
  if (/\b(from|join)\s+(\w+\s*,\s*)*$/i.test(before.slice(0, before.length - word.length))) return own;
  const columns = [...new Set(named.values())].flatMap(columnsOf);
  const known = new Map(columns.map((column) => [column.text, column]));
  return [
    ...known.values(),
    ...own,
    ...functions.map((text) => ({ text, what: 'function' })),
    ...words.map((text) => ({ text, what: 'SQL' })),
  ];
}

function columnsOf(table: SqlTable | undefined): Option[] {
  return (table?.columns ?? []).map(({ name, type }) => ({ text: name, what: type || 'any' }));
}

/** Tables that the query reads, by lower-case name and alias. */
function namedTables(sql: string, tables: readonly SqlTable[]): Map<string, SqlTable> {
  const found = new Map<string, SqlTable>();
  for (const table of tables) {
    for (const [, alias] of sql.matchAll(new RegExp(`\\b${table.name}\\b(?:\\s+(?:as\\s+)?(\\w+))?`, 'gi'))) {
      found.set(table.name, table);
      if (alias && !words.includes(alias.toUpperCase())) found.set(alias.toLowerCase(), table);
    }
  }
  return found;
}

/** Options that start with the word, then those that contain it. */
function matching(options: readonly Option[], word: string): Option[] {
  const wanted = word.toLowerCase();
  const begins = options.filter((o) => o.text.toLowerCase().startsWith(wanted));
  const holds = options.filter((o) => wanted.length > 1 && o.text.toLowerCase().indexOf(wanted) > 0);
  return [...begins, ...holds];
}

/** In a string, or after `--`. */
function inText(before: string): boolean {
  const plain = before.replace(/'(?:[^']|'')*'/g, '');
  return plain.includes("'") || /--[^\n]*$/.test(plain);
}
