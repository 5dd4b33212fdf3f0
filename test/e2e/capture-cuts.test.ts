/**
 * Connections that end, and processes that are killed, at every stage of a recording over ssh: nothing may be left on the board: no
 * process, no file, no lock, tracefs as it was. Stages are held by tools of the board that don't get on.
 */
import { existsSync, readFileSync, readlinkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesOn, until, useBoards } from './capture-boards.ts';
import { noSshd } from './loopback-sshd.ts';
import { found, shells } from './stand-in-board.ts';
import type { Board } from './stand-in-board.ts';

/**
 * Each case waits for sshd and the board's guard, so `npm test` does one cut per stage in one shell; UMBRA_CUTS=all runs all combinations.
 */
const all = process.env['UMBRA_CUTS'] === 'all';
const rows: string[] = [];
afterAll(() => {
  if (process.env['UMBRA_SHOW']) console.log(rows.join('\n'));
});

/** What is left once everything that was to end had the time to. */
async function nothingLeft(what: string, board: Board, before: object): Promise<void> {
  const same = () => JSON.stringify(board.state()) === JSON.stringify(before);
  await until(`${what}: nothing is left`, () => processesOn(board).length === 0 && same());
  expect(board.state()).toEqual(before);
  rows.push(`${what}: nothing left`);
}

const parentOf = (pid: string | number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')[1]);
  } catch {
    return 0;
  }
};

/** Children of these processes, as the kernel lists them now. */
const childrenOf = (parents: readonly number[]): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parents.includes(parentOf(name)))
    .map(Number);

const kill = (pid: number, signal: NodeJS.Signals = 'SIGKILL') => {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
};

