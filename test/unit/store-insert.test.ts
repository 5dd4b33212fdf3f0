/** Rows are inserted by the names of their columns. */
import Database from 'better-sqlite3';
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inserter } from '../../core/store/insert.ts';

it('puts values into the columns of their names, and refuses rows that lack one', () => {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE thing (b TEXT PRIMARY KEY, a INTEGER, later TEXT)');
  const insert = inserter(db, 'thing', ['a', 'b']);
  insert({ b: 'x', a: 1 });
  expect(() => insert({ a: 2 } as never)).toThrow(/Missing named parameter "b"/);
  expect(() => insert({ a: 2, b: 'x' })).toThrow(/UNIQUE/);
  inserter(db, 'thing', ['a', 'b'], 'INSERT OR REPLACE')({ a: 3, b: 'x' });
  expect(db.prepare('SELECT * FROM thing').all()).toEqual([{ b: 'x', a: 3, later: null }]);
  db.close();
});

it('no statement goes by the order of a table’s columns', () => {
  const positional = globSync('core/**/*.ts', { cwd: new URL('../..', import.meta.url).pathname })
    .filter((file) => !file.endsWith('schema.ts'))
    .filter((file) => /INTO \w+ VALUES/.test(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')));
  expect(positional).toEqual([]);
});
