import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleLab } from '../e2e/sample-lab.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The built main and preload, on a stand-in for Electron (test/unit/electron): its binary isn't on every machine. */
describe('electron-app', () => {
  let directory: string;
  let saw: Record<string, unknown>;

  beforeAll(async () => {
    if (!existsSync(here('../../out/main/index.js')))
      throw new Error('the app is not built: `npm run build` builds it');
    directory = mkdtempSync(join(tmpdir(), 'umbra-electron-'));
    const labs = ['a.umbra', 'other.umbra'].map((file) => join(directory, file));
    labs.forEach(writeSampleLab);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', here('electron/hook.ts'), here('electron/drive.ts'), ...labs],
      { timeout: 30_000 },
    );
    saw = JSON.parse(stdout) as Record<string, unknown>;
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('opens the lab of its command line in a sandboxed window', () => {
    expect(saw['url']).toBe('app://umbra/');
    expect(saw['webPreferences']).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false });
    expect((saw['webPreferences'] as { preload: string }).preload).toMatch(/out[\\/]preload[\\/]index\.cjs$/);
    expect(existsSync((saw['webPreferences'] as { preload: string }).preload)).toBe(true);
  });

  it('serves the pages by its own protocol, strictly', () => {
    expect(saw['scheme']).toMatchObject({ scheme: 'app', privileges: { standard: true, secure: true } });
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
      open: { action: 'deny' },
      permissions: [false, false, false, true],
      cancelled: [true, true, true, false],
    });
  });

  it('brokers a port to the lab, to its own pages only', () => {
    expect(saw['strangers']).toBe(0);
    expect(saw['port']).toEqual({ umbra: 'port' });
    expect(saw['names']).toEqual(['kvbench', 'b-madvise', 'guest, per thread']);
  });

  it('asks in processes that a cancel ends', () => {
    expect(saw['asked']).toEqual([3, 'cancelled', 42]);
    expect(saw['queryProcesses']).toBe(2);
  });

  it('tells when the host stopped, and starts another', () => {
    expect(saw['crash']).toEqual({ umbra: 'stopped', code: 1 });
    expect(saw['again']).toEqual(saw['names']);
  });

  it('opens labs by menu and by a second start, each in one window', () => {
    expect(saw['picked']).toBe('other.umbra – Umbra');
    expect(saw['inOther']).toEqual(saw['names']);
    expect(saw['onceMore']).toBe(1);
    expect(saw['titles']).toEqual(['other.umbra – Umbra', 'b.umbra – Umbra']);
    expect(saw['recent']).toEqual([
      join(directory, 'a.umbra'),
      join(directory, 'other.umbra'),
      join(directory, 'other.umbra'),
      '/labs/b.umbra',
    ]);
  });

  it('has a preload that exposes three calls, and hands ports on to its own origin', () => {
    expect(saw['preload']).toEqual({
      api: ['connect', 'openLab', 'pathOf'],
      path: '/captures/a.perf.data',
      sent: ['umbra:connect', 'umbra:open-lab'],
      posted: [[{ umbra: 'port' }, 'app://umbra', ['a port']]],
    });
    // A sandboxed preload is one CommonJS file: it may require electron and nothing of its own.
    const source = readFileSync(here('../../out/preload/index.cjs'), 'utf8');
    expect([...source.matchAll(/require\(["'](.+?)["']\)/g)].map((m) => m[1])).toEqual(['electron']);
  });
});
