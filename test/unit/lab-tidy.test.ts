/** Names, notes, deleting and undoing it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultParams } from '../../core/model/params.ts';
import { openLabService } from '../../core/lab/service/service.ts';
import { checkedService } from '../contract/check.ts';
import { addCapture, listCaptures } from '../../core/store/captures.ts';
import type { Db } from '../../core/store/lab-file.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { addRun, listRuns } from '../../core/store/run-store.ts';
import { umbra } from '../e2e/umbra.ts';
import { someFacts } from './run-facts.sample.ts';

let folder: string;
let lab: string;
let service: ReturnType<typeof openLabService>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-tidy-'));
  lab = join(folder, 'lab.umbra');
  inLabFile(lab, 'create', (db) => {
    for (const kind of ['spe', 'kvm', 'spe'] as const)
      addCapture(db, { kind, name: kind, file: `${kind}.dat`, format: 'perf.data', bytes: 1 });
    const run = { umbra: '0', command: 'umbra replay', params: defaultParams(), facts: someFacts };
    addRun(db, { ...run, speId: 1, kvmId: 2 });
    addRun(db, { ...run, speId: 3, kvmId: 2 });
    // A megabyte that belongs to the first capture.
    db.prepare('INSERT INTO thread VALUES (1, 1, hex(zeroblob(500000)))').run();
  });
  service = checkedService(openLabService(lab));
});
afterEach(() => {
  service.close();
  rmSync(folder, { recursive: true });
});

const call = { signal: new AbortController().signal, progress: () => undefined };
function reading<T>(use: (db: Db) => T): T {
  const db = openLabFile(lab, 'read');
  try {
    return use(db);
  } finally {
    db.close();
  }
}
const there = () =>
  reading((db) => ({ captures: listCaptures(db).map((c) => c.id), runs: listRuns(db).map((r) => r.id) }));
const all = { captures: [1, 2, 3], runs: [1, 2] };

describe('deleting through the contract', () => {
  it('hides, says what went, and is undone by it', async () => {
    const removed = await service.handlers.remove({ captures: [1], runs: [], withRuns: true }, call);
    expect(removed).toEqual({ captures: [1], runs: [1] });
    expect(there()).toEqual({ captures: [2, 3], runs: [2] });
    expect(await service.handlers.lab({}, call)).toMatchObject({ captures: 2, runs: 1, removed });
    await service.handlers.restore(removed, call);
    expect(there()).toEqual(all);
  });

  it('takes no capture from a run that stays, and restores no run without its captures', async () => {
    await expect(service.handlers.remove({ captures: [2], runs: [1] }, call)).rejects.toThrow(
      'used by run 2: delete it',
    );
    expect(there()).toEqual(all);
    await service.handlers.remove({ captures: [3], runs: [2] }, call);
    await expect(service.handlers.restore({ captures: [], runs: [2] }, call)).rejects.toThrow('needs capture 3');
    expect(there()).toEqual({ captures: [1, 2], runs: [1] });
  });

  it('frees the space for good, and gives no id twice', async () => {
    const before = statSync(lab).size;
    const removed = await service.handlers.remove({ captures: [1, 3], runs: [], withRuns: true }, call);
    const freed = await service.handlers.freeSpace({}, call);
    expect(freed).toMatchObject({ captures: [1, 3], runs: [1, 2] });
    expect(freed.bytes).toBeGreaterThan(900_000);
    expect(statSync(lab).size).toBe(before - freed.bytes);
    await expect(service.handlers.restore(removed, call)).rejects.toThrow('its space was freed');
    const next = inLabFile(lab, 'write', (db) =>
      addCapture(db, { kind: 'spe', name: 'new', file: 'n', format: 'perf.data', bytes: 1 }),
    );
    expect(next).toBe(4);
    const rows = reading((db) => db.prepare('SELECT count(*) FROM thread').pluck().get());
    expect(rows).toBe(0n);
  });

  it('renames and annotates', async () => {
    await service.handlers.rename({ kind: 'run', id: 2, name: ' quiet host ' }, call);
    await service.handlers.annotate({ kind: 'run', id: 2, notes: ['emulated'] }, call);
    expect((await service.handlers.runs({}, call))[1]).toMatchObject({
      name: 'quiet host',
      facts: { notes: ['emulated'] },
    });
    await service.handlers.rename({ kind: 'run', id: 2, name: '' }, call);
    expect((await service.handlers.runs({}, call))[1].name).toBeUndefined();
    await expect(service.handlers.rename({ kind: 'capture', id: 1, name: ' ' }, call)).rejects.toThrow('needs a name');
    await expect(service.handlers.rename({ kind: 'capture', id: 9, name: 'x' }, call)).rejects.toThrow('no capture 9');
  });
});

describe('the command line', () => {
  it('deletes only when asked, and says what went', () => {
    const asked = umbra('captures', 'delete', '1', '--db', lab);
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toMatch(/^umbra: .*deletes capture 1 \(spe\) and run 1 for good; say so with --yes/);
    expect(there()).toEqual(all);
    const done = umbra('captures', 'delete', '1', '--yes', '--db', lab);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^deleted capture 1 \(spe\) and run 1; \d.* bytes freed$/m);
    expect(there()).toEqual({ captures: [2, 3], runs: [2] });
    expect(umbra('runs', 'delete', '7', '--yes', '--db', lab)).toMatchObject({ code: 1 });
  });

  it('renames, adds notes, and lists runs', () => {
    expect(umbra('runs', 'rename', '1', 'first', '--db', lab).code).toBe(0);
    umbra('runs', 'note', '1', 'one', '--db', lab);
    umbra('runs', 'note', '1', 'two', '--db', lab);
    const [run] = JSON.parse(umbra('runs', '--db', lab, '--json').stdout) as { name: string; notes: string[] }[];
    expect(run).toMatchObject({ id: 1, name: 'first', notes: ['one', 'two'], spe: 1, kvm: 2 });
    umbra('runs', 'note', '1', '--clear', '--db', lab);
    expect(umbra('runs', '--db', lab).stdout).toMatch(/^ *1 {2}first/m);
    expect(umbra('runs', 'polish', '1', '--db', lab).code).toBe(2);
  });
});
