/**
 * A command that writes runs in a thread: decoding and SQLite are synchronous, and a busy thread can't hear Ctrl-C. Ctrl-C asks the thread
 * to unwind at its next step, terminates it if it doesn't, and undoes what it left.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Time to unwind, ms. A thread terminated inside SQLite can take the process with it, so that comes later. */
const GRACE_MS = 3000;
/** Time for a terminated thread to end, ms: in the middle of an SQLite query it can't. Then the process ends with it. */
const FORCE_MS = 1000;
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
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      // As umbra.mjs sets it for this thread.
      ...(argv.includes('--verbose') && { execArgv: ['--enable-source-maps'] }),
      workerData: { argv, flag } satisfies ThreadData,
      // Decoded data lives outside the heap: short-lived rows needn't pile up beside it, 90 MB of them in a long import.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    let code: number | undefined;
    let failed = Promise.resolve();
    let signalled: keyof typeof exitCodes | undefined;
    for (const signal of Object.keys(exitCodes) as (keyof typeof exitCodes)[]) {
      process.on(signal, () => {
        if (signalled) return die(signal);
        signalled = signal;
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
        setTimeout(() => {
          setTimeout(die, FORCE_MS, signal).unref();
          void thread.terminate();
        }, GRACE_MS).unref();
      });
    }
    thread.on('message', (message: number) => (code = message));
    thread.on('error', (error) => {
      failed = explained(error, argv).then((status) => void (code = status));
    });
    thread.on('exit', () => {
      void failed.finally(() => {
        if (!signalled || code === 0) return resolve(code ?? 1);
        const exitCode = exitCodes[signalled];
        void cleanUp(argv).finally(() => resolve(exitCode));
      });
    });
  });
}

/** Says what ended the thread. Returns the exit code. */
async function explained(error: Error, argv: readonly string[]): Promise<number> {
  const [{ explain }, { createOutput }] = await Promise.all([import('./run-command.ts'), import('./output.ts')]);
  return await explain(error, argv, createOutput());
}

/** Ends the process as the signal would have: `process.exit` waits for threads, even for one that never returns. */
function die(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Cleans up what a terminated thread may have left of the lab file. */
async function cleanUp(argv: readonly string[]): Promise<void> {
  const lab = (await import('./command.ts')).labOf(argv);
  if (lab === undefined) return;
  try {
    (await import('../lab/service/jobs.ts')).recoverLab(lab);
  } catch {
    // Not a lab, or somebody else writes to it: nothing of ours is in it.
  }
}

if (!isMainThread && parentPort) {
  const { argv, flag } = workerData as ThreadData;
  const [{ runCommand }, { createOutput }] = await Promise.all([import('./run-command.ts'), import('./output.ts')]);
  const out = createOutput({
    asked: () => Atomics.load(flag, 0) !== 0,
    wait: async () => void (await Atomics.waitAsync(flag, 0, 0).value),
  });
  parentPort.postMessage(await runCommand(argv, out));
}
