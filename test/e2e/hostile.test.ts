/** What others may supply, or do to a machine: with real processes, each of them bounded. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { inLabFile } from '../../core/store/lab-write.ts';
import { pair, temporaryFolder, umbra, umbraJson } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const small = fileURLToPath(new URL('../fixtures/spe/one-record.perf.data', import.meta.url));
const LIMIT_MS = 150_000;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (d: Buffer) => (stdout += d.toString()));
  child.stderr.on('data', (d: Buffer) => (stderr += d.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return { child, ended };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(test: () => boolean): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; !test() && Date.now() < end;) await pause(5);
}

const names = (lab: string) => umbraJson<{ name: string }[]>('captures', '--db', lab).map((c) => c.name);

describe('imports into one new lab at the same time', () => {
  it.each([2, 3])('%i of them: each that says it is done has its capture in the lab', async (n) => {
    const lab = join(temporaryFolder(), 'new.umbra');
    const runs = Array.from({ length: n }, (_, i) => start('import', pair.spe, '--db', lab, '--name', `n${i}`));
    const all = await Promise.all(runs.map(({ ended }) => ended));
    const done = all.flatMap(({ code }, i) => (code === 0 ? [`n${i}`] : []));
    expect(done.length).toBeGreaterThan(0);
    expect(names(lab).sort()).toEqual(done);
    for (const { code, stderr } of all)
      if (code !== 0) expect(stderr).toMatch(/^umbra: .* is writing to it; try again.*\n$/);
    expect(existsSync(`${lab}.part`)).toBe(false);
  });

  it('the second learns who writes, and leaves the first one alone', async () => {
    const folder = temporaryFolder();
    const lab = join(folder, 'new.umbra');
    const first = start('import', pair.spe, '--db', lab, '--name', 'first');
    await until(
      () => (statSync(`${lab}.part`, { throwIfNoEntry: false })?.size ?? 0) > 0 || first.child.exitCode !== null,
    );
    first.child.kill('SIGSTOP');
    const second = await start('import', small, '--db', lab, '--name', 'second').ended;
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
    // Stopped in the middle: it had the lock. Only a first import that was done before it could be stopped leaves the way free.
    if (second.code === 0) expect(names(lab).sort()).toEqual(['first', 'second']);
    else expect([names(lab), second.stderr]).toEqual([['first'], expect.stringMatching(/is writing to it/)]);
  });

  it('what one that was killed left is no obstacle, and all of it is in the lab or nothing', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 4; round++) {
      const lab = join(folder, `new${round}.umbra`);
      const killed = start('import', pair.spe, pair.kvm, '--db', lab, '--name', 'killed');
      await until(() => existsSync(`${lab}.part`) || killed.child.exitCode !== null);
      await pause(round * 60);
      killed.child.kill('SIGKILL');
      const { code } = await killed.ended;
      expect((await start('import', small, '--db', lab, '--name', 'after').ended).code).toBe(0);
      // One that is killed between its last step and its end has done all.
      const whole = ['killed', 'killed', 'after'];
      if (code === 0) expect(names(lab)).toEqual(whole);
      else expect([['after'], whole]).toContainEqual(names(lab));
      expect(readdirSync(folder).filter((f) => f.startsWith(`new${round}`))).toEqual([`new${round}.umbra`]);
    }
  });
});

describe('a lab that somebody changed', () => {
  const changes: [string, string, RegExp][] = [
    [
      'a view in the place of a table',
      'ALTER TABLE capture RENAME TO c2; CREATE VIEW capture AS SELECT * FROM c2',
      /view 'capture'|c2/,
    ],
    [
      'a trigger',
      "CREATE TRIGGER t AFTER INSERT ON capture BEGIN UPDATE capture SET name = 'owned'; END",
      /trigger 't'/,
    ],
    ['an index on an expression', 'CREATE INDEX i ON capture (abs(id))', /index 'i'/],
    ['a table of its own', 'CREATE TABLE mine (a)', /table 'mine'/],
    ['a table less', 'DROP TABLE stall', /tables and indexes/],
    ['facts that are no object', "UPDATE capture SET facts = 'null'", /damaged: capture\.facts/],
    ['facts of another kind', `UPDATE capture SET facts = '{"cpuList":5}'`, /damaged: capture\.facts: cpuList/],
    [
      'a fact within another of another kind',
      `UPDATE capture SET facts = '{"spe":{"cores":[{"midr":7}]}}'`,
      /damaged: capture\.facts: spe\.cores\.0\.midr/,
    ],
  ];
  it.each(changes)('%s: refused in a line that names the file', (_, sql, reason) => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    expect(umbra('import', small, '--db', lab).code).toBe(0);
    const db = new Database(lab);
    db.exec(sql);
    db.close();
    const { code, stderr } = umbra('captures', '--db', lab);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^umbra: .*lab\.umbra: .*\n$/);
    expect(stderr).toMatch(reason);
  });

  const cells: [string, string, string[], RegExp][] = [
    [
      'text for a time',
      "UPDATE spe_session SET end_ns = 'null'",
      ['report', '--run', '1', '-o', 'OUT'],
      /end_ns holds text/,
    ],
    ['infinity for a blob', 'UPDATE trace_chunk SET buffer = 9e999', ['stage2'], /damaged: a column that is no blob/],
    [
      'no layout of an event',
      'DELETE FROM trace_format',
      ['exits'],
      /events doesn't add up to the records of capture 2/,
    ],
  ];
  it.each(cells)('%s: refused where it is read', (_, sql, args, reason) => {
    const folder = temporaryFolder();
    const [lab, out] = [join(folder, 'lab.umbra'), join(folder, 'report.html')];
    umbra('import', pair.spe, pair.kvm, '--db', lab);
    umbra('replay', '--db', lab, '--policy', 'map-on-fault');
    const db = new Database(lab);
    db.exec(sql);
    db.close();
    const { code, stderr } = umbra(...args.map((arg) => (arg === 'OUT' ? out : arg)), '--db', lab);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^umbra: .*lab\.umbra: damaged: .*\n$/)]);
    expect(stderr).toMatch(reason);
  });

  it('an SQLite format that is none: refused', () => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    umbra('import', small, '--db', lab);
    const bytes = readFileSync(lab);
    bytes.writeUInt32BE(9, 44); // schema format number: https://www.sqlite.org/fileformat.html
    writeFileSync(lab, bytes);
    expect(umbra('captures', '--db', lab)).toMatchObject({
      code: 1,
      stderr: `umbra: ${lab}: can't be read: unsupported file format\n`,
    });
  });

  it('figures of ANALYZE are no such change', () => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    umbra('import', small, '--db', lab);
    const db = new Database(lab);
    db.exec('ANALYZE');
    db.close();
    expect(umbra('captures', '--db', lab).code).toBe(0);
  });

  it('a page of noise in it: a line, whatever is asked', () => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    umbra('import', pair.spe, '--db', lab);
    const bytes = readFileSync(lab);
    for (let at = 4096; at < bytes.length; at += 8192) bytes.fill(0xa5, at, at + 4096);
    writeFileSync(lab, bytes);
    for (const args of [['captures'], ['sql', 'select count(*) from spe_column'], ['import', small]]) {
      const { code, stderr } = umbra(...args, '--db', lab);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^umbra: .*lab\.umbra: .*\n$/)]);
      expect(stderr).not.toContain('internal error');
    }
  });
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends a query that has no end', async (signal) => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    umbra('import', small, '--db', lab);
    const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n';
    const { child, ended } = start('sql', endless, '--db', lab);
    await pause(1500);
    child.kill(signal);
    expect((await ended).signal).toBe(signal);
  });

  it('an orphan of serve ends, also in the middle of a query', async () => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    umbra('import', small, '--db', lab);
    const store = new URL('../../core/host/query-pool.ts', import.meta.url).href;
    const script = `
      import { createQueryPool } from '${store}';
      const sql = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n';
      const pool = createQueryPool(${JSON.stringify(lab)});
      void pool.run('sql', { sql, limit: 1 }, { signal: new AbortController().signal }).catch(() => undefined);
      setInterval(() => undefined, 1000);`;
    const host = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const children = () => execFileSync('ps', ['-o', 'pid=', '--ppid', String(host.pid)], { encoding: 'utf8' }).trim();
    let query = '';
    await until(() => {
      try {
        query = children();
      } catch {
        query = '';
      }
      return query !== '';
    });
    await pause(1500);
    host.kill('SIGKILL');
    const pid = Number(query.split('\n')[0]);
    expect(pid).toBeGreaterThan(0);
    const isThere = () =>
      existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    await until(() => !isThere());
    expect(isThere()).toBe(false);
  });
});

describe('what is no regular file', () => {
  it('is refused at once wherever a path is taken', async () => {
    const folder = temporaryFolder();
    const [pipe, socket, lab] = ['pipe', 'socket', 'lab.umbra'].map((name) => join(folder, name));
    const besides = join(folder, 'besides.umbra');
    execFileSync('mkfifo', [pipe, `${besides}-journal`]);
    umbra('import', small, '--db', lab);
    copyFileSync(lab, besides);
    rmSync(lab);
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    umbra('import', pair.spe, pair.kvm, '--db', lab);
    const replay = ['replay', '--db', lab, '--spe', '1', '--kvm', '2'];
    const calls = [
      ...[pipe, socket, '/dev/zero'].flatMap((path) => [
        ['import', path, '--db', lab],
        ['inspect', path],
      ]),
      ['import', pair.kvm, '--vm', pipe, '--db', lab],
      ['captures', '--db', pipe],
      ['import', small, '--db', pipe],
      ['captures', '--db', besides],
      ...['--scenario', '--params', '--policy-file'].map((option) => [...replay, option, pipe]),
      ['stage2', '--db', lab, '--kvm', '2', '--reference', pipe],
      ['report', '--verify', pipe],
      ['export', '--db', lab, '--capture', '1', '--to', 'csv', '-o', pipe],
    ];
    for (const args of calls) {
      const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', timeout: LIMIT_MS });
      expect([args.join(' '), status, stderr]).toEqual([
        args.join(' '),
        expect.any(Number),
        expect.stringMatching(/not a regular file.*\n$/),
      ]);
    }
    server.close();
    expect(statSync(pipe).isFIFO()).toBe(true);
  });
});

it('a lab that is written to all the time loses nothing: 6 writers, 4 rounds each', async () => {
  const lab = join(temporaryFolder(), 'lab.umbra');
  inLabFile(lab, 'create', () => undefined);
  const script = fileURLToPath(new URL('../../core/store/lab-write.ts', import.meta.url));
  const captures = fileURLToPath(new URL('../../core/store/captures.ts', import.meta.url));
  const code = (name: string) => `
    import { inLabFile } from '${script}'; import { addCapture } from '${captures}';
    for (let i = 0; i < 4; i++) inLabFile(${JSON.stringify(lab)}, 'create', (db) =>
      addCapture(db, { kind: 'spe', name: '${name}-' + i, file: 'f', format: 'perf.data', bytes: 1 }), { patience: 30000 });`;
  const writers = Array.from({ length: 6 }, (_, i) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code(`w${i}`)], {
      stdio: 'ignore',
      timeout: LIMIT_MS,
    });
    return new Promise((resolve) => child.on('close', resolve));
  });
  expect(await Promise.all(writers)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(names(lab)).toHaveLength(24);
});
