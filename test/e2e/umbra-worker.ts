/** Runs umbra commands one after the other in one warm thread, for umbra.ts: starting a process costs more than most commands. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type * as Main from '../../core/cli/main.ts';
import { program } from '../../core/cli/program.mjs';

// The bundle, as `umbra` itself takes it.
const { createOutput, runCommand } = await ((await import(program())) as typeof Main).here();
const { port, done } = workerData as { port: MessagePort; done: Int32Array };

parentPort?.on('message', (argv: readonly string[]) => {
  const written: Uint8Array[][] = [[], []];
  const out = createOutput(undefined, (fd, bytes) => written[fd - 1].push(bytes.slice()));
  void runCommand(argv, out).then((code) => {
    const [stdout, stderr] = written.map((parts) => Buffer.concat(parts).toString('utf8'));
    port.postMessage({ code, stdout, stderr });
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  });
});
