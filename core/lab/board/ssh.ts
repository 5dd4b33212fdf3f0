/**
 * The kit's script on a board, over the system's ssh: no file is put there. The remote command line is the same for every
 * recording but for a random id; script and options go through stdin, so that neither the board's login shell nor its
 * process list gets to see a word of the user's.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { shellLine } from '../../words/shell.ts';
import { RequestError } from '../about.ts';
import { checkHost } from './host.ts';
import { kitFolder } from './kit-folder.ts';

export interface Target {
  readonly host: string;
  /** Reached through this one (ProxyJump). */
  readonly jump?: string;
  /** The script runs under `sudo -n`. */
  readonly sudo?: boolean;
  /** ssh may ask on this terminal: for a passphrase, whether a host key is right. Without it ssh asks nothing (BatchMode). */
  readonly terminal?: boolean;
}

export interface Script {
  readonly text: string;
  readonly sha256: string;
}

/** What runs on boards: kit/umbra-capture.sh of this installation. */
export function kitScript(): Script {
  const text = readFileSync(join(kitFolder(), 'umbra-capture.sh'), 'utf8');
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}

export type Ssh = ChildProcessByStdio<Writable, Readable, Readable>;

export interface Started {
  readonly ssh: Ssh;
  /** Of this recording: stands in the environment of all its processes there, and before the tar. */
  readonly run: string;
}

/** s. */
const CONNECT_TIMEOUT = 15;

/**
 * @param words the script's arguments, any text but NUL
 * @throws RequestError if the host's name isn't one, or there is no ssh
 */
export function startOnBoard(target: Target, script: Script, words: readonly string[]): Started {
  if (words.some((word) => word.includes('\0'))) throw new RequestError('a NUL can’t be part of a command');
  const run = randomBytes(12).toString('hex');
  const args = sshArguments(target, remoteCommand(run, target.sudo ?? false));
  // Ctrl-C is for us: it ends the recording, not the connection. On a terminal ssh must stay in its session, to ask there.
  const [command, ...rest] =
    target.terminal && process.platform !== 'win32'
      ? ['sh', '-c', 'trap "" INT; exec "$@"', 'sh', 'ssh', ...args]
      : ['ssh', ...args];
  const ssh = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: !target.terminal, windowsHide: true });
  // Writing to a connection that has gone: its end says so.
  ssh.stdin.on('error', () => undefined);
  const end = `\n#end ${run}\n`;
  ssh.stdin.write(`${script.text}${end}${shellLine(words)}${end}`);
  return { ssh, run };
}

export function sshArguments({ host, jump, terminal }: Target, command: string): string[] {
  const options = [
    ...(terminal ? [] : ['BatchMode=yes']),
    `ConnectTimeout=${CONNECT_TIMEOUT}`,
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    // Of the user's own settings for this host those that aren't meant for such a call.
    'RemoteCommand=none',
    'ClearAllForwardings=yes',
  ].flatMap((option) => ['-o', option]);
  const through = jump === undefined ? [] : ['-J', checkHost(jump)];
  return ['-T', '-a', '-x', ...options, ...through, '--', checkHost(host), command];
}

/**
 * Reads two texts from stdin, to the byte (a shell that reads its script from stdin itself takes more than it runs): the script and its
 * arguments. A connection that ends before that runs nothing. No character in it means anything else to csh or fish.
 */
function remoteCommand(run: string, sudo: boolean): string {
  const read = `r(){ s=;while IFS= read -r l;do case "$l" in "#end ${run}")return;;esac;s=$s$l$n;done;exit 1;}`;
  const boot = `n=$(printf "\\nx");n=\${n%x};${read};r;UMBRA_SCRIPT=$s;r;eval "set -- $s";unset s l n;eval "$UMBRA_SCRIPT"`;
  return `exec ${sudo ? 'sudo -n ' : ''}env UMBRA_RUN=${run} sh -c '${boot}'`;
}

/** Why sudo let nobody in, and what to do about it; undefined if what was said is nothing of the kind. @param said of ssh and the board */
export function sudoRefusal({ host, sudo }: Target, said: string): string | undefined {
  if (!sudo) return undefined;
  const refused = (why: string) => `${host}: ${why}, or log in as root`;
  if (/sudo: .*(password|terminal)/i.test(said))
    return refused('sudo asks for a password there: allow it without one (NOPASSWD)');
  if (/not in the sudoers|not allowed to (execute|run)|may not run sudo/i.test(said))
    return refused('sudo isn’t allowed to this user there: allow it (sudoers)');
  if (/sudo: (command )?not found|sudo.*no such file/i.test(said)) return refused('there is no sudo: install it');
  return undefined;
}
