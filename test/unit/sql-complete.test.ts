import { describe, expect, it } from 'vitest';
import type { SqlTable } from '../../core/contract/runs.ts';
import { complete } from '../../renderer/sql/complete.ts';
import { json } from '../../renderer/sql/csv.ts';

const tables: SqlTable[] = [
  {
    name: 'spe_sample',
    kind: 'bulk',
    columns: [
      { name: 'pc', type: 'TEXT' },
      { name: 'total_lat', type: 'INTEGER' },
    ],
  },
  {
    name: 'run',
    kind: 'table',
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'params', type: 'TEXT' },
    ],
  },
  {
    name: 'replay_result',
    kind: 'table',
    columns: [
      { name: 'run_id', type: 'INTEGER' },
      { name: 'policy', type: 'TEXT' },
    ],
  },
];
/** The cursor is where the bar is. */
const at = (text: string, asked = false) => {
  const place = text.indexOf('|');
  return complete(text.replace('|', ''), place, tables, asked);
};
const texts = (text: string, asked = false) => at(text, asked)?.options.map((o) => o.text) ?? [];

describe('sql-complete', () => {
  it('offers tables after FROM and JOIN, and after their commas', () => {
    expect(texts('select * from |', true)).toEqual(['spe_sample', 'run', 'replay_result']);
    expect(texts('select * from run, re|')).toEqual(['replay_result']);
    expect(texts('select * from run JOIN sp|')).toEqual(['spe_sample']);
  });

  it('offers the columns of the tables that the query names, wherever it names them', () => {
    expect(texts('select p| from run')).toEqual(['params', 'printf', 'spe_sample', 'replay_result'].slice(0, 2));
    expect(texts('select pol| from replay_result')).toEqual(['policy']);
    expect(texts('select | from run', true).slice(0, 2)).toEqual(['id', 'params']);
    expect(at('select total_l| from spe_sample')).toEqual({
      from: 7,
      options: [{ text: 'total_lat', what: 'INTEGER' }],
    });
  });

  it('offers the columns of a table or an alias after its point, and nothing else', () => {
    expect(texts('select r.| from run r')).toEqual(['id', 'params']);
    expect(texts('select R.pa| from run AS r')).toEqual(['params']);
    expect(texts('select run.| from run where id = 1')).toEqual(['id', 'params']);
    expect(texts('select x.| from run r')).toEqual([]);
  });

  it('keeps still in texts, comments and numbers, behind a whole word, and before anything is typed', () => {
    for (const text of [
      "select 'ru|'",
      'select 1 -- ru|',
      'select 12|',
      'select * from run|',
      'select |',
      "select 'it''s', 'p|",
    ])
      expect(at(text), text).toBeUndefined();
    expect(texts("select 'it''s', ru| from run")).toContain('run');
  });

  it('finds words that hold what is typed after those that begin with it', () => {
    expect(texts('select * from run where lat|').includes('total_lat')).toBe(false);
    expect(texts('select lat| from spe_sample')).toEqual(['total_lat']);
    expect(texts('gro|')).toEqual(['group_concat', 'GROUP']);
  });
});

describe('sql-export', () => {
  it('writes rows as JSON objects', () => {
    const text = json({
      columns: ['a', 'b'],
      rows: [
        [1, null],
        ['x"', '9223372036854775807'],
      ],
    });
    expect(JSON.parse(text)).toEqual([
      { a: 1, b: null },
      { a: 'x"', b: '9223372036854775807' },
    ]);
  });
});
