import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJobs } from '../../core/host/job-runner.ts';
import type { Jobs } from '../../core/host/job-runner.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import type { LabService, Progress } from '../../core/contract/contract.ts';
import { UPLOAD_PART } from '../../core/contract/limits.ts';
import type { ReplaySoFar } from '../../core/contract/jobs.ts';
import type { SweepAnswer } from '../../core/contract/sweep.ts';
import { parseReplayWords } from '../../core/lab/runs/run-settings.ts';
import { openLabService } from '../../core/lab/service/service.ts';
import { checkedService } from '../contract/check.ts';
import { sweepInLab } from '../../core/lab/runs/sweep.ts';
import { verdicts, windowKinds } from '../../core/model/terms.ts';
import { openLabFile } from '../../core/store/lab-file.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/pair/${name}`, import.meta.url));
const spe = fixture('kvbench.perf.data');
const kvm = fixture('two-vcpu.trace.dat');

let folder: string;
let prepared: string;
let lab: string;
let jobs: Jobs;
let service: LabService;
let told: Progress[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-jobs-'));
  prepared = join(folder, 'prepared.umbra');
  importFiles(prepared, [spe, kvm]);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  lab = join(folder, 'lab.umbra');
  copyFileSync(prepared, lab);
  jobs = createJobs(lab);
  service = checkedService(openLabService(lab, { jobs: jobs.run }));
  told = [];
});
afterEach(() => {
  service.close();
  jobs.close();
});

const call = (signal = new AbortController().signal) => ({ signal, progress: (p: Progress) => void told.push(p) });
const sum = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

/** All rows of all tables: the content of a lab, whatever its pages look like. */
function content(): string {
  const db = openLabFile(lab, 'read');
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[];
  const hash = createHash('sha256');
  for (const table of tables) {
    for (const row of db.prepare(`SELECT * FROM "${table}" ORDER BY rowid`).raw().iterate()) {
      hash.update(JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)));
    }
  }
  db.close();
  return hash.digest('hex');
}

