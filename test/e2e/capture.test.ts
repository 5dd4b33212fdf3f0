/** `umbra capture` over a real ssh to this machine's own sshd, with stand-ins for tracefs, perf and trace-cmd. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readClockPair } from '../../core/store/clock-pairs.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { inSpeClock, uncertaintyAt } from '../../core/model/clocks.ts';
import { otherClock, processesOn, standInClock, until, useBoards } from './capture-boards.ts';
import { noSshd } from './loopback-sshd.ts';
import { shells } from './stand-in-board.ts';
import { umbraJson } from './umbra.ts';

describe.skipIf(noSshd)(`umbra capture${noSshd ? ` (skipped: ${noSshd})` : ''}`, () => {
  const boards = useBoards();
  const lab = (name: string) => join(boards.folder, `${name}.umbra`);

  it.each(shells)('records into a lab and replays, the board’s shell being %s', async (name, shell) => {
    const host = `board-${name.replaceAll(' ', '-')}`;
    const board = await boards.add(host, ['perf', 'trace-cmd'], { shell });
    const before = board.state();
    const words = ['-p', '-c', '1024', '-b', '4096', '-a', '8', '-l', join(board.folder, 'vmm.strace')];
    const ran = await boards.capture(
      ...[host, '--db', lab(name), '--replay', '-t', '30', ...words],
      ...['--', 'sh', '-c', 'echo "it’s $0 $1"; sleep 3', `a'b`, '$HOME `id` "; exit 9'],
    );
    expect(ran.stderr).toMatch(/recording SPE and KVM events for at most 30 s[^]*lost: 7 of KVM's events so far/);
    expect(ran.stdout).toMatch(/^1 {2}spe .*: 24.000 SPE records[^]*\n2 {2}kvm .*: 25.063 events[^]*\nrun 1: /);
    expect(ran.code).toBe(0);
    // The request came through, word for word.
    expect(board.said('perf')).toMatch(/-c 1024 -m ,8M -e arm_spe_0\//);
    expect(board.said('perf')).toContain(`echo "it’s $0 $1"; sleep 3 a'b $HOME \`id\` "; exit 9`);
    expect(board.said('trace-cmd')).toMatch(/-B umbra -C perf -b 4096 .*-e umbra/);
    const [{ facts, vm }] = umbraJson<{ facts: string; vm: string }[]>(
      ...['sql', '--db', lab(name), "select facts, vm from capture where kind = 'kvm'"],
    );
    expect((JSON.parse(facts) as { board: object }).board).toMatchObject({
      host,
      lost: 7,
      pageTables: true,
      seconds: 30,
    });
    expect((JSON.parse(vm) as { vms: { slots: unknown[] }[] }).vms[0].slots.length).toBeGreaterThan(0);
    // Nothing stays: no process, no file, tracefs as it was; nor the tar here, which is in the lab.
    await until('its processes end', () => processesOn(board).length === 0);
    expect(board.state()).toEqual(before);
    expect(ran.stderr).not.toMatch(/kept/);
  });

  it('Ctrl-C ends the recording there and keeps it; --from imports it again', async () => {
    const board = await boards.add('stopped', ['perf', 'trace-cmd']);
    const before = board.state();
    const tar = join(boards.folder, 'stopped.tar');
    const capture = boards.start(['stopped', '-o', tar, '-t', '3000', '--', 'sleep', '3000']);
    await until('it records', () => /recording SPE/.test(capture.said()));
    capture.kill('SIGINT');
    const ran = await capture.ran;
    expect([ran.code, ran.stdout]).toEqual([0, `${tar}\n`]);
    expect(ran.stderr).toMatch(/stopping: what was recorded is kept[^]*as asked/);
    await until('its processes end', () => processesOn(board).length === 0);
    expect(board.state()).toEqual(before);
    const again = await boards.capture('--from', tar, '--db', lab('stopped'), '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      captures: [
        { kind: 'spe', samples: 24000 },
        { kind: 'kvm', events: 25063 },
      ],
      board: { host: 'stopped', stopped: true, command: ['sleep', '3000'] },
    });
    expect((await boards.capture('stopped', '-o', tar)).stderr).toMatch(/stopped\.tar is there already/);
  });

  it('host and guest at once: one pair, and how their clocks lay to each other', async () => {
    const clocks = {
      host: { zero: 1_234_567_890_123_456n, ppb: 20_000 },
      guest: { zero: 5_000_000_000n, ppb: -30_000 },
    };
    const files = Object.entries(clocks).map(([name, c]) => standInClock(boards.folder, name, c.zero, c.ppb));
    const host = await boards.add('host', ['perf', 'trace-cmd'], { env: { UMBRA_CLOCK: files[0].file } });
    const guest = await boards.add('guest', ['perf'], { env: { UMBRA_CLOCK: files[1].file } });
    const before = [host.state(), guest.state()];
    const ran = await boards.capture('host', '--guest', 'guest', '--db', lab('pair'), '-t', '60', '--', 'sleep', '20');
    files.forEach((f) => f.stop());
    expect(ran.stdout).toMatch(
      /clocks: the guest’s is 12345\d\d\.\d{6} s behind the host’s, ± [\d.]+ (µs|ms); drift -?[\d.]+ ± /,
    );
    expect(ran.code).toBe(0);
    expect(host.said('perf')).not.toContain('arm_spe');
    expect(existsSync(join(guest.folder, 'said.trace-cmd'))).toBe(false);
    await until('their processes end', () => processesOn(host).length + processesOn(guest).length === 0);
    expect([host.state(), guest.state()]).toEqual(before);

    const db = openLabFile(lab('pair'), 'read');
    const pair = readClockPair(db, 1, 2)!;
    db.close();
    for (const side of [-1n, 0n, 1n]) {
      const at = pair.at + side * BigInt(Math.round(pair.spanNs / 2));
      const off = inSpeClock(pair, at).origin - otherClock(at, clocks.host, clocks.guest);
      expect(Math.abs(Number(off))).toBeLessThanOrEqual(uncertaintyAt(pair, at) + 1000);
    }
    expect(Math.abs(pair.driftPpb - -50_000)).toBeLessThanOrEqual(pair.driftUncertaintyPpb + 10);
    expect(pair.strainNs).toBe(0);
    // As many as there was time for, at both ends: a busy machine has fewer.
    expect(Math.min(...pair.readings)).toBeGreaterThanOrEqual(8);
    if (process.env['UMBRA_SHOW']) console.log(ran.stdout, pair);
  });

  it('says what boards have and lack, and what to do', async () => {
    await boards.add('bare', []);
    const bare = await boards.capture('bare', '--check');
    expect(bare.stdout).toMatch(/SPE +MISSING +arm_spe_0 , but no perf[^]*tracefs +ok[^]*\n {2}SPE: install perf/);
    expect(bare.code).toBe(0);
    const json = JSON.parse((await boards.capture('bare', '--check', '--json')).stdout) as {
      checks: { script: string; items: { name: string; state: string; todo?: string }[] }[];
    };
    expect(json.checks[0].script).toMatch(/^[0-9a-f]{64}$/);
    expect(json.checks[0].items.find((i) => i.name === 'recorder')).toMatchObject({
      state: 'note',
      todo: /lose events/,
    });
  });

  it('a hostile host name is refused before ssh sees it, as host and as guest', async () => {
    const owned = join(boards.folder, 'OWNED');
    const name = `x;touch ${owned}`;
    for (const args of [
      ['--check', '--', `-oProxyCommand=touch ${owned}`],
      [name, '--check'],
      ['bare', '--check', '--guest', name],
      ['bare', '-o', join(boards.folder, 'h.tar'), '--guest', `-oProxyCommand=touch ${owned}`],
    ])
      expect((await boards.capture(...args)).code).not.toBe(0);
    expect(existsSync(owned)).toBe(false);
  });

  it('boards that can’t be reached, or print at login, and options that make no sense', async () => {
    expect(await boards.capture('nowhere.invalid', '-o', join(boards.folder, 'n.tar'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/umbra: nowhere\.invalid: .*resolve/) as string,
    });
    expect((await boards.capture('bare')).stderr).toMatch(/--db LAB or -o FILE\.tar is missing/);
    expect((await boards.capture('bare', 'ls', '-o', 'x.tar')).stderr).toMatch(/'ls': a command to run comes after --/);
    expect((await boards.capture('bare', '-o', 'x.tar', '-t', '0')).stderr).toMatch(
      /--time takes a whole number from 1/,
    );
    const cut = join(boards.folder, 'cut.tar');
    writeFileSync(cut, readFileSync(join(boards.folder, 'stopped.tar')).subarray(0, 700_000));
    const ran = await boards.capture('--from', cut, '--db', lab('cut'));
    expect([ran.code, existsSync(lab('cut'))]).toEqual([1, false]);
  });
});
