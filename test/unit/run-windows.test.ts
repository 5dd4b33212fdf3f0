import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabService } from '../../core/contract/contract.ts';
import type { WindowTable } from '../../core/contract/runs.ts';
import { Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { openLabService } from '../../core/lab/service/service.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { readBatches } from '../../core/store/spe-store.ts';
import { checkedService } from '../contract/check.ts';

const pair = (name: string) => fileURLToPath(new URL(`../fixtures/pair/${name}`, import.meta.url));
const call = { signal: new AbortController().signal, progress: () => undefined };
const policy = 'map-on-fault';

describe('windows of a run, asked for by time', () => {
  let folder: string;
  let lab: string;
  let service: LabService;
  let table: WindowTable;
  /** Of the table: a window that loses samples. */
  let w: { readonly lane: number; readonly start: number; readonly end: number };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-run-windows-'));
    const imported = join(folder, 'imported.umbra');
    importFiles(imported, [pair('kvbench.perf.data'), pair('two-vcpu.trace.dat')]);
    copyFileSync(imported, (lab = join(folder, 'lab.umbra')));
    service = checkedService(openLabService(lab));
    await service.handlers.replay({ spe: 1, kvm: 2, policies: [policy], settings: { align: 'fit' } }, call);
    table = await service.handlers.windows({ run: 1, policy }, call);
    const i = table.lost.findIndex((n, k) => n > 0 && table.end[k] > table.start[k]);
    w = { lane: table.lane[i], start: table.start[i], end: table.end[i] };
  });
  afterAll(() => {
    service.close();
    rmSync(folder, { recursive: true });
  });

  /** Windows of the lane that touch [from, to], both ends in. */
  const touching = (from: number, to: number) =>
    Array.from(table.lane.keys()).filter(
      (k) => table.lane[k] === w.lane && table.start[k] <= to && table.end[k] >= from,
    ).length;

  it('counts a window in a part that begins where it ends, or ends where it begins', async () => {
    for (const at of [w.start, w.end]) {
      const part = { lane: w.lane, from: at, to: at };
      const [{ windows }] = await service.handlers.blackouts({ run: 1, part }, call);
      expect(windows).toBe(touching(at, at));
      expect(windows).toBeGreaterThan(0);
    }
  });

  it('shows it in an area that begins where it ends', async () => {
    const area = { run: 1, policy, dlDiscard: 'record' as const, lanes: [w.lane] };
    const { windows } = await service.handlers.area({ ...area, from: w.end, to: w.end + 1 }, call);
    expect(windows.map(({ start, end }) => ({ start, end }))).toContainEqual({ start: w.start, end: w.end });
  });

  it('counts a sample once, however many spans hold it', async () => {
    const once = await service.handlers.dark({ run: 1, policy, by: 'page', spans: [w] }, call);
    expect(once.lost).toBeGreaterThan(0);
    const wider = { ...w, start: Math.max(0, w.start - 1000) };
    for (const kept of [false, true]) {
      const twice = await service.handlers.dark({ run: 1, policy, by: 'page', spans: [w, w, wider], kept }, call);
      expect(twice.lost).toBe(once.lost);
    }
  });

  it('names latency buckets by the powers of two that hold them', async () => {
    const db = openLabFile(lab, 'read');
    const known = new Map<string, number>();
    const columns = new SpeColumns();
    const batches = readBatches(db, 1, columns);
    while (!batches.next().done) {
      for (let i = 0; i < columns.n; i++) {
        if (!(columns.present[i] & Has.TOTAL)) continue;
        const cycles = columns.totalLat[i];
        const low = cycles ? 2 ** Math.floor(Math.log2(cycles)) : 0;
        const name = `${low}-${low ? 2 * low - 1 : 0} cycles`;
        known.set(name, (known.get(name) ?? 0) + 1);
      }
    }
    db.close();
    const { rows } = await service.handlers.dark({ run: 1, policy, by: 'latency', kept: true }, call);
    const found = rows.filter(({ name }) => name.endsWith('cycles')).map(({ name, reference }) => [name, reference]);
    expect(found).toEqual(expect.arrayContaining(Array.from(known).filter(([, n]) => n > 100)));
  });
});
