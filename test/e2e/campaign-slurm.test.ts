import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followSlurm, slurmSeconds } from '../../core/lab/campaign/slurm.ts';
import { filesOf, synthCampaign } from './campaign-synth.ts';
import { startSlurm, whyNoSlurm } from './one-node-slurm.ts';
import type { Slurm } from './one-node-slurm.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const why = whyNoSlurm();

it('reads the times that sbatch takes', () => {
  const times = ['30', '1:30', '2:00:00', '1-12', '1-12:30', '1-12:30:15'];
  expect(times.map(slurmSeconds)).toEqual([1800, 90, 7200, 129_600, 131_400, 131_415]);
});

it('goes on following a job when squeue gets no answer now and then', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  const { PATH } = process.env;
  try {
    const looks = join(folder, 'looks');
    // No answer, one task, no answer twice, and then the queue has nothing left.
    const answer = `case $(wc -c <'${looks}') in 1 | 3 | 4) echo 'slurm_load_jobs error: Socket timed out' >&2; exit 1 ;; 2) echo 'RUNNING None' ;; esac`;
    writeFileSync(join(folder, 'squeue'), `#!/bin/sh\nprintf . >>'${looks}'\n${answer}\n`, { mode: 0o755 });
    process.env['PATH'] = `${folder}:${PATH ?? ''}`;
    const id = 'a'.repeat(32);
    mkdirSync(join(folder, 'results'));
    writeFileSync(join(folder, `results/${id}.json`), '');
    const job = { array: '7', collect: '8', pairs: 1, tasks: 1, folder: 'slurm/x', ids: [id] };
    const why: unknown[] = [];
    const never = new Promise<void>(() => undefined);
    expect(await followSlurm(folder, job, (p) => why.push(p.why ?? p.running), never)).toBe(true);
    const lost = 'squeue: slurm_load_jobs error: Socket timed out';
    expect(why).toEqual([lost, 1, lost, lost, 0]);
  } finally {
    process.env['PATH'] = PATH;
    rmSync(folder, { recursive: true });
  }
});

// A skipped test with its reason in its name.
describe.skipIf(why !== undefined)(
  `umbra campaign run --on slurm${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 240_000 },
  () => {
    let root: string;
    let slurm: Slurm;
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'umbra-test-'));
      slurm = await startSlurm(mkdtempSync(join(root, 'slurm-')));
      synthCampaign(
        join(root, 'local'),
        { boards: ['reclaim', 'munmap'], workloads: ['mixed'], repetitions: 1, samples: 600 },
        '[slurm]\npartition = "short"\ntime = "10"\nmemory = "200M"\n',
      );
      writeFileSync(join(root, 'local/captures/munmap/mixed-1/kvm.vm.json'), '{}');
      cpSync(join(root, 'local'), join(root, 'cluster'), { recursive: true });
    }, 240_000);
    afterAll(async () => {
      await slurm?.stop();
      rmSync(root, { recursive: true, force: true });
    });

    /** As a process: its environment names the Slurm. */
    async function umbra(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
      const child = spawn(process.execPath, [bin, 'campaign', ...args], { env: { ...process.env, ...slurm.env } });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<[number]>,
      ]);
      return { code, stdout, stderr };
    }

    it('makes the dataset that a local run makes, byte for byte, failures and all; resumed, it submits nothing', async () => {
      const [local, cluster] = [join(root, 'local'), join(root, 'cluster')];
      const ran = await umbra('run', cluster, '--on', 'slurm', '--json');
      expect(ran).toMatchObject({ code: 0 });
      expect(JSON.parse(ran.stdout)).toMatchObject({ pairs: 2, done: 1, failed: 1, lacking: 0 });
      // The collecting job has run, too: following ends when the queue is empty.
      expect(existsSync(join(cluster, 'dataset/campaign.json'))).toBe(true);
      expect((await umbra('run', local)).code).toBe(0);
      expect((await umbra('collect', local)).code).toBe(0);
      expect(filesOf(join(cluster, 'dataset'))).toEqual(filesOf(join(local, 'dataset')));
      expect((await umbra('run', cluster, '--on', 'slurm')).stdout).toBe(
        'nothing to replay: every pair has its result\n',
      );
    });

    it('says what Slurm refuses', async () => {
      const other = join(root, 'other');
      cpSync(join(root, 'cluster'), other, { recursive: true });
      rmSync(join(other, 'results'), { recursive: true });
      const file = join(other, 'campaign.toml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"short"', '"nope"'));
      const refused = await umbra('run', other, '--on', 'slurm');
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/umbra: sbatch: .*invalid partition/i)]);
    });
  },
);
