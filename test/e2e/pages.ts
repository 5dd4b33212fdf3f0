/** Pages of one lab in Chromium: a tab as new for each test, served all along. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { LabServer } from '../../core/host/web-socket.ts';
import { inBothThemes } from './accessibility.ts';
import { useTab } from './tab.ts';

export interface Pages {
  /** Of this file's tests; gone after the last. */
  readonly folder: string;
  /** The lab file. */
  readonly db: string;
  readonly page: Page;
  /** Goes to an address within the lab: `#skew?run=1`. */
  open(hash: string): Promise<unknown>;
  hash(): string;
  /** What axe-core finds wrong, in both themes: in the dark one with its colours. */
  accessibility(): Promise<string[]>;
}

/** Call once, at the top of a test file. @param make writes the lab file of the given name */
export function usePages(make: (db: string, folder: string) => void): Pages {
  const tab = useTab({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  let folder = '';
  let server: LabServer;
  const db = () => join(folder, 'lab.umbra');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-pages-'));
    make(db(), folder);
    server = await tab.serve({ lab: db() });
    // The link's token works once: what it gives is kept for all tests.
    await tab.page.goto(server.url);
    await tab.page.getByRole('table').first().waitFor();
    await tab.keepSession();
    await tab.leave();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    get folder() {
      return folder;
    },
    get db() {
      return db();
    },
    get page() {
      return tab.page;
    },
    open: (hash) => tab.page.goto(new URL(hash, server.url).href),
    hash: () => new URL(tab.page.url()).hash,
    accessibility: () => inBothThemes(tab.page),
  };
}
