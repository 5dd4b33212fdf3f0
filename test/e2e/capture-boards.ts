/** Shared by the tests of `umbra capture`: boards behind a loopback sshd, the command, and what is left on a board. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { boardAccount, loopback } from './loopback-sshd.ts';
import type { Loopback } from './loopback-sshd.ts';
import { makeBoard } from './stand-in-board.ts';
import type { Board, BoardOptions } from './stand-in-board.ts';
import type { Ran } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

/** ioctls as strace writes them: the memslots of test/fixtures/pair/two-vcpu.vm.json. */
const straceLog = (slots: readonly { slot: number; gpa: string; size: string; hva: string }[]) =>
  slots
    .map(
      (s) =>
        `9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=${s.slot}, flags=0, guest_phys_addr=${s.gpa}, memory_size=${s.size}, userspace_addr=${s.hva}}) = 0\n`,
    )
    .join('');

export interface AddOptions extends BoardOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Changes to the board before it is served. */
  readonly change?: (board: Board) => void;
}

export interface Boards {
  readonly folder: string;
  /** A board of that name behind its own sshd. */
  add(name: string, tools: readonly string[], options?: AddOptions): Promise<Board>;
  /** The command while it runs. */
  start(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): ChildProcess & { readonly ran: Promise<Ran>; readonly said: () => string };
  capture(...args: string[]): Promise<Ran>;
  readonly loopback: Loopback;
}

/** Call once, at the top of a describe. */
export function useBoards(): Boards {
  let folder = '';
  let net: Loopback;
  const account = boardAccount();
  const children: ChildProcess[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-boards-'));
    chmodSync(folder, 0o755);
    net = loopback(folder, account);
  });
  afterAll(() => {
    net.close();
    children.forEach((c) => c.kill('SIGKILL'));
    rmSync(folder, { recursive: true, force: true });
  });
  const start: Boards['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [bin, 'capture', ...args], {
      env: { ...net.env, HOME: folder, XDG_STATE_HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ran = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
    return Object.assign(child, { ran, said: () => stderr });
  };
  return {
    get folder() {
      return folder;
    },
    get loopback() {
      return net;
    },
    async add(name, tools, { env = {}, change, ...options } = {}) {
      const board = makeBoard(join(folder, name), tools, { quick: true, ...options });
      const vm = JSON.parse(readFileSync(new URL('../fixtures/pair/two-vcpu.vm.json', import.meta.url), 'utf8')) as {
        vms: { slots: Parameters<typeof straceLog>[0] }[];
      };
      writeFileSync(join(board.folder, 'vmm.strace'), straceLog(vm.vms[0].slots));
      change?.(board);
      if (account.uid !== process.getuid?.())
        execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, board.folder]);
      // Silence of a busy test machine isn't that of a connection: only the tests of silence want to be quick.
      await net.serve(name, { UMBRA_GONE: '300', ...board.env, ...env });
      return board;
    },
    start,
    capture: (...args) => start(args).ran,
  };
}

/** Processes of a recording on this machine that aren't zombies: found by the mark of the kit's script. */
export function processesOn(board: Board): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
        if (!environ.includes('UMBRA_RUN=') || !environ.includes(`UMBRA_TRACEFS=${board.folder}/`)) return [];
        return [
          { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() },
        ];
      } catch {
        return [];
      }
    });
}

/** Waits until it holds. The limit ends a test that would hang; no result depends on it. */
export async function until(what: string, isSo: () => boolean, limitMs = 120_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A clock file that shows its own clock at each read. Times are those of the machine's monotonic clock. */
export function standInClock(folder: string, name: string, zero: bigint, ppb: number): { file: string; stop(): void } {
  const file = join(folder, `${name}.clock`);
  spawnSync('mkfifo', ['-m', '666', file]);
  const program = `
    const { constants, openSync, writeSync, closeSync } = require('node:fs');
    const file = ${JSON.stringify(file)};
    // ENXIO: the last reader has closed it, so that the next one gets its own time.
    const isRead = () => {
      try {
        closeSync(openSync(file, constants.O_WRONLY | constants.O_NONBLOCK));
        return true;
      } catch {
        return false;
      }
    };
    for (;;) {
      while (isRead());
      const fd = openSync(file, 'w');
      const t = process.hrtime.bigint();
      const at = ${zero}n + t + (t * ${ppb}n) / 1000000000n;
      try {
        writeSync(fd, 'entries: 0\\nnow ts: ' + at / 1000000000n + '.' + String((at % 1000000000n) / 1000n).padStart(6, '0') + '\\n');
      } catch {}
      closeSync(fd);
    }`;
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  return { file, stop: () => child.kill('SIGKILL') };
}

/** What such a clock shows when another one shows `at`. */
export function otherClock(at: bigint, a: { zero: bigint; ppb: number }, b: { zero: bigint; ppb: number }): bigint {
  // at = zero + t + t * ppb / 1e9
  const t = ((at - a.zero) * 1_000_000_000n) / (1_000_000_000n + BigInt(a.ppb));
  return b.zero + t + (t * BigInt(b.ppb)) / 1_000_000_000n;
}
