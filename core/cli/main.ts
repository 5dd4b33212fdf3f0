/** The `umbra` command: a command that may be interrupted runs in a thread, the others here. What this thread doesn't need isn't loaded. */
import { commands } from './commands/index.ts';

export async function main(argv: readonly string[]): Promise<void> {
  const threaded = commands.find((c) => c.name === argv[0])?.interruptible === true;
  if (threaded) {
    process.exitCode = await (await import('./thread.ts')).runInThread(argv);
    return;
  }
  const { createOutput, runCommand } = await here();
  process.exitCode = await runCommand(argv, createOutput());
}

/** What runs a command in this thread; also for callers that want its output. */
export async function here() {
  const [{ runCommand }, { createOutput }] = await Promise.all([import('./run-command.ts'), import('./output.ts')]);
  return { runCommand, createOutput };
}
