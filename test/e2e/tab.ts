/**
 * One tab in Chromium for all tests of a file, which must not complain on the console. Each test finds it as if new: nothing stored but the
 * session, default size and media. Where a test goes is loaded anew, but in the same renderer process: a new tab costs a second of CPU.
 */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { startServer } from '../../core/host/web-socket.ts';
import type { LabServer, ServerOptions } from '../../core/host/web-socket.ts';
import { sharedBrowser } from './browser.ts';
import { watchReplies } from './replies.ts';

/** How long a page may take, ms, on a machine that may be busy with other test files; the variable allows more. */
export const PATIENCE_MS = Number(process.env['UMBRA_PATIENCE_MS'] ?? 60_000);

export interface Tab {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Another tab of the same browser; gone after the test. */
  another(): Promise<Page>;
  /** Starts a server, at the address of the last one if it is free. */
  serve(options: ServerOptions): Promise<LabServer>;
  /** Leaves what the test has opened, before its server is closed; after each test at the latest. */
  leave(): Promise<void>;
  /** Each test starts with this session. */
  keepSession(): Promise<void>;
}

export interface TabOptions extends Pick<BrowserContextOptions, 'reducedMotion'> {
  readonly viewport: { readonly width: number; readonly height: number };
  /** Requests to another host are complaints, too. */
  readonly loopbackOnly?: boolean;
}

/** Call once, at the top of a file or describe, before hooks that use it. */
export function useTab({ viewport, reducedMotion = 'no-preference', loopbackOnly = false }: TabOptions): Tab {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[] = [];
  /** Of the server, once there is one. */
  let port = 0;
  /** What localStorage holds when a test starts. */
  let stored: { name: string; value: string }[] = [];

  const complain = (what: string) => void complaints.push(what);

  async function start(): Promise<void> {
    const origins = stored.length ? [{ origin: `http://127.0.0.1:${port}`, localStorage: stored }] : [];
    context = await browser.newContext({ viewport, reducedMotion, storageState: { cookies: [], origins } });
    page = await another();
  }
  async function another(): Promise<Page> {
    const opened = await context.newPage();
    opened.setDefaultTimeout(PATIENCE_MS);
    opened.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') complain(m.text());
    });
    watchReplies(opened, complain);
    opened.on('pageerror', (error) => complain(error.message));
    if (loopbackOnly)
      opened.on('request', (r) => {
        if (new URL(r.url()).hostname !== '127.0.0.1') complain(`request to ${r.url()}`);
      });
    return opened;
  }
  async function leave(): Promise<void> {
    // A picture of the same origin: storage is within reach, nothing runs, and the process stays.
    const away = `http://127.0.0.1:${port}/icon.svg`;
    if (!port || page.url() === away) return;
    try {
      for (const other of context.pages()) if (other !== page) await other.close();
      await page.goto(away);
      await page.evaluate(
        `{ sessionStorage.clear(); localStorage.clear(); for (const { name, value } of ${JSON.stringify(stored)}) localStorage.setItem(name, value); }`,
      );
      await context.clearPermissions();
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: 'light', reducedMotion, forcedColors: 'none' });
    } catch {
      // The test has closed its server or its tab.
      await context.close();
      await start();
    }
  }

  beforeAll(async () => {
    browser = await sharedBrowser();
    await start();
  });
  afterAll(() => context.close());
  beforeEach(() => {
    complaints = [];
  });
  afterEach(async () => {
    await leave();
    expect(complaints).toEqual([]);
  });

  return {
    get browser() {
      return browser;
    },
    get context() {
      return context;
    },
    get page() {
      return page;
    },
    another,
    leave,
    async serve(options) {
      const server = await startServer({ ...options, port }).catch(() => startServer(options));
      ({ port } = server);
      return server;
    },
    async keepSession() {
      stored = (await context.storageState()).origins.flatMap(({ localStorage }) => localStorage);
    },
  };
}
