/** Captures → Record from a board, in a browser: check, record, stop, give up; off with --no-capture. Over a loopback sshd. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer } from '../../core/host/web-socket.ts';
import { processesOn, until, useBoards } from './capture-boards.ts';
import { noSshd } from './loopback-sshd.ts';
import { usePages } from './pages.ts';
import { writeSampleLab } from './sample-lab.ts';
import type { Board } from './stand-in-board.ts';

describe.skipIf(noSshd)(`record from a board${noSshd ? ` (skipped: ${noSshd})` : ''}`, () => {
  const boards = useBoards();
  const pages = usePages(writeSampleLab);
  let board: Board;

  beforeAll(async () => {
    board = await boards.add('altra-07', ['perf', 'trace-cmd']);
    // Of the server, which starts ssh.
    vi.stubEnv('PATH', boards.loopback.env['PATH']);
    vi.stubEnv('XDG_STATE_HOME', boards.folder);
  });
  afterAll(() => vi.unstubAllEnvs());

  const shot = async (name: string) => {
    const folder = process.env['UMBRA_SHOTS'];
    if (folder) await pages.page.screenshot({ path: join(folder, `${name}.png`) });
  };

  it('checks a board, records, tells how it goes, and stops with what was recorded', async () => {
    const { page } = pages;
    const before = board.state();
    await pages.open('#captures');
    await page.getByRole('button', { name: 'Record from a board…' }).click();
    await shot('1-form');
    await page.getByLabel('Host', { exact: true }).fill('altra-07');
    await page.getByRole('button', { name: 'Check' }).click();
    const check = page.getByRole('region', { name: 'Check of altra-07' });
    await check.waitFor();
    expect(await check.innerText()).toMatch(/altra-07 can record[^]*SPE\s+arm_spe_0[^]*recorder\s+trace-cmd/);
    await shot('2-check');
    expect(await pages.accessibility()).toEqual([]);
    await page.getByLabel('Run').fill('while :; do sleep 3000; done');
    await page.getByLabel('At most').fill('3000');
    await page.getByLabel('Replay all policies afterwards').uncheck();
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    const live = page.getByRole('region', { name: 'Recording' });
    await live.getByText('lost: 7 of KVM').waitFor();
    expect(await live.innerText()).toMatch(/of 3.?000 s[^]*KVM events[^]*2.100[^]*lost\s+7/);
    await shot('3-recording');
    expect(await pages.accessibility()).toEqual([]);
    await live.getByRole('button', { name: 'Stop and keep' }).click();
    await page.getByRole('row', { name: /umbra-altra-07.*24.000/ }).waitFor();
    await shot('4-imported');
    await until('its processes end', () => processesOn(board).length === 0);
    expect(board.state()).toEqual(before);
    await pages.open('#captures?part=record');
    await page.getByText('Recent').waitFor();
    expect(await page.getByRole('button', { name: 'altra-07' }).count()).toBe(1);
  });

  it('a recording that is given up leaves nothing, here or there', async () => {
    const { page } = pages;
    const before = board.state();
    await pages.open('#captures?part=record');
    await page.getByLabel('Host', { exact: true }).fill('altra-07');
    await page.getByLabel('At most').fill('3000');
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByRole('button', { name: 'Stop and keep', disabled: false }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Given up: nothing was kept.').waitFor();
    await until('its processes end', () => processesOn(board).length === 0);
    expect(board.state()).toEqual(before);
    expect(await page.getByRole('row', { name: /umbra-altra-07/ }).count()).toBeLessThanOrEqual(2);
  });

  it('a hostile name is refused, and runs nothing', async () => {
    const { page } = pages;
    await pages.open('#captures?part=record');
    await page.getByLabel('Host', { exact: true }).fill('-oProxyCommand=x');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('alert').getByText('is no host').waitFor();
  });

  it('is off with --no-capture', async () => {
    const server = await startServer({ lab: pages.db, noCapture: true });
    try {
      const page = await pages.page.context().newPage();
      await page.goto(server.url);
      // A lab with a run opens on Home.
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Captures' }).click();
      await page.getByRole('button', { name: 'Record from a board…' }).click();
      await page.getByText('Recording is off: umbra serve was started with --no-capture.').waitFor();
      expect(await page.getByRole('button', { name: 'Record', exact: true }).count()).toBe(0);
    } finally {
      await server.close();
    }
  });
});
