/** A Slurm of one node on the loopback, for tests: munged, slurmctld and slurmd, all in their own folder. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol'];
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Why there can't be one here; undefined if there can. */
export function whyNoSlurm(): string | undefined {
  if (process.platform !== 'linux') return 'Slurm runs on Linux';
  if (process.getuid?.() !== 0) return 'slurmd needs root to start jobs';
  const missing = programs.filter((name) => !path.split(':').some((folder) => existsSync(join(folder, name))));
  return missing.length ? `not installed: ${missing.join(', ')} (apt-get install slurm-wlm munge)` : undefined;
}

export interface Slurm {
  /** What sbatch and squeue need to find it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** @param root an empty folder @throws Error with the daemons' own words if it doesn't come up */
export async function startSlurm(root: string): Promise<Slurm> {
  const at = (name: string): string => join(root, name);
  for (const name of ['state', 'spool', 'munge']) mkdirSync(at(name), { recursive: true });
  chmodSync(root, 0o755);
  writeFileSync(at('munge/key'), randomBytes(128), { mode: 0o400 });
  const name = hostname().split('.')[0]!;
  const [ctld, slurmd] = [await freePort(), await freePort()];
  writeFileSync(
    at('slurm.conf'),
    [
      ...['ClusterName=umbra', `SlurmctldHost=${name}(127.0.0.1)`, 'SlurmUser=root', 'SlurmdUser=root'],
      ...['AuthType=auth/munge', `AuthInfo=socket=${at('munge/socket')}`, 'CredType=cred/munge', 'MpiDefault=none'],
      ...[
        `SlurmctldPort=${ctld}`,
        `SlurmdPort=${slurmd}`,
        `StateSaveLocation=${at('state')}`,
        `SlurmdSpoolDir=${at('spool')}`,
      ],
      ...[`SlurmctldPidFile=${at('ctld.pid')}`, `SlurmdPidFile=${at('slurmd.pid')}`],
      ...[`SlurmctldLogFile=${at('ctld.log')}`, `SlurmdLogFile=${at('slurmd.log')}`],
      ...[
        'ProctrackType=proctrack/linuxproc',
        'TaskPlugin=task/none',
        'SelectType=select/linear',
        'SelectTypeParameters=CR_Memory',
      ],
      ...[
        'JobAcctGatherType=jobacct_gather/none',
        'AccountingStorageType=accounting_storage/none',
        'ReturnToService=2',
        'SlurmdTimeout=300',
      ],
      ...[
        'SchedulerParameters=sched_min_interval=200000,batch_sched_delay=0',
        'MinJobAge=30',
        'InactiveLimit=0',
        'SwitchType=switch/none',
      ],
      `NodeName=${name} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} RealMemory=1000 State=UNKNOWN`,
      `PartitionName=short Nodes=${name} Default=YES MaxTime=60 State=UP OverSubscribe=FORCE:2`,
    ].join('\n') + '\n',
  );
  const env = { SLURM_CONF: at('slurm.conf'), PATH: path };
  const daemons: ChildProcess[] = [];
  const said: string[] = [];
  const start = (program: string, ...args: string[]): void => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (words: string) => said.push(words));
    child.on('error', (error) => said.push(error.message));
    daemons.push(child);
  };
  const stop = async (): Promise<void> => {
    for (const child of daemons.toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await Promise.race([ended, pause(5000)]);
      child.kill('SIGKILL');
    }
  };
  const munge = [`--key-file=${at('munge/key')}`, `--socket=${at('munge/socket')}`, `--pid-file=${at('munge/pid')}`];
  start(
    'munged',
    '--foreground',
    '--force',
    ...munge,
    `--log-file=${at('munge/log')}`,
    `--seed-file=${at('munge/seed')}`,
    '--num-threads=2',
  );
  start('slurmctld', '-D', '-f', at('slurm.conf'));
  start('slurmd', '-D', '-f', at('slurm.conf'), '-N', name);
  for (let i = 0; i < 150; i++) {
    const info = spawnSync('sinfo', ['-h', '-o', '%T'], { env: { ...process.env, ...env }, encoding: 'utf8' });
    if (/idle/.test(info.stdout)) return { env, stop };
    await pause(200);
  }
  await stop();
  const logs = ['ctld.log', 'slurmd.log', 'munge/log'].map((file) =>
    existsSync(at(file)) ? readFileSync(at(file), 'utf8').slice(-1500) : '',
  );
  throw new Error(`Slurm didn't come up: ${said.join('').slice(-1500)}\n${logs.join('\n')}`);
}
