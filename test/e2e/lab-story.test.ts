import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../core/host/web-socket.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { replayInLab } from '../../core/lab/runs/runs.ts';
import { parseReplayWords } from '../../core/lab/runs/run-settings.ts';
import { createQueries } from '../../core/lab/service/queries.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { duration, exactNs } from '../../renderer/format.ts';
import { accessibility, inBothThemes } from './accessibility.ts';
import { useTab } from './tab.ts';
import { faulting, pair } from './umbra.ts';

let folder: string;
let context: BrowserContext;
let page: Page;
let server: LabServer;

const tab = useTab({ viewport: { width: 1280, height: 800 } });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-story-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  ({ context, page } = tab);
});
afterEach(async () => {
  await tab.leave();
  await server.close();
});

async function open(lab: string, hash = ''): Promise<void> {
  server = await tab.serve({ lab });
  await page.goto(server.url);
  if (hash) await page.goto(new URL(hash, server.url).href);
}

function emptyLab(name: string): string {
  const lab = join(folder, name);
  inLabFile(lab, 'create', () => undefined);
  return lab;
}

/** Files dropped on the page, as a file manager would. */
async function drop(...files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Promise<void> {
  const given = files.map(({ name, bytes }) => ({ name, data: Buffer.from(bytes).toString('base64') }));
  const transfer = await page.evaluateHandle(
    `(() => {
      const transfer = new DataTransfer();
      for (const { name, data } of ${JSON.stringify(given)}) {
        transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
      }
      return transfer;
    })()`,
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('body', type, { dataTransfer: transfer });
}

const fileOf = (path: string) => ({ name: basename(path), bytes: new Uint8Array(readFileSync(path)) });
const hash = () => new URL(page.url()).hash;
/** As the lab has it; times after the run's origin. */
function longestWindow(lab: string, policy: string, lane?: number) {
  const w = createQueries(lab).windows({ run: 1, policy });
  const own = Array.from({ length: w.n }, (_, i) => i).filter((i) => lane === undefined || w.lane[i] === lane);
  const i = own.reduce((a, b) => (w.end[b] - w.start[b] > w.end[a] - w.start[a] ? b : a));
  const [kind, cause] = [w.kinds[w.kind[i]], w.causes[w.cause[i]]];
  return { kind, cause, start: w.start[i], end: w.end[i], lost: w.lost[i] };
}
const details = () => page.getByRole('complementary', { name: 'Selected window' });
/** The timeline has painted what it asked for. */
const painted = () => page.waitForFunction("performance.getEntriesByName('umbra:timeline').length > 0");
const jobs = () => page.getByRole('list', { name: 'Jobs' });

describe('the main story', () => {
  it('drop → pair → replay → longest window → its code → reload', async () => {
    await open(emptyLab('story.umbra'));
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
    await drop(fileOf(pair.spe), fileOf(pair.kvm), fileOf(pair.vm));
    await page.getByRole('link', { name: 'kvbench' }).waitFor();
    await page.getByRole('link', { name: 'two-vcpu' }).waitFor();
    await page.getByLabel('align').selectOption('fit');
    expect(await page.getByText('stretched to the samples’ span').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Replay all policies' }).click();
    // The answer first.
    await page.waitForURL(/#home\?.*run=1/);
    await page.keyboard.press('2');
    await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
    expect(hash()).toContain('run=1');

    // Demand mapping loses most here: what an unmap wiped before perf had read it.
    // The key comes in the same task as the click: it acts on what was clicked.
    await page.evaluate(`(() => {
      [...document.querySelectorAll('a')].find((a) => a.textContent.trim() === 'map-on-fault').click();
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'L', shiftKey: true, bubbles: true }));
    })()`);
    const longest = longestWindow(join(folder, 'story.umbra'), 'map-on-fault');
    expect(longest.kind).toBe('wiped');
    await details().getByRole('heading', { name: longest.kind }).waitFor();
    await details().getByText(exactNs(longest.start), { exact: true }).waitFor();
    await details()
      .getByText(/wrote these records to the page at 0x8\w+.* later the page was unmapped \(userspace/)
      .waitFor();
    await details().getByText('kvm_unmap_hva_range').waitFor();
    await details()
      .getByRole('row', { name: /kvbench\+0x/ })
      .first()
      .waitFor();
    await page.waitForURL(/window=\d+/);
    const told = await details().getByRole('definition').allInnerTexts();

    // The window is wide, so the view is all there is: what was zoomed to comes back, too.
    await page.keyboard.press('w', { delay: 400 });
    await page.waitForURL(/viewFrom=\d+/);
    await page.reload();
    await details()
      .getByRole('row', { name: /kvbench\+0x/ })
      .first()
      .waitFor();
    expect(await details().getByRole('definition').allInnerTexts()).toEqual(told);
  });

  it('begins with the example, made on the spot', async () => {
    await open(emptyLab('first.umbra'));
    await page.getByRole('button', { name: 'Open the example' }).click();
    await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
    await page.keyboard.press('Shift+L');
    await details().getByRole('definition').first().waitFor();
    await page.keyboard.press('1');
    await page.getByText('synthesised: nothing in it is from silicon').first().waitFor();
    expect(await page.getByRole('link', { name: 'example' }).count()).toBe(2);
  });

  it('cancels an import, and the lab stays empty', async () => {
    await open(emptyLab('cancel.umbra'));
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
    // Large enough to be caught on its way.
    const size = 96 << 20;
    await page.evaluate(
      `(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(${size})], 'large.perf.data'));
        window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
      })()`,
    );
    await jobs()
      .getByText(/large\.perf\.data/)
      .first()
      .waitFor();
    await jobs().getByRole('button', { name: 'Cancel' }).click();
    await jobs().waitFor({ state: 'hidden' });
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
  });

  it('explains a broken file, and lets it be dismissed', async () => {
    await open(emptyLab('broken.umbra'));
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
    const { bytes } = fileOf(pair.spe);
    await drop({ name: 'cut.perf.data', bytes: bytes.slice(0, 60) });
    const said = page.getByRole('alert').getByText('cut.perf.data: byte 60: ends within its header');
    await said.waitFor();
    expect(await accessibility(page)).toEqual([]);
    await page.getByRole('button', { name: 'Take cut.perf.data off this list' }).click();
    await said.waitFor({ state: 'hidden' });
  });
});

describe('the shell', () => {
  it('goes anywhere by a few letters, and comes back where it was at the next start', async () => {
    const lab = emptyLab('shell.umbra');
    await open(lab);
    await page.getByRole('heading', { name: 'No captures in this lab yet' }).waitFor();
    await page.keyboard.press('Control+K');
    await page.keyboard.type('timel');
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nothing to show yet' }).waitFor();
    expect(hash()).toBe('#timeline');
    expect(await accessibility(page)).toEqual([]);
    // The same browser, without a link that says where.
    const again = await context.newPage();
    await again.goto(new URL('/', server.url).href);
    await again.getByRole('heading', { name: 'Nothing to show yet' }).waitFor();
    expect(new URL(again.url()).hash).toBe('#timeline');
  });
});

describe('the timeline', () => {
  let lab: string;

  beforeAll(() => {
    lab = join(folder, 'pair.umbra');
    importFiles(lab, [pair.spe, pair.kvm]);
    const settings = Object.fromEntries(
      faulting.filter((w) => w !== '--set').map((w) => w.split('=') as [string, string]),
    );
    const choice = parseReplayWords({ policies: ['pin-vm', 'map-on-fault'], settings: { ...settings, align: 'fit' } });
    replayInLab(lab, { ...choice, speId: 1, kvmId: 2, command: 'umbra replay' });
  });

  it('works by keyboard alone: zoom, pan, windows, details, markers, search, back', async () => {
    await open(lab);
    // Keys are heard once the app is there.
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    await page.keyboard.press('2');
    await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
    await page.keyboard.press(']');
    await details().getByRole('heading').first().waitFor();
    const first = hash();
    await page.keyboard.press(']');
    await page.waitForURL((url) => url.hash !== first);
    await page.keyboard.press('Enter');
    expect(await page.getByRole('tabpanel').evaluate((e) => e === e.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('[');
    await page.waitForURL((url) => url.hash.includes(/window=\d+/.exec(first)![0]));
    await page.keyboard.press('Escape');
    await details().getByText('No window is selected').waitFor();
    await page.keyboard.press('w');
    await page.keyboard.press('w');
    await page.waitForURL(/viewFrom=\d+/);
    const zoomed = hash();
    await page.keyboard.press('d');
    await page.waitForURL((url) => url.hash !== zoomed);
    await page.keyboard.press('f');
    await page.waitForURL((url) => !url.hash.includes('viewFrom='));
    await page.keyboard.press('/');
    await page.keyboard.type('unmap_hva');
    await page.keyboard.press('Enter');
    await page.getByText(/1 of \d+: kvm_unmap_hva_range/).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+A');
    await page.keyboard.press('d');
    await page.waitForURL(/a=\d+/);
    await page.waitForTimeout(400);
    await page.keyboard.press('Shift+B');
    await page.getByText(/A → B/).waitFor();
    await page.goBack();
    await page.getByText(/A → B/).waitFor({ state: 'hidden' });
  });

  it('tells what is under the pointer, as trace-cmd prints it, and pins a window by a click', async () => {
    const { kind, cause, start, end, lost } = longestWindow(lab, 'pin-vm', 0);
    const from = start - 300_000;
    await open(lab, `#timeline?run=1&lane=0&viewFrom=${from}&viewTo=${from + 2_000_000}`);
    const canvas = page.getByRole('img', { name: /Timeline of 2 lanes/ });
    await canvas.waitFor();
    await painted();
    const box = (await canvas.boundingBox())!;
    const band = (await page.getByRole('link', { name: 'pin-vm' }).first().boundingBox())!;
    const x = box.x + box.width * 0.2;
    await page.mouse.move(x, band.y + band.height / 2);
    expect([kind, cause]).toEqual(['session-killed', 'userspace']);
    await page.getByText(`pin-vm: ${kind}, ${cause}, ${duration(end - start)}, ${lost} samples lost`).waitFor();
    await page.mouse.click(x, band.y + band.height / 2);
    await details().getByText(exactNs(start), { exact: true }).waitFor();
  });

  it('lists the events around a click beside any window', async () => {
    // Around the unmap that leads to the window above.
    await open(lab, '#timeline?run=1&viewFrom=390000000&viewTo=400000000');
    const canvas = page.getByRole('img', { name: /Timeline of 2 lanes/ });
    await canvas.waitFor();
    await painted();
    const box = (await canvas.boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.5125, box.y + 30);
    const events = page.getByRole('complementary', { name: 'Events there' });
    await events.getByText(/kvm_unmap_hva_range: +mmu notifier unmap range/).waitFor();
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await events.getByText('Click a moment in a lane').waitFor();
  });

  it('has nothing wrong for axe-core in both themes', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open(lab, '#timeline?run=1&policy=pin-vm');
    await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
    await page.keyboard.press('Shift+L');
    await details().getByRole('table').waitFor();
    expect(await inBothThemes(page)).toEqual([]);
    await page.keyboard.press('1');
    await page.getByRole('link', { name: 'two-vcpu' }).click();
    await page.getByRole('button', { name: 'Edit VM description…' }).click();
    const slot = page.getByLabel('slots 0, gpa');
    await slot.fill('0x1');
    await slot.press('Tab');
    await page.getByRole('alert').getByText('gpa').waitFor();
    expect(await inBothThemes(page)).toEqual([]);
  });

  it('shows a capture alone before there is any run', async () => {
    const alone = join(folder, 'alone.umbra');
    importFiles(alone, [pair.kvm]);
    await open(alone, '#timeline');
    await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
    expect(await accessibility(page)).toEqual([]);
  });
});
