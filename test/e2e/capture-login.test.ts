/** How `umbra capture` gets in: through `sudo -n`, with a password prompt only where a user can type. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { processesOn, until, useBoards } from './capture-boards.ts';
import { noSshd } from './loopback-sshd.ts';
import { found } from './stand-in-board.ts';
import type { Board } from './stand-in-board.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

/** @param then what it does with the command that it was given */
const sudo =
  (then: string) =>
  (board: Board): void => {
    const text = `#!/bin/sh\nprintf '%s ' "$1" "$2" >>"\${0%/bin/*}/said.sudo"\n[ "$1" = -n ] || exit 64\nshift\n${then}\n`;
    writeFileSync(join(board.folder, 'bin/sudo'), text, { mode: 0o755 });
  };

describe.skipIf(noSshd)(`umbra capture, logging in${noSshd ? ` (skipped: ${noSshd})` : ''}`, () => {
  const boards = useBoards();
  const tar = (name: string) => join(boards.folder, `${name}.tar`);

  it('--sudo runs the script, and nothing else, through sudo -n; without it sudo isn’t called', async () => {
    const board = await boards.add('sudo', ['perf', 'trace-cmd'], { change: sudo('UMBRA_BY_SUDO=1 exec "$@"') });
    const before = board.state();
    expect((await boards.capture('sudo', '--check')).code).toBe(0);
    expect(existsSync(join(board.folder, 'said.sudo'))).toBe(false);
    expect((await boards.capture('sudo', '--check', '--sudo')).stdout).toMatch(/SPE +ok/);
    const ran = await boards.capture('sudo', '--sudo', '-o', tar('sudo'), '-t', '1');
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, `${tar('sudo')}\n`]);
    expect(board.said('sudo')).toBe('-n env -n env ');
    await until('its processes end', () => processesOn(board).length === 0);
    expect(board.state()).toEqual(before);
  });

  it.each([
    ['asks', 'echo "sudo: a password is required" >&2; exit 1', /sudo asks for a password there: .*NOPASSWD/],
    ['tty', 'echo "sudo: sorry, you must have a tty (terminal) to run sudo" >&2; exit 1', /sudo asks for a password/],
    [
      'refuses',
      'echo "Sorry, user x is not allowed to execute this as root on y." >&2; exit 1',
      /isn’t allowed to this user/,
    ],
  ])('says so when sudo %s, whether it checks or records', async (name, then, words) => {
    const host = `sudo-${name}`;
    const board = await boards.add(host, ['perf', 'trace-cmd'], { change: sudo(then) });
    const before = board.state();
    for (const what of [['--check'], ['-o', tar(host), '-t', '1']]) {
      const ran = await boards.capture(host, '--sudo', ...what);
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(words)]);
      expect(ran.stderr).toMatch(new RegExp(`umbra: ${host}: .*log in as root`));
    }
    expect(existsSync(tar(host))).toBe(false);
    expect(board.state()).toEqual(before);
  });

  it('says so when there is no sudo', async () => {
    await boards.add('sudoless', ['perf', 'trace-cmd']);
    const ran = await boards.capture('sudoless', '--sudo', '-o', tar('sudoless'), '-t', '1');
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/umbra: sudoless: there is no sudo/)]);
  });

  /** Words that ssh is called with; it goes nowhere. */
  const sshWords = async (onTerminal: boolean): Promise<string> => {
    const said = join(boards.folder, 'said.ssh');
    rmSync(said, { force: true });
    const folder = join(boards.folder, 'fake');
    const path = [folder, process.env['PATH']].join(delimiter);
    const fake = `#!/bin/sh\nprintf '%s\\n' "$*" >'${said}'\necho nobody there >&2\nexit 255\n`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ssh'), fake, { mode: 0o755 });
    const words = [process.execPath, bin, 'capture', 'somewhere', '--check'];
    const [program, args] = onTerminal
      ? ['script', ['-qec', words.map((w) => `'${w}'`).join(' '), '/dev/null']]
      : [words[0], words.slice(1)];
    const child = spawn(program, args, {
      env: { ...process.env, PATH: path, HOME: boards.folder, XDG_STATE_HOME: boards.folder },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await new Promise((resolve) => child.once('close', resolve));
    return readFileSync(said, 'utf8');
  };
  const noScript = found('script') ? '' : ' (skipped: no script(1) on this machine)';

  it('ssh asks nothing where nobody can answer', async () => {
    const words = await sshWords(false);
    expect(words).toContain('-o BatchMode=yes');
    expect(words).toMatch(/ -- somewhere exec env UMBRA_RUN=[0-9a-f]{24} sh -c /);
  });
  it.skipIf(noScript)(`ssh may ask on a terminal${noScript}`, async () => {
    const words = await sshWords(true);
    expect(words).not.toContain('BatchMode');
    expect(words).toContain('-o ConnectTimeout=15');
  });
});
