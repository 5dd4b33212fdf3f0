/**
 * Makes the pictures of docs/views: a synthesised lab of three million samples (UMBRA_PICTURE_SAMPLES: another number) in each view.
 * `npm run build` first.
 *
 *   node test/e2e/pictures.ts [NAME…]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startServer } from '../../core/host/web-socket.ts';
import { launchBrowser } from './browser.ts';
import { writePicturesLab } from './pictures-lab.ts';

interface Picture {
  readonly hash: string;
  readonly dark?: true;
  /** Until everything the picture is about is there. */
  ready(page: Page): Promise<unknown>;
}

const shown = (page: Page) => page.getByRole('img', { name: /^Timeline of/ }).waitFor();
const longest = async (page: Page) => {
  await shown(page);
  await page.keyboard.press('Shift+L');
  await page.getByRole('table', { name: 'Samples lost by key' }).waitFor();
};
const pictures: Readonly<Record<string, Picture>> = {
  home: { hash: '#home?run=1', ready: (page) => page.getByRole('heading', { name: /^On this pair,/ }).waitFor() },
  'home-dark': {
    ...{ hash: '#home?run=1', dark: true },
    ready: (page) => page.getByRole('heading', { name: /^On this pair,/ }).waitFor(),
  },
  captures: {
    hash: '#captures?capture=2',
    async ready(page) {
      await page.getByRole('table', { name: 'Exits by reason' }).waitFor();
      await page.getByRole('list', { name: 'Before the replay' }).getByText('Symbols').waitFor();
    },
  },
  timeline: { hash: '#timeline?run=1&policy=map-on-fault', ready: longest },
  'timeline-dark': { hash: '#timeline?run=1&policy=map-on-fault', dark: true, ready: shown },
  policies: {
    hash: '#policies?run=1&policy=map-on-fault',
    ready: (page) =>
      page
        .getByRole('row', { name: /pin-vm/ })
        .first()
        .waitFor(),
  },
  blackouts: {
    hash: '#blackouts?run=1&policy=map-on-fault',
    ready: (page) =>
      page
        .getByRole('row', { name: /hash_probe/ })
        .first()
        .waitFor(),
  },
  skew: {
    hash: '#skew?run=1&policy=map-on-fault',
    ready: (page) =>
      page
        .getByRole('row', { name: /scan_table/ })
        .first()
        .waitFor(),
  },
  sensitivity: {
    hash: '#policies?run=1&part=sensitivity&sweep=reenableNs_1000_100000000_9_log&policy=map-on-fault',
    async ready(page) {
      await page.getByRole('list', { name: 'Jobs' }).waitFor();
      await page.getByRole('list', { name: 'Jobs' }).waitFor({ state: 'hidden' });
    },
  },
  compare: {
    hash: '#skew?part=runs&run=2&with=1&policy=map-on-fault',
    ready: (page) => page.getByRole('heading', { name: 'Survivors under map-on-fault' }).waitFor(),
  },
  sql: {
    hash: '#sql',
    async ready(page) {
      await page.getByLabel('Examples').selectOption({ label: 'Events of the trace (chart)' });
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.getByRole('img', { name: /^events by event/ }).waitFor();
    },
  },
  report: {
    hash: '#report?run=1',
    ready: (page) => page.frameLocator('iframe').locator('svg:visible').first().waitFor(),
  },
  settings: { hash: '#settings', ready: (page) => page.getByRole('heading', { name: 'Settings' }).waitFor() },
};

const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);
const chosen = process.argv.slice(2);
const samples = Number(process.env['UMBRA_PICTURE_SAMPLES'] ?? 3e6);
const folder = mkdtempSync(join(tmpdir(), 'umbra-pictures-'));
try {
  const lab = writePicturesLab(folder, samples);
  const server = await startServer({ lab });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1366, height: 850 }, reducedMotion: 'reduce' });
  // Of millions of samples, and on a machine that may be busy.
  page.setDefaultTimeout(180_000);
  await page.goto(server.url);
  for (const [name, { hash, dark, ready }] of Object.entries(pictures)) {
    if (chosen.length && !chosen.includes(name)) continue;
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    await page.goto(new URL(hash, server.url).href);
    await ready(page);
    // Charts draw, and lanes arrive where they are sent to.
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `docs/views/${name}.png` });
    process.stdout.write(`docs/views/${name}.png\n`);
  }
  await browser.close();
  await server.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
