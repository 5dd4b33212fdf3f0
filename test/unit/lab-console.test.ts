/** What the SQL console asks of a lab: where a query is wrong, and named queries. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabService } from '../../core/contract/contract.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { checkSql } from '../../core/lab/service/sql-check.ts';
import { openLabService } from '../../core/lab/service/service.ts';
import { checkedService } from '../contract/check.ts';
import { parseReplayWords } from '../../core/lab/runs/run-settings.ts';
import { replayInLab } from '../../core/lab/runs/runs.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
let folder: string;
let lab: string;
let service: LabService;
const call = { signal: new AbortController().signal, progress: () => undefined };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-console-'));
  lab = join(folder, 'lab.umbra');
  importFiles(lab, [fixture('pair/kvbench.perf.data'), fixture('pair/two-vcpu.trace.dat')]);
  service = checkedService(openLabService(lab));
});
afterAll(() => {
  service.close();
  rmSync(folder, { recursive: true });
});

describe('a wrong query', () => {
  it.each([
    ['SELECT lane FROM spe_sample WHERE lane = = 1', 'syntax error', '=', 2],
    ['SELECT lane,\n  nope\nFROM spe_sample', 'no such column', 'nope', 1],
    ["SELECT 'nope' AS x, nope FROM run", 'no such column', 'nope', 2],
    ['SELECT * FROM spe_samples', 'no such table', 'spe_samples', 1],
    ['SELECT frobnicate(1)', 'no such function', 'frobnicate', 1],
    ['SELECT lane FROM spe_sample SELECT', 'syntax error', 'SELECT', 2],
    ['SELECT r.nope FROM run r', 'no such column', 'r.nope', 1],
    ['SELECT (1', 'incomplete input', '1', 2],
  ])('%s', (sql, problem, word, nth) => {
    const found = checkSql(lab, sql);
    expect(found.problem).toContain(problem);
    let from = -1;
    for (let i = 0; i < nth; i++) from = sql.indexOf(word, from + 1);
    const expected = problem === 'incomplete input' ? sql.length - 1 : from;
    expect([found.from, found.to]).toEqual([expected, expected + word.length]);
  });
  it('is none if it can be run; what writes is refused', () => {
    expect(checkSql(lab, 'SELECT count(*) FROM trace_event')).toEqual({});
    expect(checkSql(lab, 'DELETE FROM run').problem).toContain('only queries');
  });
});

describe('named queries', () => {
  it('are kept in the lab, changed by their name, and go', async () => {
    const { saveQuery, savedQueries } = service.handlers;
    await saveQuery({ name: 'runs', sql: 'SELECT 1' }, call);
    await saveQuery({ name: 'runs', sql: 'SELECT * FROM run' }, call);
    await saveQuery({ name: 'a', sql: 'SELECT 2' }, call);
    expect(await savedQueries({}, call)).toEqual([
      { name: 'a', sql: 'SELECT 2' },
      { name: 'runs', sql: 'SELECT * FROM run' },
    ]);
    await saveQuery({ name: 'a' }, call);
    expect(await savedQueries({}, call)).toHaveLength(1);
    await expect(saveQuery({ name: 'a' }, call)).rejects.toThrow("no query named 'a'");
  });
  it('are none in a lab of an older format that is only read', async () => {
    const old = join(folder, 'old.umbra');
    writeFileSync(old, gunzipSync(readFileSync(fixture('labs/format-6.umbra.gz'))));
    const reading = checkedService(openLabService(old));
    expect(await reading.handlers.savedQueries({}, call)).toEqual([]);
    reading.close();
  });
});

describe('symbols', () => {
  it('are counted as they are known, and found in files that were uploaded', async () => {
    const { symbolCoverage, addSymbols, upload, uploadPart } = service.handlers;
    const before = await symbolCoverage({ spe: 1 }, call);
    expect(before.length).toBeGreaterThan(0);
    expect(before.reduce((n, b) => n + b.named, 0)).toBe(0);
    const bad = await upload({ bytes: 3, name: '../notes.txt' }, call);
    await uploadPart({ upload: bad.upload, data: new Uint8Array([1, 2, 3]) }, call);
    const refs = [{ upload: bad.upload, name: 'notes.txt' }];
    await expect(addSymbols({ spe: 1, files: refs }, call)).rejects.toThrow('notes.txt: holds no symbols');
    // It was dropped with the failure.
    await expect(addSymbols({ spe: 1, files: refs }, call)).rejects.toThrow('no upload');
    const { binaries, warnings } = await addSymbols({ spe: 1, files: [{ path: fixture('symbols/kv.elf32') }] }, call);
    expect(binaries.map((b) => b.samples)).toEqual(before.map((b) => b.samples));
    expect(warnings.join()).toMatch(/kv\.elf32/);
  });
});

describe('a trace alone', () => {
  it('has a lane for each thread that ran the guest, though nothing describes its VM', async () => {
    const alone = join(folder, 'alone.umbra');
    const path = join(folder, 'alone.trace.txt.gz');
    copyFileSync(fixture('stage2/two-vcpu.trace.txt.gz'), path);
    importFiles(alone, [path]);
    const of = checkedService(openLabService(alone));
    const { lanes, trace, spe } = await of.handlers.timeline({ capture: 1 }, call);
    of.close();
    expect(lanes.map((l) => l.lane)).toEqual([0, 1]);
    expect(lanes[0].vcpuTid).toBeLessThan(lanes[1].vcpuTid!);
    expect([trace?.copies, spe]).toEqual([1, undefined]);
  });
});

describe('reports', () => {
  it('come as Markdown with their figures, packed as one file', async () => {
    const made = join(folder, 'made.umbra');
    copyFileSync(lab, made);
    const choice = parseReplayWords({ policies: ['map-on-fault'], settings: { align: 'fit' } });
    replayInLab(made, { ...choice, speId: 1, kvmId: 2, command: 'umbra replay' });
    const of = checkedService(openLabService(made));
    const { text, bytes, file } = await of.handlers.report({ run: 1, form: 'md', notes: '' }, call);
    of.close();
    expect(file).toBe('umbra-run-1.md.tar');
    expect(text).toContain('umbra-run-1-figures/loss.svg');
    const names = Buffer.from(bytes!)
      .toString('latin1')
      .match(/umbra-run-1[\w./-]*/g);
    expect(names).toContain('umbra-run-1.md');
    expect(names).toContain('umbra-run-1-figures/loss.svg');
  });
});
