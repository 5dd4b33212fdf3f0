/**
 * A command that writes runs in a thread: decoding and SQLite are synchronous, and a thread that is busy can't hear Ctrl-C. Ctrl-C asks
 * the thread to unwind at its next step, ends it if it doesn't, and undoes what it left.
 */
import { existsSync, rmSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runCommand } from './main.ts';
import { createOutput } from './output.ts';

/** Time to unwind by itself, ms. A thread that is ended inside SQLite can take the process with it, so that is the last resort. */
const GRACE_MS = 3000;
const YOUNG_MB = 8;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

interface ThreadData {
  readonly argv: readonly string[];
  /** Turns 1 when the user asks to stop. */
  readonly flag: Int32Array;
}

/** The command's exit code; 128 + the signal's number if one ended it. */
export function runInThread(argv: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(new URL(import.meta.url), {
      workerData: { argv, flag } satisfies ThreadData,
      // What is decoded lives outside of the heap: short-lived rows needn't pile up beside it, 90 MB of them in a long import.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    let code: number | undefined;
    let signalled: keyof typeof exitCodes | undefined;
    for (const signal of Object.keys(exitCodes) as (keyof typeof exitCodes)[]) {
      process.on(signal, () => {
        if (signalled) process.exit(exitCodes[signal]);
        signalled = signal;
        Atomics.store(flag, 0, 1);
        setTimeout(() => void thread.terminate(), GRACE_MS).unref();
      });
    }
    thread.on('message', (message: number) => (code = message));
    thread.on('error', (error) => {
      process.stderr.write(`umbra: internal error, please report it: ${error.message}\n`);
      code = 1;
    });
    thread.on('exit', () => {
      if (!signalled) return resolve(code ?? 1);
      const exitCode = exitCodes[signalled];
      void cleanUp(argv).finally(() => resolve(exitCode));
    });
  });
}

/** What a thread that was ended in the middle may have left of the lab file. */
async function cleanUp(argv: readonly string[]): Promise<void> {
  const at = argv.findIndex((word) => word === '--db' || word.startsWith('--db='));
  const lab = at < 0 ? undefined : argv[at] === '--db' ? argv[at + 1] : argv[at].slice('--db='.length);
  if (lab === undefined) return;
  for (const tail of ['', '-journal', '-wal', '-shm']) rmSync(`${lab}.part${tail}`, { force: true });
  try {
    if (existsSync(lab)) (await import('../lab/service/jobs.ts')).recoverLab(lab);
  } catch {
    // Not a lab, or somebody else writes to it: nothing of ours is in it.
  }
}

if (!isMainThread && parentPort) {
  const { argv, flag } = workerData as ThreadData;
  const out = createOutput(() => Atomics.load(flag, 0) !== 0);
  parentPort.postMessage(await runCommand(argv, out));
}
