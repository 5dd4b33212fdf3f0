/**
 * Makes the pictures of docs/views: the sample pair in each view. `npm run build` first.
 *
 *   node test/e2e/pictures.ts [NAME…]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startServer } from '../../core/host/web-socket.ts';
import { runMainJob } from '../../core/lab/reports/main-job.ts';
import { replayInLab } from '../../core/lab/runs/runs.ts';
import { readReplayWords } from '../../core/lab/runs/replay-options.ts';
import { launchBrowser } from './browser.ts';

interface Picture {
  readonly hash: string;
  readonly dark?: true;
  /** Until there is all that the picture is about. */
  ready(page: Page): Promise<unknown>;
}

const shown = (page: Page) => page.getByRole('img', { name: /^Timeline of/ }).waitFor();
const longest = async (page: Page) => {
  await shown(page);
  await page.keyboard.press('Shift+L');
  await page.getByRole('table', { name: 'Samples lost by key' }).waitFor();
};
const pictures: Readonly<Record<string, Picture>> = {
  captures: {
    hash: '#captures?capture=2',
    ready: (page) => page.getByRole('table', { name: 'Exits by reason' }).waitFor(),
  },
  timeline: { hash: '#timeline?run=1&policy=pin-vm', ready: longest },
  'timeline-dark': { hash: '#timeline?run=1&policy=map-on-fault', dark: true, ready: shown },
  policies: {
    hash: '#policies?run=1&policy=map-on-fault',
    ready: (page) => page.getByRole('row', { name: /^pin-vm/ }).waitFor(),
  },
  sensitivity: {
    hash: '#policies?run=1&part=sensitivity&sweep=reenableNs_1000_100000000_21_log&policy=pin-vm',
    async ready(page) {
      const crossing = page.getByRole('button', { name: /^From reenableNs/ }).first();
      await crossing.waitFor();
      await page.getByRole('list', { name: 'Jobs' }).waitFor({ state: 'hidden' });
      await crossing.hover();
    },
  },
  blackouts: {
    hash: '#blackouts?run=1&policy=impdef-event',
    ready: (page) =>
      page
        .getByRole('row', { name: /^kvbench/ })
        .first()
        .waitFor(),
  },
  skew: {
    hash: '#skew?run=1&policy=map-on-fault&dlDiscard=buffer',
    ready: (page) => page.getByRole('heading', { name: 'Noise or bias?' }).waitFor(),
  },
  compare: {
    hash: '#skew?part=runs&run=2&with=1&policy=pin-vm',
    ready: (page) => page.getByRole('heading', { name: 'Survivors under pin-vm' }).waitFor(),
  },
  sql: {
    hash: '#sql',
    async ready(page) {
      await page.getByLabel('Examples').selectOption({ label: 'Events of the trace (chart)' });
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.getByRole('img', { name: /^events by event/ }).waitFor();
    },
  },
  report: { hash: '#report?run=1', ready: (page) => page.frameLocator('iframe').locator('svg').first().waitFor() },
};

const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);
const chosen = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'umbra-pictures-'));
try {
  const lab = join(folder, 'pair.umbra');
  const pair = { speFile: 'test/fixtures/pair/kvbench.perf.data', kvmFile: 'test/fixtures/pair/two-vcpu.trace.dat' };
  const notes = ['SPE capture: synthesised, not from silicon', 'KVM trace: a real arm64 kernel under emulation'];
  runMainJob({
    ...{ ...pair, reportFile: join(folder, 'report.html'), lab, importOptions: { notes: [] } },
    replay: { ...readReplayWords({ options: { align: 'fit' } }), command: 'npm run demo', notes },
  });
  // What the first run is compared with.
  const later = { speId: 1, kvmId: 2, notes, command: 'umbra replay --align fit --set reenableNs=100000000 …' };
  replayInLab(lab, { ...readReplayWords({ options: { align: 'fit', reenableNs: 1e8 } }), ...later });
  const server = await startServer({ lab });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1366, height: 850 }, reducedMotion: 'reduce' });
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
