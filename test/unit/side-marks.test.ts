import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { LabService } from '../../core/contract/contract.ts';
import type { SideMarks, TimelineFacts } from '../../core/contract/timeline.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { observedInLab } from '../../core/lab/captures/observed.ts';
import { openLabService } from '../../core/lab/service/service.ts';
import { checkedService } from '../contract/check.ts';
import { openLabFile } from '../../core/store/lab-file.ts';

/** What perf flagged in a capture that has all kinds of it (test/fixtures/spe/gaps.perf.data). */
describe('side marks', () => {
  const call = { signal: new AbortController().signal, progress: () => undefined };
  let folder: string;
  let lab: string;
  let service: LabService;
  let facts: TimelineFacts;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-marks-'));
    lab = join(folder, 'gaps.umbra');
    importFiles(lab, [fileURLToPath(new URL('../fixtures/spe/gaps.perf.data', import.meta.url))]);
    service = checkedService(openLabService(lab));
    facts = await service.handlers.timeline({ capture: 1 }, call);
  });
  afterAll(() => {
    service.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const marks = async (start: number, end: number, bins: number): Promise<SideMarks> =>
    service.handlers.sideMarks({ spe: 1, origin: facts.origin, start, end, bins }, call);
  const counts = ({ n, flags, count }: SideMarks) => {
    const sums: Record<number, number> = {};
    for (let i = 0; i < n; i++) sums[flags[i]] = (sums[flags[i]] ?? 0) + count[i];
    return sums;
  };

  it.each([1, 7, 64, 8192])('counts all of them at any zoom: %i bins', async (bins) => {
    // As stored: AUX records by flags, and what the two LOST records say.
    const found = await marks(-1e6, facts.span + 1e6, bins);
    expect(counts(found)).toEqual({ 0: 148 + 215, 1: 3, 5: 5, 8: 4 });
    if (bins === 1) expect(found.n).toBeLessThanOrEqual(2 * 4);
  });

  it('places each on its lane at its time, and only those of the stretch', async () => {
    const db = openLabFile(lab, 'read');
    const stored = db.prepare('SELECT t_ns, cpu, flags FROM aux_flag ORDER BY t_ns').all() as Record<string, bigint>[];
    db.close();
    const origin = BigInt(facts.origin);
    const found = await marks(-1e6, facts.span + 1e6, 8192);
    const cpus = new Map(facts.lanes.map((l) => [l.spe, l.cpu]));
    const aux = Array.from({ length: found.n }, (_, i) => i).filter((i) => found.flags[i] > 0);
    expect(aux.map((i) => [found.t[i], cpus.get(found.lane[i]), found.flags[i]])).toEqual(
      stored.map((r) => [Number(r['t_ns'] - origin), Number(r['cpu']), Number(r['flags'])]),
    );
    const [first] = aux;
    const alone = await marks(found.t[first], found.t[first] + 1, 1);
    expect([alone.n, alone.t[0], alone.flags[0]]).toEqual([1, found.t[first], found.flags[first]]);
    expect((await marks(found.t[first] + 1, found.t[first] + 2, 1)).n).toBe(0);
  });

  it('sums up what the capture lost by itself', async () => {
    const { rows, totals } = observedInLab(lab, 1);
    const summary = await service.handlers.observed({ spe: 1 }, call);
    expect(summary).toMatchObject({
      blackouts: rows.length,
      darkNs: totals.darkNs,
      runningNs: totals.runningNs,
    });
    expect(summary.byReason.reduce((sum, r) => sum + r.blackouts, 0)).toBe(rows.length);
    expect(summary.byReason.every((r) => r.blackouts > 0)).toBe(true);
    // One by one, where a timeline of the capture shows them.
    const facts = await service.handlers.timeline({ capture: 1 }, call);
    const bands = await service.handlers.observedBands({ spe: 1, origin: facts.origin }, call);
    expect(bands).toMatchObject({ left: 0, reasons: ['truncated', 'partial', 'lost', 'gap'] });
    const lanes = new Set(facts.lanes.map((l) => l.lane));
    const shown = Array.from(bands.lane, (lane, i) => [lane, bands.start[i], bands.end[i], bands.darkNs[i]]);
    const known = rows.map((r) => [r.lane, ...[r.start, r.end].map((t) => Number(t - BigInt(facts.origin))), r.darkNs]);
    const sorted = (all: number[][]) => all.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown).toEqual(sorted(known));
    expect(shown.every(([lane, , end]) => lanes.has(lane) && end <= facts.span)).toBe(true);
  });
});
