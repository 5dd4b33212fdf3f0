/** A Chromium for tests: the one that npm brought (@sparticuz/chromium), or that of UMBRA_CHROMIUM. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packed from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

export async function browserPath(): Promise<string> {
  return process.env['UMBRA_CHROMIUM'] ?? (await unpack());
}

let shared: Promise<Browser> | undefined;

/** This process's browser, for all files of tests that it runs: they close their contexts. It ends with the process. */
export async function sharedBrowser(): Promise<Browser> {
  // One that crashed takes down the tests that it showed, and no others.
  if (shared && !(await shared.catch(() => undefined))?.isConnected()) shared = undefined;
  return (shared ??= launchBrowser());
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = await browserPath();
  // No sandbox: CI runs as root, and the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none', '--in-process-gpu'] });
}

/**
 * The package unpacks itself into the temporary directory, where a half-written or foreign binary may be. So it
 * gets its own directory, which takes its final name when complete.
 */
async function unpack(): Promise<string> {
  const home = fileURLToPath(new URL('../../node_modules/.cache/umbra-chromium', import.meta.url));
  if (!existsSync(home)) {
    const building = `${home}.${process.pid}`;
    mkdirSync(building, { recursive: true });
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = building;
    try {
      await packed.executablePath();
      renameSync(building, home);
    } catch (error) {
      if (!existsSync(home)) throw error;
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
      rmSync(building, { recursive: true, force: true });
    }
  }
  return join(home, 'chromium');
}
