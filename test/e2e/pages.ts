/** Pages of one lab in Chromium, a fresh one a test, that must not complain on the console. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { startServer } from '../../core/host/web-socket.ts';
import type { LabServer } from '../../core/host/web-socket.ts';
import { accessibility } from './accessibility.ts';
import { launchBrowser } from './browser.ts';
import { watchReplies } from './replies.ts';

/** How long a page may take, ms; the variable allows more on a shared machine. */
const PATIENCE_MS = Number(process.env['UMBRA_PATIENCE_MS'] ?? 20_000);

type State = Awaited<ReturnType<BrowserContext['storageState']>>;

export interface Pages {
  /** Of this file's tests; gone after the last. */
  readonly folder: string;
  /** The lab file. */
  readonly db: string;
  /** The present test's. */
  readonly page: Page;
  /** Goes to an address within the lab: `#skew?run=1`. */
  open(hash: string): Promise<unknown>;
  hash(): string;
  /** What axe-core finds wrong, in both themes: in the dark one with its colours. */
  accessibility(): Promise<string[]>;
}

/** Call once, at the top of a test file. @param make writes the lab file of the given name */
export function usePages(make: (db: string, folder: string) => void): Pages {
  let folder = '';
  let server: LabServer;
  let browser: Browser;
  let session: State;
  let page: Page;
  let complaints: string[];
  const db = () => join(folder, 'lab.umbra');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-pages-'));
    make(db(), folder);
    server = await startServer({ lab: db() });
    browser = await launchBrowser();
    // The link's token works once: what it gives is kept for all tests.
    const context = await browser.newContext();
    const first = await context.newPage();
    await first.goto(server.url);
    await first.getByRole('table').first().waitFor();
    session = await context.storageState();
    await context.close();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const context = await browser.newContext({
      storageState: session,
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    // The first question starts a process, on a machine that may be busy with other test files.
    page.setDefaultTimeout(PATIENCE_MS);
    complaints = [];
    page.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text());
    });
    watchReplies(page, complaints);
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  return {
    get folder() {
      return folder;
    },
    get db() {
      return db();
    },
    get page() {
      return page;
    },
    open: (hash) => page.goto(new URL(hash, server.url).href),
    hash: () => new URL(page.url()).hash,
    async accessibility() {
      await page.emulateMedia({ colorScheme: 'light' });
      const light = await accessibility(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      return [...light, ...(await accessibility(page, 'colours'))];
    },
  };
}
