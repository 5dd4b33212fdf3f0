/** Runs the umbra command as a user would. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'core/cli/umbra.mjs');

export const pair = {
  spe: join(root, 'test/fixtures/pair/kvbench.perf.data'),
  kvm: join(root, 'test/fixtures/pair/two-vcpu.trace.dat'),
  vm: join(root, 'test/fixtures/pair/two-vcpu.vm.json'),
};

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function umbra(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

/** As `umbra`, for commands that must succeed: the JSON document on stdout. */
export function umbraJson<T>(...args: string[]): T {
  const ran = umbra(...args, '--json');
  if (ran.code !== 0) throw new Error(`umbra ${args.join(' ')}: exit ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as T;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
