/** The `umbra` command: a command that may be interrupted runs in a thread, the others here. */
import { commands } from './commands/index.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

// For callers in this process that want what a command writes.
export { createOutput, runCommand };

export async function main(argv: readonly string[]): Promise<void> {
  const threaded = commands.find((c) => c.name === argv[0])?.interruptible === true;
  process.exitCode = threaded
    ? await (await import('./thread.ts')).runInThread(argv)
    : await runCommand(argv, createOutput());
}