describe('lab-jobs', () => {
  it('imports by path with progress, and leaves one file', async () => {
    const { captures } = await service.handlers.import({ files: [{ path: spe }] }, call());
    expect(captures).toEqual([3]);
    expect(told.some((p) => p.unit === 'bytes' && p.done > 0 && p.total! >= p.done)).toBe(true);
    expect([existsSync(`${lab}-wal`), existsSync(`${lab}-journal`)]).toEqual([false, false]);
    expect(await service.handlers.captures({}, call())).toHaveLength(3);
  });

  it('imports uploaded bytes under the name of their file, and keeps none of them', async () => {
    const bytes = new Uint8Array(readFileSync(spe));
    const { upload } = await service.handlers.upload({ bytes: bytes.length }, call());
    for (let at = 0; at < bytes.length; at += UPLOAD_PART) {
      await service.handlers.uploadPart({ upload, data: bytes.subarray(at, at + UPLOAD_PART) }, call());
    }
    const files = [{ upload, name: 'from a drop.perf.data' }];
    const { captures } = await service.handlers.import({ files }, call());
    const row = (await service.handlers.captures({}, call())).find((c) => c.id === captures[0]);
    expect(row).toMatchObject({
      name: 'from a drop',
      file: 'from a drop.perf.data',
      sha256: sum(bytes),
      records: 24_000,
    });
    await expect(service.handlers.import({ files }, call())).rejects.toThrow(`no upload ${upload}`);
  });

  it('refuses an upload that is not whole, or more than announced', async () => {
    const { upload } = await service.handlers.upload({ bytes: 10 }, call());
    await service.handlers.uploadPart({ upload, data: new Uint8Array(4) }, call());
    await expect(service.handlers.uploadPart({ upload, data: new Uint8Array(7) }, call())).rejects.toThrow(
      'more bytes',
    );
    const files = [{ upload, name: 'x' }];
    await expect(service.handlers.import({ files }, call())).rejects.toThrow('4 of 10 bytes');
  });

  it('explains a file that is no capture, and leaves the lab as it was', async () => {
    const bad = join(folder, 'notes.txt');
    writeFileSync(bad, 'nothing to see here');
    const before = content();
    const files = [{ path: spe }, { path: bad }];
    await expect(service.handlers.import({ files }, call())).rejects.toThrow("it begins 'nothing to see here'");
    expect(content()).toBe(before);
  });

  it('cancels a replay at its next step, and leaves the lab as it was', async () => {
    const before = content();
    const controller = new AbortController();
    let steps = 0;
    let stepsAfter = 0;
    const hooks = {
      signal: controller.signal,
      progress: (p: Progress) => {
        // In the middle of the work, wherever that is.
        if (controller.signal.aborted) stepsAfter++;
        else if (p.phase.startsWith('replaying') && p.done >= 1) {
          steps++;
          controller.abort();
        }
      },
    };
    const settings = { align: 'fit', trials: 50 };
    const replay = service.handlers.replay({ spe: 1, kvm: 2, policies: ['all'], settings }, hooks);
    await expect(replay).rejects.toThrow('cancelled');
    expect(steps).toBe(1);
    // One already on its way may still arrive.
    expect(stepsAfter).toBeLessThanOrEqual(1);
    expect(content()).toBe(before);
    // The next job starts only when it has let go; then the lab is one file again.
    await service.handlers.setVm({ kvm: 2, text: (await service.handlers.vm({ kvm: 2 }, call())).text! }, call());
    expect(existsSync(`${lab}-wal`)).toBe(false);
    expect(await service.handlers.runs({}, call())).toEqual([]);
  });

  it('is closed in the middle of a job, which unwinds', async () => {
    const before = content();
    let closed = false;
    const hooks = {
      signal: new AbortController().signal,
      progress: (p: Progress) => {
        if (closed || !p.phase.startsWith('replaying') || p.done < 1) return;
        closed = true;
        jobs.close();
      },
    };
    const settings = { align: 'fit', trials: 50 };
    const replay = service.handlers.replay({ spe: 1, kvm: 2, policies: ['all'], settings }, hooks);
    await expect(replay).rejects.toThrow('cancelled');
    expect(content()).toBe(before);
    await expect(service.handlers.example({}, call())).rejects.toThrow('cancelled');
    // The next writer writes as soon as the thread has let go.
    jobs = createJobs(lab);
    const next = jobs.run({ kind: 'vm', kvm: 2, text: (await service.handlers.vm({ kvm: 2 }, call())).text! }, call());
    expect(await next).toEqual({});
    expect(existsSync(`${lab}-wal`)).toBe(false);
  });

  it('lets others read the lab while it writes, and one job write at a time', async () => {
    const first = service.handlers.replay({ spe: 1, kvm: 2, policies: ['all'], settings: { align: 'fit' } }, call());
    const second = service.handlers.replay({ spe: 1, kvm: 2, policies: ['pin-vm'], settings: {} }, call());
    const seen = new Set<number>();
    let done = false;
    void Promise.allSettled([first, second]).then(() => (done = true));
    while (!done) {
      seen.add((await service.handlers.runs({}, call())).length);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([await first, await second]).toEqual([{ run: 1 }, { run: 2 }]);
    // Before the first was done, its run wasn't there.
    expect([...seen][0]).toBe(0);
    expect(told.some((p) => p.phase.startsWith('waiting'))).toBe(true);
  });

  it('replaces a VM description and what rests on it', async () => {
    const { text } = await service.handlers.vm({ kvm: 2 }, call());
    const vms = JSON.parse(text!) as { vms: { vcpus: { tid: number }[] }[] };
    expect(await service.handlers.checkVm({ text: '{"vms":[{"slots":[{"slot":0}]}]}' }, call())).toMatchObject({
      problem: expect.stringContaining('vms[0].slots[0].gpa') as string,
    });
    vms.vms[0].vcpus.pop();
    await service.handlers.setVm({ kvm: 2, text: JSON.stringify(vms) }, call());
    const timeline = await service.handlers.timeline({ capture: 2 }, call());
    expect(timeline.lanes).toHaveLength(1);
  });

  it('tells each policy of a replay as soon as it is done, as the run has it then', async () => {
    const policies = ['pin-vm', 'map-on-fault', 'impdef-event'];
    const { run } = await service.handlers.replay({ spe: 1, kvm: 2, policies, settings: { align: 'fit' } }, call());
    const soFar = told.flatMap((p) => (p.soFar ? [(p.soFar as ReplaySoFar).policies] : []));
    expect(soFar.map((all) => all.map((one) => one.policy))).toEqual([[], ['pin-vm'], ['pin-vm', 'map-on-fault']]);
    const stored = (await service.handlers.runs({}, call())).find((r) => r.id === run)!.policies;
    expect(stored.slice(0, 2)).toEqual(soFar.at(-1));
    expect(stored[0].checks.map((c) => c.id)).toContain('dl-0');
    expect(stored[0].skew[0].reason).toMatch(/./);
  });

  it('sweeps under an assumption check: at the run’s own value it is what the run says of that check', async () => {
    const policies = ['map-on-fault', 'impdef-event'];
    const settings = {
      align: 'fit',
      contentsKept: true,
      guestZeroes: false,
      unpinnedBy: 'unmap,clear,protect,memslot',
    };
    const { run } = await service.handlers.replay({ spe: 1, kvm: 2, policies, settings }, call());
    const stored = (await service.handlers.runs({}, call())).find((r) => r.id === run)!.policies;
    const asked = { run, param: 'exitNs', from: '50000', to: '60000', steps: 2, log: false };
    for (const check of ['guest-discards', 'reader-slow', undefined]) {
      const { policies: curves } = await service.handlers.sweep({ ...asked, ...(check && { check }) }, call());
      for (const [i, one] of stored.entries()) {
        const told = check === undefined ? one : one.checks.find((c) => c.id === check)!;
        expect(curves[i].coverage[0], `${one.policy} ${check}`).toBe(told.coverage);
        const word = 'verdict' in told ? told.verdict : one.skew[0].verdict;
        expect(verdicts[curves[i].verdict[0]], `${one.policy} ${check}`).toBe(word);
      }
    }
    expect(stored[1].checks.find((c) => c.id === 'guest-discards')!.coverage).toBeLessThan(stored[1].coverage);
    await expect(service.handlers.sweep({ ...asked, check: 'nonsense' }, call())).rejects.toThrow(
      'unknown assumption check nonsense',
    );
  });

  it('tells the same of every zoom: counts add up, windows and gaps stay', async () => {
    const { run } = await service.handlers.replay(
      { spe: 1, kvm: 2, policies: ['map-on-fault'], settings: { align: 'fit' } },
      call(),
    );
    const { origin, span } = await service.handlers.timeline({ run }, call());
    for (const bins of [64, 500, 4000]) {
      const lanes = await service.handlers.density({ spe: 1, origin, start: 0, end: span + 1, bins }, call());
      expect(lanes.map((l) => l.counts.reduce((a, b) => a + b, 0))).toEqual([12_000, 12_000]);
      const request = { run, dlDiscard: 'record' as const, policies: ['map-on-fault'], start: 0, end: span + 1, bins };
      const { windows } = await service.handlers.bands(request, call());
      const table = await service.handlers.windows({ run, policy: 'map-on-fault' }, call());
      expect(windows.count.reduce((a, b) => a + b, 0)).toBe(table.n);
      expect(windows.lost.reduce((a, b) => a + b, 0)).toBe(table.lost.reduce((a, b) => a + b, 0));
      // A row for several windows hides no gap longer than a bin.
      windows.start.forEach((start, i) => {
        if (windows.count[i] > 1) expect(windows.end[i] - start - windows.covered[i]).toBeLessThan(span / bins + 1);
      });
    }
  });

  it('finds windows by their place, with what made the page fault', async () => {
    const { run } = await service.handlers.replay(
      { spe: 1, kvm: 2, policies: ['map-on-fault'], settings: { align: 'fit', contentsKept: true, fullExtraNs: 0 } },
      call(),
    );
    const of = { run, policy: 'map-on-fault', dlDiscard: 'record' as const };
    const longest = await service.handlers.findWindow({ ...of, which: 'longest', at: 0 }, call());
    const table = await service.handlers.windows({ run, policy: 'map-on-fault' }, call());
    const durations = Array.from(table.end, (end, i) => end - table.start[i]);
    expect(longest!.end - longest!.start).toBe(Math.max(...durations));
    expect(longest).toMatchObject({
      kind: 'irq-latency',
      cause: 'userspace',
      trigger: { kind: 'unmap', cause: 'userspace' },
    });
    expect(longest!.trigger!.t).toBeLessThanOrEqual(longest!.start);
    expect(longest!.trigger!.line).toContain('kvm_unmap_hva_range');
    const next = await service.handlers.findWindow({ ...of, which: 'next', at: longest!.start }, call());
    const back = await service.handlers.findWindow({ ...of, which: 'previous', at: next!.start }, call());
    expect(next!.start).toBeGreaterThan(longest!.start);
    expect(back!.start).toBe(longest!.start);
    expect(await service.handlers.findWindow({ ...of, which: 'previous', at: 0 }, call())).toBeNull();
  });

  it('finds what wiped the records of a window after them, not before', async () => {
    const settings = { align: 'fit', readNs: 1e9 };
    const { run } = await service.handlers.replay({ spe: 1, kvm: 2, policies: ['map-on-fault'], settings }, call());
    const of = { run, policy: 'map-on-fault', dlDiscard: 'record' as const };
    const table = await service.handlers.windows({ run, policy: 'map-on-fault' }, call());
    const at = Array.from(table.kind).findIndex((kind) => windowKinds[kind] === 'wiped');
    expect(at).not.toBe(-1);
    const [lane, start] = [table.lane[at], table.start[at]];
    const wiped = await service.handlers.findWindow({ ...of, lane, which: 'at', at: start }, call());
    expect(wiped).toMatchObject({ kind: 'wiped', start, trigger: { kind: 'unmap', contents: 'dropped' } });
    expect(wiped!.trigger!.t).toBeGreaterThanOrEqual(wiped!.end - 2);
  });

  it('sweeps without writing, tells the curves so far, and gives up when cancelled', async () => {
    const settings = { align: 'fit' };
    const policies = ['map-on-fault', 'pin-vm'];
    const { run } = await service.handlers.replay({ spe: 1, kvm: 2, policies, settings }, call());
    const before = content();
    const asked = { run, param: 'irqNs', from: '1000', to: '100K', steps: 3, log: true };
    await expect(service.handlers.sweep(asked, call())).rejects.toThrow("irqNs is a number, not '100K'");
    told = [];
    const answer = await service.handlers.sweep({ ...asked, to: '100000' }, call());
    expect([...answer.values]).toEqual([1000, 10_000, 100_000]);
    expect(answer).toMatchObject({ done: 3, unit: 'ns', trials: 1, own: { value: 1000, origin: 'assumed' } });
    const { speId, kvmId } = { speId: 1, kvmId: 2 };
    const alone = sweepInLab(lab, {
      ...{ speId, kvmId, param: 'irqNs', from: 1000, to: 100_000, steps: 3, log: true },
      ...parseReplayWords({ policies, settings }),
    });
    for (const [i, { id, points }] of alone.policies.entries()) {
      expect(answer.policies[i].policy).toBe(id);
      expect([...answer.policies[i].coverage]).toEqual(points.map((p) => p.coverage));
      expect([...answer.policies[i].slowdown]).toEqual(points.map((p) => p.slowdown));
    }
    const parts = told.flatMap((p) => (p.soFar ? [p.soFar as SweepAnswer] : []));
    for (const part of parts) {
      expect(part.policies[0].coverage).toHaveLength(part.done);
      expect([...part.policies[0].coverage]).toEqual([...answer.policies[0].coverage.slice(0, part.done)]);
    }
    const stop = new AbortController();
    const long = { ...asked, to: '100000', param: 'unmapRate', from: '0', steps: 200, log: false };
    const open = service.handlers.sweep({ ...long, to: '50' }, { signal: stop.signal, progress: () => stop.abort() });
    await expect(open).rejects.toThrow('cancelled');
    expect(content()).toBe(before);
  });
});
