/**
 * Runs the kit's script on a board over the system's ssh, without putting a file there. The remote command line is the same
 * for every recording except for a random id; script and options go through stdin, so that neither the board's login shell
 * nor its process list sees any user text.
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
  /** Jump host (ProxyJump). */
  readonly jump?: string;
  /** The script runs under `sudo -n`. */
  readonly sudo?: boolean;
  /** ssh may prompt on this terminal: for a passphrase, to confirm a host key. Without it ssh never prompts (BatchMode). */
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
  /** Id of this recording: in the environment of all its processes there, and before the tar. */
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
  // Ctrl-C is ours: it ends the recording, not the connection. To prompt on a terminal, ssh must stay in its session.
  const [command, ...rest] =
    target.terminal && process.platform !== 'win32'
      ? ['sh', '-c', 'trap "" INT; exec "$@"', 'sh', 'ssh', ...args]
      : ['ssh', ...args];
  const ssh = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: !target.terminal, windowsHide: true });
  // Writing to a dead connection: its end is reported elsewhere.
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
    // User settings for this host that don't suit such a call.
    'RemoteCommand=none',
    'ClearAllForwardings=yes',
  ].flatMap((option) => ['-o', option]);
  const through = jump === undefined ? [] : ['-J', checkHost(jump)];
  return ['-T', '-a', '-x', ...options, ...through, '--', checkHost(host), command];
}

/**
 * Reads two texts from stdin, to the byte (a shell that reads its script from stdin reads ahead): the script and its
 * arguments. A connection that ends before that runs nothing. No character in it is special to csh or fish.
 */
function remoteCommand(run: string, sudo: boolean): string {
  const read = `r(){ s=;while IFS= read -r l;do case "$l" in "#end ${run}")return;;esac;s=$s$l$n;done;exit 1;}`;
  const boot = `n=$(printf "\\nx");n=\${n%x};${read};r;UMBRA_SCRIPT=$s;r;eval "set -- $s";unset s l n;eval "$UMBRA_SCRIPT"`;
  return `exec ${sudo ? 'sudo -n ' : ''}env UMBRA_RUN=${run} sh -c '${boot}'`;
}

/** Why sudo refused, and what to do about it; undefined if the output shows no such thing. @param said by ssh and the board */
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
