import { spawnSync } from 'node:child_process';
import fs, { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addCapture, listCaptures } from '../../core/store/captures.ts';
import { LabFileError, openLabFile } from '../../core/store/lab-file.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { APPLICATION_ID, migrations, SCHEMA_VERSION } from '../../core/store/schema.ts';

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

  it('leaves no .part where another process published its own before SQLite opened it', () => {
    const other = join(folder, 'other.umbra');
    inLabFile(other, 'create', (db) => addCapture(db, capture));
    const real = fs.openSync;
    fs.openSync = (path, ...rest) => {
      const fd = real(path, ...rest);
      if (path === `${lab}.part`) {
        rmSync(path);
        renameSync(other, lab);
      }
      return fd;
    };
    syncBuiltinESMExports();
    try {
      inLabFile(lab, 'create', (db) => addCapture(db, { ...capture, name: 'b' }));
    } finally {
      fs.openSync = real;
      syncBuiltinESMExports();
    }
    expect(readdirSync(folder)).toEqual(['lab.umbra']);
    const db = openLabFile(lab, 'read');
    expect(listCaptures(db).map((c) => c.name)).toEqual(['a', 'b']);
    db.close();
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

  /** A lab as an older Umbra made it. */
  const oldLab = (version: number): Database.Database => {
    const db = new Database(lab);
    for (const step of migrations.slice(0, version)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${version}`);
    return db;
  };

  it('is refused when a name in it is larger than any view can show', () => {
    const id = inLabFile(lab, 'create', (db) => addCapture(db, capture));
    inLabFile(lab, 'write', (db) => db.prepare('UPDATE capture SET name = ?').run('n'.repeat(1 << 20)));
    openLabFile(lab, 'read').close();
    inLabFile(lab, 'write', (db) => db.prepare('UPDATE capture SET name = ?').run('n'.repeat((1 << 20) + 1)));
    const told = `capture.name of row ${id} has 1048577 bytes, 1048576 are the most; changed by something other than Umbra`;
    for (const mode of ['read', 'write'] as const)
      expect(() => openLabFile(lab, mode)).toThrow(`${lab}: not opened: ${told}`);
  });

  it('of an older format is migrated for a reader, too, after a copy', () => {
    const packed = readFileSync(new URL('../fixtures/labs/format-5.umbra.gz', import.meta.url));
    writeFileSync(lab, gunzipSync(packed));
    const old = openLabFile(lab, 'read');
    expect(listCaptures(old)).toHaveLength(2);
    expect(old.pragma('user_version', { simple: true })).toBe(BigInt(SCHEMA_VERSION));
    expect(() => addCapture(old, capture)).toThrow(/readonly/);
    old.close();
    expect(readdirSync(folder).sort()).toEqual(['lab.umbra', 'lab.umbra.v5']);
  });

  it('of format 5 knows nothing of notifiers and contents: unknown, kept, assumed', () => {
    const old = oldLab(5);
    old.exec(`INSERT INTO capture (id, kind, name, file, format, bytes, sha256, records, facts)
      VALUES (1, 'kvm', 'k', 'k', 'trace.dat', 0, '', 0, '{}');
      INSERT INTO stage2_change (capture_id, vm, t_ns, kind, ipa, pages, cause, evidence) VALUES
      (1, 0, 1, 'unmap', 4096, 1, 'userspace', 'unmap-hva'), (1, 0, 2, 'map', 4096, 1, NULL, 'fault'),
      (1, 0, 3, 'map', 4096, 1, 'host-mm', 'set-spte-hva'), (1, 0, 4, 'write-protect', 4096, 1, 'dirty-log', 'dirty-log-ioctl')`);
    old.close();
    const db = openLabFile(lab, 'write');
    const rows = db.prepare('SELECT ipa, writable, notify, contents, contents_origin FROM stage2 ORDER BY t_ns').raw();
    expect(rows.all()).toEqual([
      ['0x1000', null, 'unknown', 'kept', 'assumed'],
      ['0x1000', 1n, null, null, null],
      ['0x1000', 0n, 'unknown', 'kept', 'assumed'],
      ['0x1000', null, null, null, null],
    ]);
    db.close();
  });
});
