/** The timeline's picture is true: fractions lost, read off its pixels, match the tables at any zoom. */
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { synthFiles } from '../../core/lab/exports/synth.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { parseReplayWords } from '../../core/lab/runs/run-settings.ts';
import { replayInLab } from '../../core/lab/runs/runs.ts';
import { areaFacts } from '../../core/lab/windows/area.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { readWindows } from '../../core/store/run-store.ts';
import { fractionOf, wedge } from '../../renderer/timeline/darkness.ts';
import { usePages } from './pages.ts';

const SAMPLES = 2_000_000;
const POLICY = 'impdef-event';

const pages = usePages((lab, folder) => {
  const { files } = synthFiles(join(folder, 'pair'), { seed: 7, samples: SAMPLES, rounds: 8, truthRecords: 0 });
  importFiles(lab, [files.spe, files.kvm]);
  // One kind of blackout, so that what is lost has one colour in the density.
  const settings = {
    contentsKept: true,
    guestZeroes: false,
    tornRecords: 0,
    unpinnedBy: 'unmap,clear,protect,memslot',
  };
  const choice = parseReplayWords({ policies: [POLICY, 'map-on-fault'], settings });
  replayInLab(lab, { ...choice, speId: 1, kvmId: 2, command: 'umbra replay' });
});
let page: Page;
beforeEach(() => {
  ({ page } = pages);
});

/** A lane's pixels as they are on the canvas: of the policy's band one row, of the density all. */
interface Pixels {
  readonly width: number;
  /** rgb hex a column. */
  readonly band: readonly string[];
  /** Row by row. */
  readonly density: readonly (readonly string[])[];
  readonly colors: Readonly<Record<string, string>>;
}

async function pixels(lane: number): Promise<Pixels> {
  return page.evaluate(
    `(() => {
      const canvas = document.querySelector('canvas.lanes');
      const top = canvas.getBoundingClientRect().top;
      const box = document.querySelectorAll('.gutter .lane')[${lane}];
      const name = [...box.querySelectorAll('.band')].find((b) => b.textContent.trim() === '${POLICY}');
      const y = Math.round(name.getBoundingClientRect().top + 2 - top) + 5;
      const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const at = (x, row) => {
        const [r, g, b, a] = image.data.subarray((row * canvas.width + x) * 4);
        return a ? '#' + [r, g, b].map((c) => c.toString(16).padStart(2, '0')).join('') : '';
      };
      const row = (r) => Array.from({ length: canvas.width }, (_, x) => at(x, r));
      const first = Math.round(box.getBoundingClientRect().top - top) + 1;
      const guest = [...box.querySelectorAll('.track')][0].getBoundingClientRect().top + 4 - top;
      const style = getComputedStyle(document.querySelector('.timeline'));
      const colors = Object.fromEntries(
        ['band', 'surface', 'dens', 'irq', 'killed', 'dead', 'full', 'copy', 'disc', 'bad', 'warn', 'muted'].map((n) => [n, style.getPropertyValue('--' + n).trim()]),
      );
      return {
        width: canvas.width,
        band: row(y),
        density: Array.from({ length: Math.floor(guest) - 5 - first }, (_, i) => row(first + i)),
        colors,
      };
    })()`,
  );
}

/** Colours of window kinds: core/words/signs.ts. */
const kinds = ['irq', 'killed', 'dead', 'full', 'copy', 'disc', 'bad', 'warn', 'muted'] as const;
const rgb = (hex: string) => hex.match(/\w\w/g)!.map((c) => Number.parseInt(c, 16));
const long = (hex: string) => (hex.length === 4 ? `#${[...hex.slice(1)].map((d) => d + d).join('')}` : hex);

/** The mean fraction lost over the columns of a band. */
function darkness({ band, colors }: Pixels, from: number, to: number): number {
  const fractions = new Map<string, number>();
  for (const kind of kinds) {
    wedge(long(colors[kind]), long(colors.band)).forEach((color, step) => fractions.set(color, fractionOf(step)));
  }
  const columns = band.slice(from, to);
  for (const color of columns) expect(fractions.has(color), `${color} is no step`).toBe(true);
  return columns.reduce((sum, color) => sum + fractions.get(color)!, 0) / columns.length;
}

/** Share of the density's area in the colour of losses; a mixed px counts by its mixture. */
function lostArea({ density, colors }: Pixels): number {
  const kept = rgb(long(colors.dens));
  const lost = rgb(long(colors.killed));
  const along = lost.map((c, i) => c - kept[i]);
  const length = along.reduce((sum, c) => sum + c * c, 0);
  let [area, dark] = [0, 0];
  for (const row of density) {
    for (const color of row) {
      if (!color) continue;
      const share = rgb(color).reduce((sum, c, i) => sum + (c - kept[i]) * along[i], 0) / length;
      const off = rgb(color).map((c, i) => c - kept[i] - share * along[i]);
      // Other colours are signs and lines, not samples.
      if (Math.hypot(...off) > 6) continue;
      area++;
      dark += Math.min(1, Math.max(0, share));
    }
  }
  return dark / area;
}

async function shown(hash: string): Promise<void> {
  await pages.open(hash);
  await page.getByRole('img', { name: /Timeline of 2 lanes/ }).waitFor();
  await page.waitForFunction("performance.getEntriesByName('umbra:timeline').length > 0");
  // The overview, too; then a frame without anything left to fetch.
  await page.getByRole('table', { name: `What ${POLICY} loses there` }).waitFor();
  await page.waitForTimeout(400);
}

describe('pixels', () => {
  it.each([1, 10, 60])('agree with the table to a tenth at a zoom of %i', async (zoom) => {
    const db = openLabFile(pages.db, 'read');
    const run = { run: 1, policy: POLICY, dlDiscard: 'record' } as const;
    const whole = areaFacts(db, { ...run, from: 0, to: 1e12 });
    const windows = [...readWindows(db, 1, POLICY, 'record')].filter((w) => w.lane === 0 && w.lost > 10);
    const span = whole.sessionNs / 2;
    const origin = BigInt((db.prepare('SELECT facts FROM run').pluck().get() as string).match(/"origin":"(\d+)"/)![1]);
    const middle = Number(windows[Math.floor(windows.length / 2)].start - origin);
    const start = zoom === 1 ? 0 : Math.round(middle - span / zoom / 2);
    const end = zoom === 1 ? Math.round(span) : Math.round(middle + span / zoom / 2);
    const table = areaFacts(db, { ...run, from: start, to: end, lanes: [0] });
    db.close();
    expect(table.lost).toBeGreaterThan(0);

    await shown(`#timeline?run=1&policy=${POLICY}&viewFrom=${start}&viewTo=${end}&tab=summary`);
    const picture = await pixels(0);
    const told = table.lost / table.samples;
    const dark = darkness(picture, 1, picture.width - 1);
    const area = lostArea(picture);
    process.stdout.write(
      `zoom ${zoom}: table ${(told * 100).toFixed(3)} %, band ${(dark * 100).toFixed(3)} %, density ${(area * 100).toFixed(3)} %\n`,
    );
    expect(dark / told).toBeGreaterThan(0.9);
    expect(dark / told).toBeLessThan(1.1);
    expect(area / told).toBeGreaterThan(0.9);
    expect(area / told).toBeLessThan(1.1);
  });
});
