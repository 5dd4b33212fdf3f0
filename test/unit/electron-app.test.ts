import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackOff } from '../../electron/main/back-off.ts';
import { filesOf } from '../../electron/main/files.ts';
import { writeSampleLab } from '../e2e/sample-lab.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let directory: string;

beforeAll(() => {
  if (!existsSync(here('../../out/main/index.js'))) throw new Error('the app is not built: `npm run build` builds it');
  directory = mkdtempSync(join(tmpdir(), 'umbra-electron-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The built main and preload, on a stand-in for Electron (test/unit/electron): its binary isn't on every machine. */
async function drive<T>(script: string, words: readonly string[], env: Record<string, string>): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', here('electron/hook.ts'), here(`electron/${script}.ts`), ...words],
    { timeout: 60_000, env: { ...process.env, ...env } },
  );
  return JSON.parse(stdout) as T;
}

describe('electron-app', () => {
  let saw: Record<string, unknown>;

  beforeAll(async () => {
    const labs = ['a.umbra', 'other.umbra', 'b.umbra'].map((file) => join(directory, file));
    labs.forEach(writeSampleLab);
    saw = await drive('drive', [labs[0]], { UMBRA_TEST_PROFILE: directory, UMBRA_TEST_OTHER: labs[1] });
  });

  it('opens the lab of its command line in a sandboxed window that keeps its place', () => {
    expect(saw['url']).toBe('app://umbra/');
    expect(saw['options']).toMatchObject({ name: 'lab 1', windowStatePersistence: true, show: false });
    const { webPreferences } = saw['options'] as { webPreferences: { preload: string } };
    expect(webPreferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false });
    expect(webPreferences.preload).toMatch(/out[\\/]preload[\\/]index\.cjs$/);
    expect(existsSync(webPreferences.preload)).toBe(true);
  });

  it('serves the pages by its own protocol, strictly', () => {
    expect(saw['scheme']).toMatchObject([
      { scheme: 'app', privileges: { standard: true, secure: true } },
      { scheme: 'report', privileges: { standard: true } },
    ]);
    expect(saw['pages']).toMatchObject({
      index: { status: 200, type: 'text/html; charset=utf-8', text: '<!doctype html>' },
      outside: { status: 404 },
      elsewhere: { status: 404 },
    });
    const { policy } = (saw['pages'] as { index: { policy: string } }).index;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('confines its pages', () => {
    expect(saw['confinement']).toEqual({
      navigation: [true, true, true],
      frames: [true, false],
      open: { action: 'deny' },
      permissions: [false, false, false, true],
      cancelled: [true, true, true, false, false],
    });
  });

  it('brokers a port to the lab, to its own pages only', () => {
    expect(saw['strangers']).toEqual({ forks: 0, windows: 1, pdf: 'not a report' });
    expect(saw['names']).toEqual(['kvbench', 'b-madvise', 'guest, per thread']);
  });

  it('asks in processes that a cancel ends', () => {
    expect(saw['asked']).toEqual([3, 'cancelled', 42]);
    expect(saw['queryProcesses']).toBe(2);
  });

  it('starts a crashed engine again by itself, later each time, then when the user asks', () => {
    const port = { umbra: 'port' };
    const stopped = { umbra: 'stopped', code: expect.any(Number) as number };
    expect(saw['crashes']).toEqual([
      ...[{ ...stopped, again: 250 }, port, { ...stopped, again: 1000 }, port, { ...stopped, again: 4000 }, port],
      stopped,
    ]);
    expect(saw['quiet']).toEqual(stopped);
    expect(saw['again']).toEqual(saw['names']);
  });

  it('loads a page again that crashed', () => expect(saw['reloaded']).toBe('app://umbra/'));

  it('asks before it leaves a page with a job running', () => {
    expect(saw['leaving']).toMatchObject({ stays: false, leaves: true, asked: { kind: 'message' } });
  });

  it('opens labs by menu, by a second start and by drop, each in one window', () => {
    expect(saw['inOther']).toEqual(saw['names']);
    expect(saw['labs']).toEqual({
      onceMore: 2,
      titles: ['a.umbra – Umbra', 'other.umbra – Umbra', 'b.umbra – Umbra'],
      names: ['lab 1', 'lab 2', 'lab 3'],
      focused: [true, true, true],
      handed: { umbra: 'files', paths: [join(directory, 'x.perf.data')] },
      recent: ['b.umbra', 'other.umbra', 'a.umbra', null, '&Clear'],
    });
    expect(saw['cleared']).toBe(false);
  });

  it('has a menu with accelerators that reaches the page, also before that is there', () => {
    expect(saw['menu']).toEqual({
      accelerators: ['CmdOrCtrl+N', 'CmdOrCtrl+O', 'CmdOrCtrl+I', 'CmdOrCtrl+1', 'CmdOrCtrl+8', 'Alt+Left'],
      before: 0,
      told: [{ umbra: 'port' }, { umbra: 'do', command: 'skew' }, { umbra: 'do', command: 'keys' }],
      travelled: ['back'],
    });
  });

  it('makes new labs, and lays what they replace into the trash', () => {
    expect(saw['made']).toEqual({ names: [], exists: true, title: 'new.umbra – Umbra' });
    expect(saw['trash']).toEqual([join(directory, 'other.umbra')]);
  });

  it('asks for a campaign’s folder, and hands it to the page', () => {
    expect(saw['campaign']).toEqual({
      asked: ['openDirectory'],
      told: [{ umbra: 'campaign', folder: '/campaigns/boards' }],
    });
  });

  it('prints reports to PDF in a hidden window that runs and loads nothing', () => {
    const { preferences, text, ...pdf } = saw['pdf'] as { preferences: object; text: string };
    expect(pdf).toEqual({
      ...{ saved: true, declined: false, shown: false, destroyed: true, loads: [false, true] },
      offered: join(directory, 'report.pdf'),
      options: {
        ...{ pageSize: 'A4', preferCSSPageSize: true, printBackground: true },
        ...{ generateTaggedPDF: true, generateDocumentOutline: true },
      },
    });
    expect(text).toMatch(/^%PDF default-src 'none';.* <h1>Report<\/h1>$/);
    expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, javascript: false });
  });

  it('ends with its windows', () => expect(saw['end']).toEqual({ quits: 1, more: 0 }));

  it('has a preload that exposes five calls, and hands ports on to its own origin', () => {
    expect(saw['preload']).toEqual({
      api: ['connect', 'openLab', 'openFiles', 'pathOf', 'savePdf'],
      path: '/captures/a.perf.data',
      sent: [
        ['umbra:connect'],
        ['umbra:open-lab', 'new'],
        ['umbra:open-files', ['/a']],
        ['umbra:save-pdf', 'r.pdf', '<p>'],
      ],
      posted: [[{ umbra: 'port' }, 'app://umbra', ['a port']]],
    });
    // A sandboxed preload is one CommonJS file: it may require electron and nothing of its own.
    const source = readFileSync(here('../../out/preload/index.cjs'), 'utf8');
    expect([...source.matchAll(/require\(["'](.+?)["']\)/g)].map((m) => m[1])).toEqual(['electron']);
  });
});

describe('starting the app', () => {
  interface Start {
    readonly lock: unknown;
    readonly quits: number;
    readonly dialogs: readonly unknown[];
    readonly windows: readonly unknown[];
  }
  let profiles = 0;
  const start = (words: readonly string[], recent: readonly string[] = [], env: Record<string, string> = {}) => {
    const profile = mkdtempSync(join(directory, `profile-${profiles++}-`));
    if (recent.length) writeFileSync(join(profile, 'recent.json'), JSON.stringify(recent));
    return drive<Start>('drive-start', words, { UMBRA_TEST_PROFILE: profile, ...env });
  };
  const lab = () => join(directory, 'start.umbra');
  beforeAll(() => writeSampleLab(lab()));

  it('has nothing to show at the very first', async () => {
    expect((await start([])).windows).toEqual([['', { umbra: 'no-lab' }]]);
  });

  it('comes back to the last lab that is still there', async () => {
    const { windows } = await start([], [join(directory, 'gone.umbra'), lab()]);
    expect(windows).toEqual([['start.umbra – Umbra', { umbra: 'port' }]]);
  });

  it('opens a lab by URL and imports the captures beside it', async () => {
    const capture = join(directory, 'c.trace.dat');
    const { windows, lock } = await start([pathToFileURL(lab()).href, '--flag', capture]);
    expect(windows).toEqual([['start.umbra – Umbra', { umbra: 'port' }, { umbra: 'files', paths: [capture] }]]);
    expect(lock).toEqual({ files: [lab(), capture] });
  });

  it('asks where captures go that come without a lab', async () => {
    const capture = join(directory, 'c.trace.dat');
    const { windows, dialogs } = await start([capture], [], { UMBRA_TEST_SAVE: join(directory, 'fresh.umbra') });
    expect(dialogs).toEqual([['save', 'c.umbra']]);
    expect(windows).toEqual([['fresh.umbra – Umbra', { umbra: 'port' }, { umbra: 'files', paths: [capture] }]]);
  });

  it('leaves it to the instance that runs already', async () => {
    expect(await start([lab()], [], { UMBRA_TEST_SECOND: '1' })).toMatchObject({ quits: 1, windows: [] });
  });
});

describe('back-off', () => {
  it('takes what ran for a minute for healthy', () => {
    let now = 0;
    const backOff = createBackOff(() => now);
    const crashAfter = (ms: number) => (backOff.started(), (now += ms), backOff.next());
    expect([10, 10, 10, 10, 10].map(crashAfter)).toEqual([250, 1000, 4000, undefined, undefined]);
    expect([61_000, 10].map(crashAfter)).toEqual([250, 1000]);
    backOff.reset();
    expect(crashAfter(10)).toBe(250);
  });
});

describe('files of a command line', () => {
  it.each([
    [['umbra-lab', 'a.umbra', '--x', '/b c'], true, ['/labs/a.umbra', '/b c']],
    [['electron', '--inspect', '.', 'file:///a%20b.umbra'], false, ['/a b.umbra']],
    [['umbra-lab', 'file://host/x', 'file:///a%2Fb', 'file:///%zz', 'FILE:///c.umbra'], true, ['/c.umbra']],
    [['umbra-lab'], true, []],
  ])('%j', (argv, packaged, files) => expect(filesOf(argv, '/labs', packaged)).toEqual(files));
});
