import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addCapture, listCaptures } from '../../core/store/captures.ts';
import { inLabFile, LabFileError, openLabFile } from '../../core/store/lab-file.ts';

let folder: string;
let lab: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-lab-'));
  lab = join(folder, 'lab.umbra');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const capture = { kind: 'spe', name: 'a', file: 'a.data', format: 'perf.data', bytes: 1 } as const;

describe('a lab file', () => {
  it('keeps what a transaction wrote, and nothing of one that failed', () => {
    inLabFile(lab, 'create', (db) => addCapture(db, capture));
    const before = readFileSync(lab);
    const failing = () =>
      inLabFile(lab, 'write', (db) => {
        addCapture(db, capture);
        throw new Error('midway');
      });
    expect(failing).toThrow('midway');
    expect(readFileSync(lab).equals(before)).toBe(true);
  });

  it('does not come into being by a transaction that failed', () => {
    expect(() => inLabFile(lab, 'create', () => JSON.parse('{'))).toThrow(SyntaxError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is as it was when the writer was killed midway', () => {
    inLabFile(lab, 'create', (db) => addCapture(db, capture));
    const before = readFileSync(lab);
    const store = new URL('../../core/store/', import.meta.url).href;
    // So much that SQLite has written pages of it to the file before the process dies.
    const script = `
      import { openLabFile } from '${store}lab-file.ts';
      const db = openLabFile(${JSON.stringify(lab)}, 'write');
      db.pragma('cache_size = 10');
      db.exec('BEGIN IMMEDIATE');
      const insert = db.prepare("INSERT INTO trace_comm VALUES (1, ?, 'x')");
      for (let i = 0; i < 20000; i++) insert.run(i);
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(signal).toBe('SIGKILL');
    expect(existsSync(`${lab}-journal`)).toBe(true);
    const db = openLabFile(lab, 'read');
    expect(listCaptures(db)).toHaveLength(1);
    db.close();
    expect(readFileSync(lab).equals(before)).toBe(true);
  });

  it('is refused when it is missing or something else', () => {
    expect(() => openLabFile(lab, 'read')).toThrow(LabFileError);
    expect(() => openLabFile(join(folder, 'no', 'such', 'folder.umbra'), 'create')).toThrow(LabFileError);
  });

  it('of the format before is read as it is, and migrated by who writes, after a copy', () => {
    inLabFile(lab, 'create', (db) => addCapture(db, capture));
    const setVersion = (version: number) => {
      const db = new Database(lab);
      db.pragma(`user_version = ${version}`);
      db.close();
    };
    setVersion(3);
    expect(() => openLabFile(lab, 'read')).toThrow(/lab format 3 is older than 5/);
    setVersion(4);
    const old = openLabFile(lab, 'read');
    expect(listCaptures(old)).toHaveLength(1);
    expect(() => addCapture(old, capture)).toThrow(/readonly/);
    old.close();
    const written = openLabFile(lab, 'write');
    expect(written.pragma('user_version', { simple: true })).toBe(5n);
    written.close();
    expect(readdirSync(folder).sort()).toEqual(['lab.umbra', 'lab.umbra.v4']);
  });
});
