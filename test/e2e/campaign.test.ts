import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browser.ts';
import { campaignText, filesOf, policies, synthCampaign } from './campaign-synth.ts';
import { umbra, umbraJson } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

interface Status {
  pairs: number;
  done: number;
  failed: number;
  pending: number;
  repeated: number;
  stale: number;
  failures: { pair: string; reason: string }[];
}

/** Starts a run and kills it, with no chance to clean up, once `n` further results are there. */
async function killAfter(folder: string, n: number): Promise<void> {
  const results = (): number =>
    existsSync(join(folder, 'results'))
      ? readdirSync(join(folder, 'results')).filter((f) => /^\w+\.json$/.test(f)).length
      : 0;
  const before = results();
  const child = spawn(process.execPath, [bin, 'campaign', 'run', folder, '-j', '2'], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  while (results() < before + n && child.exitCode === null) await pause(10);
  child.kill('SIGKILL');
  await exit;
}

describe('umbra campaign', () => {
  let root: string;
  let folder: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    folder = join(root, 'c');
    synthCampaign(folder, { boards: ['reclaim', 'munmap'], workloads: ['mixed'], repetitions: 2, samples: 900 });
    // A pair whose trace isn't one, and one without a trace.
    cpSync(join(folder, 'captures/munmap/mixed-1'), join(folder, 'captures/munmap/bad-1'), { recursive: true });
    writeFileSync(join(folder, 'captures/munmap/bad-1/kvm.trace.dat'), 'no trace');
    cpSync(join(folder, 'captures/munmap/bad-1'), join(folder, 'captures/munmap/bad-2'), { recursive: true });
    rmSync(join(folder, 'captures/munmap/bad-2/kvm.trace.dat'));
    expect(umbra('campaign', 'run', folder).code).toBe(0);
    expect(umbra('campaign', 'collect', folder).code).toBe(0);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('replays every pair; one that fails is a row with its reason', () => {
    const status = umbraJson<Status>('campaign', 'status', folder);
    expect(status).toMatchObject({ pairs: 6, done: 4, failed: 2, pending: 0, repeated: 0, stale: 0 });
    expect(status.failures.map(({ pair }) => pair)).toEqual(['munmap/bad/1', 'munmap/bad/2']);
    expect(status.failures[0]!.reason).toMatch(/kvm\.trace\.dat: /);
    expect(status.failures[1]!.reason).toContain('no KVM trace: captures/munmap/bad-2/kvm.trace.dat isn’t there');
    const rows = umbraJson<Record<string, unknown>[]>(
      'campaign',
      'sql',
      folder,
      'select pair, status, reason from pairs order by pair',
    );
    expect(rows.map((r) => [r['pair'], r['status'], r['reason'] === null])).toEqual([
      ['munmap/bad/1', 'failed', false],
      ['munmap/bad/2', 'failed', false],
      ['munmap/mixed/1', 'done', true],
      ['munmap/mixed/2', 'done', true],
      ['reclaim/mixed/1', 'done', true],
      ['reclaim/mixed/2', 'done', true],
    ]);
  });

  it('gives what a replay of the pair gives, and nothing is replayed again', { timeout: 180_000 }, () => {
    const path = join(folder, 'captures/munmap/mixed-1');
    const settings = ['--set', 'contentsKept=true', '--set', 'tornRecords=0', '--policy', policies.join()];
    const alone = umbraJson<{
      policies: { id: string; kept: number; lost: number; windows: number; checks: { id: string; lost: number }[] }[];
    }>(...['run', join(path, 'spe.perf.data'), join(path, 'kvm.trace.dat'), '-o', join(root, 'r.txt'), ...settings]);
    const sql = (query: string) => umbraJson<Record<string, unknown>[]>('campaign', 'sql', folder, query);
    const of = "where pair = 'munmap/mixed/1'";
    expect(sql(`select policy id, kept, lost, windows from outcomes ${of}`)).toEqual(
      alone.policies.map(({ id, kept, lost, windows }) => ({ id, kept, lost, windows })),
    );
    expect(sql(`select policy, check_id, lost from checks ${of}`)).toEqual(
      alone.policies.flatMap(({ id, checks }) => checks.map((c) => ({ policy: id, check_id: c.id, lost: c.lost }))),
    );
    const lost = `select policy, sum(lost_samples)::int lost from windows ${of} group by 1 order by 1`;
    expect(sql(lost)).toEqual(sql(`select policy, lost from outcomes ${of} and windows > 0 order by 1`));
    const when = statSync(join(folder, 'results')).mtimeMs;
    // Another time stamp, the same bytes.
    utimesSync(join(path, 'spe.perf.data'), 1e9, 1e9);
    const again = umbraJson<{ replayed: number; known: number }>('campaign', 'run', folder);
    expect(again).toMatchObject({ replayed: 0, known: 4 });
    expect(statSync(join(folder, 'results')).mtimeMs).toBe(when);
  });

  it('comes to the same dataset, byte for byte, when it is killed and resumed', { timeout: 180_000 }, async () => {
    const other = join(root, 'killed');
    cpSync(folder, other, { recursive: true });
    for (const made of ['results', 'dataset', '.umbra']) rmSync(join(other, made), { recursive: true });
    for (const n of [0, 1, 1]) await killAfter(other, n);
    expect(umbra('campaign', 'run', other).code).toBe(0);
    expect(readdirSync(join(other, 'results')).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(umbraJson<Status>('campaign', 'status', other).failures).toEqual(
      umbraJson<Status>('campaign', 'status', folder).failures,
    );
    expect(umbra('campaign', 'collect', other).code).toBe(0);
    expect(filesOf(join(other, 'dataset'))).toEqual(filesOf(join(folder, 'dataset')));
  });

  it('is read by other Parquet readers, partitions and all', async () => {
    const at = join(folder, 'dataset/outcomes');
    expect(readdirSync(at).sort()).toEqual(['board=munmap', 'board=reclaim']);
    const bytes = readFileSync(join(at, 'board=munmap/part-0.parquet'));
    const rows = (await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    })) as Record<string, unknown>[];
    expect(rows.map((r) => [r['pair'], r['workload'], r['policy']])).toEqual(
      ['munmap/mixed/1', 'munmap/mixed/2'].flatMap((pair) => policies.map((policy) => [pair, 'mixed', policy])),
    );
    for (const r of rows) {
      expect(Number(r['kept']) + Number(r['lost'])).toBe(900);
      expect(r['loss']).toBeCloseTo(Number(r['lost']) / 900, 12);
    }
  });

  it('plans for other programs: a command a pair', () => {
    const json = umbraJson<{ pairs: { key: string; status: string; command: string; result?: string }[] }>(
      'campaign',
      'plan',
      folder,
    );
    expect(json.pairs.map(({ status }) => status)).toEqual(['failed', 'failed', 'done', 'done', 'done', 'done']);
    const one = json.pairs[2]!;
    expect(one.command).toBe(`umbra campaign pair ${folder} munmap/mixed/1`);
    expect(existsSync(join(folder, one.result!))).toBe(true);
    const [head, ...lines] = umbra('campaign', 'plan', folder, '--format', 'tsv').stdout.trimEnd().split('\n');
    expect(head).toBe('pair\tboard\tworkload\trepetition\tspe\tkvm\tstatus\tcommand');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(json.pairs.map(({ key }) => key));
    const make = umbra('campaign', 'plan', folder, '--format', 'make').stdout;
    // Only pairs that failed for another reason than a missing file are left to run.
    expect(make).toContain('# 1 of 6 pairs');
    expect(make).toContain(`\t@umbra campaign pair ${folder} munmap/bad/1`);
  });

  it('forgets nothing and keeps apart what other settings gave', () => {
    const other = join(root, 'changed');
    cpSync(folder, other, { recursive: true });
    writeFileSync(join(other, 'campaign.toml'), campaignText.replace('tornRecords = 0', 'tornRecords = 1'));
    expect(umbraJson<Status>('campaign', 'status', other)).toMatchObject({ done: 0, pending: 5, failed: 1, stale: 5 });
    writeFileSync(join(other, 'campaign.toml'), `${campaignText}[report]\nleave-out = ["emulated"]\n`);
    expect(umbraJson<Status>('campaign', 'status', other)).toMatchObject({ done: 4, pending: 0, stale: 0 });
    // Duplicate captures count once.
    cpSync(join(other, 'captures/munmap/mixed-1'), join(other, 'captures/munmap/mixed-3'), { recursive: true });
    expect(umbraJson<Status>('campaign', 'status', other)).toMatchObject({ done: 4, repeated: 1, pending: 0 });
  });

  it('reports what the truth is, of how many pairs of how many boards, and verifies it', () => {
    const file = join(root, 'report.html');
    for (const form of ['html', 'txt'])
      expect(umbra('campaign', 'report', folder, '-o', join(root, `report.${form}`)).code).toBe(0);
    const text = readFileSync(join(root, 'report.txt'), 'utf8').replace(/\s+/g, ' ');
    expect(text).toContain('4 pairs of 2 boards, 3 policies');
    // Pins withstand reclaim: nothing else loses less. Two repetitions are too few to say so.
    expect(text).toMatch(/board reclaim +2 .* 0 % /);
    expect(text).toContain('2 of 6 pairs failed');
    expect(readFileSync(file, 'utf8')).toContain('Each dot is a pair');
    const verified = umbraJson<{ identical: boolean; replayed: number }>(
      'campaign',
      'report',
      folder,
      '--verify',
      file,
      '--sample',
      '1',
    );
    expect(verified).toMatchObject({ identical: true, replayed: 1 });
    expect(umbra('report', '--verify', file).stderr).toContain('`umbra campaign report DIR --verify` recomputes it');
    writeFileSync(file, readFileSync(file, 'utf8').replace('loses', 'gains'));
    const changed = umbra('campaign', 'report', folder, '--verify', file, '--sample', '1');
    expect([changed.code, changed.stderr]).toEqual([
      1,
      expect.stringContaining('its text isn’t what the dataset gives'),
    ]);
  }, 180_000);

  it('is printed as PDF, with an outline and numbered pages; that says nothing of itself to verify', async () => {
    const file = join(root, 'report.pdf');
    const before = process.env['UMBRA_CHROMIUM'];
    process.env['UMBRA_CHROMIUM'] = await browserPath();
    try {
      expect(umbra('campaign', 'report', folder, '-o', file)).toMatchObject({ code: 0, stdout: `report: ${file}\n` });
    } finally {
      if (before === undefined) delete process.env['UMBRA_CHROMIUM'];
      else process.env['UMBRA_CHROMIUM'] = before;
    }
    const pdf = readFileSync(file, 'latin1');
    expect([pdf.startsWith('%PDF-1.'), pdf.includes('/Outlines'), pdf.includes('/JavaScript')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(pdf.match(/\/MediaBox/g)!.length).toBeGreaterThan(1);
    expect(umbra('campaign', 'report', folder, '--verify', file).stderr).toContain('no HTML or Markdown report');
  });

  it.runIf(process.getuid)('empties no folder that a link among temporary files leads to', () => {
    const temporary = mkdtempSync(join(root, 'tmp-'));
    // Named like the labs of a run that was killed.
    const kept = join(root, 'elsewhere', '2147483647');
    mkdirSync(kept, { recursive: true });
    symlinkSync(join(kept, '..'), join(temporary, `umbra-campaign-${process.getuid!()}`));
    const env = { ...process.env, TMPDIR: temporary };
    const ran = spawnSync(process.execPath, [bin, 'campaign', 'run', folder, '--again'], { env, encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([
      1,
      expect.stringMatching(/^umbra: .*: is no folder of yours alone.*\n$/),
    ]);
    expect(existsSync(kept)).toBe(true);
  });

  it('says what is wrong with its usage, and SQL that isn’t a query', () => {
    const fails = (...args: string[]) => {
      const { code, stderr } = umbra('campaign', ...args);
      return [code, stderr];
    };
    expect(fails('fly', folder)).toEqual([2, expect.stringContaining("'fly': init, plan, run")]);
    expect(fails('run', folder, '--format', 'tsv')).toEqual([
      2,
      expect.stringContaining('campaign run has no option --format'),
    ]);
    expect(fails('run', root)).toEqual([1, expect.stringContaining('has no campaign.toml or campaign.json')]);
    expect(fails('pair', folder, 'nope')).toEqual([1, expect.stringContaining('no pair nope')]);
    expect(fails('sql', folder, 'create table x as select 1')).toEqual([1, expect.stringContaining('only queries')]);
    expect(fails('sql', folder, `select * from read_text('${join(folder, 'campaign.toml')}')`)).toEqual([
      1,
      expect.stringContaining('Permission Error'),
    ]);
  });
});
