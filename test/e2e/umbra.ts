/** Runs the umbra command as a user would. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, SHARE_ENV, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'core/cli/umbra.mjs');

export const pair = {
  spe: join(root, 'test/fixtures/pair/kvbench.perf.data'),
  kvm: join(root, 'test/fixtures/pair/two-vcpu.trace.dat'),
  vm: join(root, 'test/fixtures/pair/two-vcpu.vm.json'),
};

/**
 * A replay in which unmaps drop nothing, the SPU takes the first touch, and every notifier reaches pins: faults of each class happen on the
 * sample pair then, as tests of output about faults need them.
 */
export const faulting = [
  'contentsKept=true',
  'guestZeroes=false',
  'tornRecords=0',
  'unpinnedBy=unmap,clear,protect,memslot',
].flatMap((setting) => ['--set', setting]);

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as a separate process: for tests whose subject is the process (signals, pipes, exit codes, environment). */
export function umbraProcess(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

let runner: { worker: Worker; port: MessagePort; done: Int32Array } | undefined;

/** Runs a command in a thread that lives as long as this process, through the same code as the process. Blocks until it ends. */
export function umbra(...args: string[]): Ran {
  if (runner === undefined) {
    const { port1, port2 } = new MessageChannel();
    const done = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(new URL('./umbra-worker.ts', import.meta.url), {
      workerData: { port: port2, done },
      transferList: [port2],
      execArgv: [],
      env: SHARE_ENV,
    });
    worker.unref();
    port1.unref();
    runner = { worker, port: port1, done };
  }
  const { worker, port, done } = runner;
  Atomics.store(done, 0, 0);
  worker.postMessage(args);
  Atomics.wait(done, 0, 0);
  return (receiveMessageOnPort(port) as { message: Ran }).message;
}

/** Like `umbra`, for commands that must succeed: the JSON document on stdout. */
export function umbraJson<T>(...args: string[]): T {
  const ran = umbra(...args, '--json');
  if (ran.code !== 0) throw new Error(`umbra ${args.join(' ')}: exit ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as T;
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