const tool = (board: Board, name: string, text: string) => {
  // Not through the link to the machine's own.
  rmSync(join(board.folder, 'bin', name), { force: true });
  writeFileSync(join(board.folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
};

/** The recording's own shell, by its lock. */
const mainOf = (board: Board): number => Number(readlinkSync(join(board.folder, 'state/umbra-capture')).split(':')[0]);
const jobsOf = (board: Board): number[] => {
  const [folder] = readdirSync(join(board.folder, 'tmp')).filter((name) => name.startsWith('umbra-capture.'));
  return readFileSync(join(board.folder, 'tmp', folder, 'jobs'), 'utf8')
    .trim()
    .split('\n')
    .map(Number);
};
const guardOf = (board: Board): number => {
  const guard = processesOn(board).find((p) => / guard \d+ /.test(p.command));
  if (!guard) throw new Error('no guard');
  return guard.pid;
};
const recorder = (board: Board, name: string): number[] =>
  processesOn(board)
    .filter((p) => p.command.includes(`/bin/${name} record`))
    .map((p) => p.pid);

describe.skipIf(noSshd)(`cut connections${noSshd ? ` (skipped: ${noSshd})` : ''}`, () => {
  const boards = useBoards();
  const tar = (name: string) => join(boards.folder, `${name}.tar`);
  const workload = ['-t', '3000', '--', 'sleep', '3000'];

  const stages = {
    'setting up': {
      // A recorder that doesn't start.
      hold: (board: Board) =>
        tool(board, 'trace-cmd', '[ "$1" = record ] || exit 0\necho >"${0%/bin/*}/held"\nexec sleep 3000'),
      words: workload,
    },
    recording: { hold: () => undefined, words: ['-t', '3000', '--', 'sleep', '3000'] },
    finishing: {
      // A monitor that doesn't answer.
      hold: (board: Board) => tool(board, 'nc', 'echo >"${0%/bin/*}/held"\nexec sleep 3000'),
      words: ['-t', '1', '-m', '127.0.0.1:4444'],
    },
    sending: {
      hold: (board: Board) =>
        tool(board, 'tar', `${found('tar')} "$@" | head -c 100000\necho >"\${0%/bin/*}/held"\nexec sleep 3000`),
      words: ['-t', '1'],
    },
  } as const;

  describe.each(Object.entries(stages))('while %s', (stage, { hold, words }) => {
    const name = stage.replace(' ', '-');
    const silent = `${name}-silent`;
    const board: Record<string, Board> = {};
    beforeAll(async () => {
      board[name] = await boards.add(name, ['perf', 'trace-cmd'], { change: hold });
      // A heartbeat comes each second, and a second of the board's is a tenth of one.
      board[silent] = await boards.add(silent, ['perf', 'trace-cmd'], { change: hold, env: { UMBRA_GONE: '25' } });
    });

    const cuts: Record<string, (client: number, ssh: readonly number[]) => void> = {
      'umbra killed': (client) => kill(client),
      'ssh killed': (_, ssh) => ssh.forEach((pid) => kill(pid)),
      'sshd’s session killed': () => {
        // The one with privileges, and the one that has the connection.
        const monitors = childrenOf(boards.loopback.pids());
        for (const pid of [...childrenOf(monitors), ...monitors]) kill(pid);
      },
      'silence, the connection open': (_, ssh) => ssh.forEach((pid) => kill(pid, 'SIGSTOP')),
    };
    const chosen = Object.entries(cuts).filter(
      (_, i, { length }) => all || i === Object.keys(stages).indexOf(stage) % length,
    );
    it.each(chosen)('%s', async (cut, apply) => {
      const host = cut.startsWith('silence') ? silent : name;
      const before = board[host].state();
      const held = join(board[host].folder, 'held');
      const capture = boards.start([host, '-o', tar(`${host}-${cut.length}`), ...words]);
      const reached = () => (stage === 'recording' ? recorder(board[host], 'perf').length > 0 : existsSync(held));
      await until(`${stage} is reached`, reached);
      const ssh = childrenOf([capture.pid!]);
      expect([ssh.length > 0, capture.exitCode, processesOn(board[host]).length > 0]).toEqual([true, null, true]);
      apply(capture.pid!, ssh);
      await nothingLeft(`${stage}, ${cut}`, board[host], before);
      ssh.forEach((pid) => kill(pid));
      expect((await capture.ran).code).not.toBe(0);
      rmSync(held, { force: true });
    });
  });

  it.each([10, 5000, 20_000])('the script is cut after %d bytes: nothing of it runs', async (bytes) => {
    const board = await boards.add(`upload-${bytes}`, ['perf', 'trace-cmd']);
    const before = board.state();
    const ran = await boards.start([`upload-${bytes}`, '-o', tar(`upload-${bytes}`)], { CUT_AFTER: String(bytes) }).ran;
    expect(ran.code).toBe(1);
    await nothingLeft(`sending the script, cut after ${bytes} bytes`, board, before);
    expect(existsSync(join(board.folder, 'said.instances'))).toBe(false);
  });

  describe.each(all ? shells : shells.slice(0, 1))('killed on a board with %s', (shellName, shell) => {
    let board: Board;
    const name = `killed-${shellName.replaceAll(' ', '-')}`;
    beforeAll(async () => {
      board = await boards.add(name, ['perf', 'trace-cmd'], { shell });
    });
    const kills: Record<string, (board: Board) => void | Promise<void>> = {
      'the script': (b) => kill(mainOf(b)),
      'its reader of the connection': (b) => kill(jobsOf(b)[0]),
      perf: (b) => recorder(b, 'perf').forEach((pid) => kill(pid)),
      'trace-cmd': (b) => recorder(b, 'trace-cmd').forEach((pid) => kill(pid)),
      'its guard, then the script': async (b) => {
        const guard = guardOf(b);
        kill(guard);
        await until('there is another guard', () =>
          processesOn(b).some((p) => / guard \d+ /.test(p.command) && p.pid !== guard),
        );
        kill(mainOf(b));
      },
    };
    it.each(Object.entries(kills))('%s', async (what, apply) => {
      const before = board.state();
      const capture = boards.start([name, '-o', tar(`${name}-${what.length}`), '-t', '15', '--', 'sleep', '3000']);
      await until('it records', () => recorder(board, 'perf').length > 0);
      await apply(board);
      await nothingLeft(`recording (${shellName}), kill -9 of ${what}`, board, before);
      await capture.ran;
    });

    it('the script and its guard at once: the next recording tidies up, and a second one beside it is refused', async () => {
      const before = board.state();
      const first = boards.start([name, '-o', tar(`${name}-a`), '-t', '3000', '--', 'sleep', '3000']);
      await until('it records', () => recorder(board, 'perf').length > 0);
      const second = await boards.capture(name, '-o', tar(`${name}-b`), '-t', '1');
      expect([second.code, second.stderr]).toEqual([
        1,
        expect.stringMatching(/a recording runs here already \(process \d+\): one at a time/),
      ]);
      const [main, guard] = [mainOf(board), guardOf(board)];
      kill(guard);
      kill(main);
      first.kill('SIGKILL');
      expect(board.state()).not.toEqual(before);
      const next = await boards.capture(name, '-o', tar(`${name}-c`), '-t', '1');
      expect(next.stderr).toMatch(/tidying up after a recording that was killed/);
      expect(next.code, next.stderr).toBe(0);
      await nothingLeft(`recording (${shellName}), kill -9 of both, after the next recording`, board, before);
    });
  });
});
