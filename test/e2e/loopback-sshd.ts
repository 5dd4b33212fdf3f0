/** Debian's sshd on the loopback, as a user without privileges where there is one, and an `ssh` that knows the way there. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { found } from './stand-in-board.ts';

/** Who logs in: .ci/run makes this user. Without it, or without root, whoever runs the tests. */
const BOARD_USER = 'umbra-board';

/** Why such tests can't run here; undefined if they can. */
export const noSshd: string | undefined = ['sshd', 'ssh', 'ssh-keygen', 'setsid']
  .filter((tool) => !found(tool))
  .map((tool) => `no ${tool} on this machine (Debian: openssh-server, openssh-client)`)
  .at(0);

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function boardAccount(): Account {
  const me = userInfo();
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${BOARD_USER}:`));
  if (me.uid !== 0 || !line) return { name: me.username, uid: me.uid, gid: me.gid };
  const [name, , uid, gid] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid) };
}

export interface Loopback {
  /** Starts an sshd whose sessions have this environment, reached as `host`. */
  serve(host: string, env: Readonly<Record<string, string>>): Promise<void>;
  /** For the process that calls ssh: PATH with an ssh that reads the configuration of these hosts. */
  readonly env: NodeJS.ProcessEnv;
  /** Process ids of the daemons. */
  readonly pids: () => readonly number[];
  close(): void;
}

/** @param folder of these tests, which everybody may read */
export function loopback(folder: string, account: Account): Loopback {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('bin'), { recursive: true });
  const key = at('user_key');
  for (const file of [key, at('host_key')])
    execFileSync(found('ssh-keygen')!, ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  writeFileSync(at('authorized_keys'), readFileSync(`${key}.pub`));
  for (const name of ['authorized_keys', 'host_key']) chmodSync(at(name), 0o600);
  if (userInfo().uid === 0)
    execFileSync('chown', [`${account.uid}:${account.gid}`, at('authorized_keys'), at('host_key')]);
  writeFileSync(at('config'), '');
  // CUT_AFTER: the connection ends after so many bytes of what is sent.
  const ssh = `'${found('ssh')}' -F '${at('config')}' "$@"`;
  const wrapper = `#!/bin/sh\n[ -z "\$CUT_AFTER" ] || { head -c "\$CUT_AFTER" | ${ssh}; exit; }\nexec ${ssh}\n`;
  writeFileSync(at('bin/ssh'), wrapper, { mode: 0o755 });
  const daemons: ChildProcess[] = [];
  let config = '';
  return {
    async serve(host, env) {
      const port = await freePort();
      const set = Object.entries(env).map(([name, value]) => `"${name}=${value}"`);
      writeFileSync(
        at(`sshd.${host}`),
        [
          ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host_key')}`, 'PidFile none', 'UsePAM no'],
          ...[`AuthorizedKeysFile ${at('authorized_keys')}`, 'StrictModes no', 'PasswordAuthentication no'],
          ...[
            'KbdInteractiveAuthentication no',
            'PermitRootLogin prohibit-password',
            'MaxStartups 100',
            'PrintMotd no',
          ],
          `SetEnv ${set.join(' ')}`,
          '',
        ].join('\n'),
      );
      config += [
        `Host ${host}`,
        ` HostName 127.0.0.1`,
        ` Port ${port}`,
        ` User ${account.name}`,
        ` IdentityFile ${key}`,
        ' IdentitiesOnly yes',
        ' StrictHostKeyChecking no',
        ' UserKnownHostsFile /dev/null',
        ' LogLevel ERROR',
        '',
      ].join('\n');
      writeFileSync(at('config'), config);
      const as = userInfo().uid === 0 && account.uid !== 0 ? { uid: account.uid, gid: account.gid } : {};
      if (!('uid' in as) && userInfo().uid === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd');
      const daemon = spawn(found('sshd')!, ['-D', '-e', '-f', at(`sshd.${host}`)], {
        ...as,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      daemons.push(daemon);
      await new Promise<void>((resolve, reject) => {
        let said = '';
        daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('Server listening')) resolve();
        });
        daemon.once('exit', () => reject(new Error(`sshd ended: ${said}`)));
      });
    },
    env: { ...process.env, PATH: [at('bin'), process.env['PATH']].join(delimiter) },
    pids: () => daemons.flatMap((d) => (d.pid === undefined ? [] : [d.pid])),
    close: () => daemons.forEach((d) => d.kill('SIGKILL')),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
