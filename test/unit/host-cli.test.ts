import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleLab } from '../e2e/sample-lab.ts';

const umbra = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
let directory: string;
let lab: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'umbra-serve-'));
  lab = join(directory, 'a.umbra');
  writeSampleLab(lab);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `umbra`; `onOutput` sees what it printed so far. */
function run(args: readonly string[], onOutput?: (stdout: string, stop: () => void) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: join(directory, 'none') };
    const child = spawn(process.execPath, [umbra, ...args], { env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => onOutput?.((stdout += part), () => child.kill('SIGINT')));
    child.stderr.on('data', (part) => (stderr += part));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('host-cli', () => {
  it('serves until Ctrl-C', async () => {
    let page: Promise<string> | undefined;
    const ended = await run(['serve', '--db', lab, '--json'], (stdout, stop) => {
      if (page || !stdout.includes('}')) return;
      const { url } = JSON.parse(stdout) as { url: string };
      page = fetch(url).then((r) => r.text());
      void page.finally(stop);
    });
    expect(await page).toContain('<div id="app">');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('explains in one line why it cannot serve', async () => {
    const ended = await run(['serve', '--db', join(directory, 'none.umbra')]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^umbra: .*none\.umbra: no such lab file.*\n$/);
    expect((await run(['serve', '--db', lab, '--port', '70000'])).code).toBe(2);
  });

  it('makes an empty lab to begin with, when asked', async () => {
    const fresh = join(directory, 'fresh.umbra');
    const ended = await run(['serve', '--db', fresh, '--new'], (_, stop) => stop());
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(fresh)).toBe(true);
  });

  it('says how to get Electron, and the way out', async () => {
    const ended = await run(['app', 'a.umbra']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^umbra: .*npx install-electron.*umbra serve --db a\.umbra.*\n$/);
    // and it didn't go and fetch it
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });
});
