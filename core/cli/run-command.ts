/** Finds a command, reads its arguments, and turns failures into one line and an exit code. */
import { commandHelp, labOf, parseCommand, UsageError } from './command.ts';
import type { Args } from './command.ts';
import { commands } from './commands/index.ts';
import { Interrupted, ReaderGone } from './output.ts';
import type { Output } from './output.ts';

const FAILED = 1;
const BAD_USAGE = 2;

/** Runs a command and says what failed. Returns the exit code. */
export async function runCommand(argv: readonly string[], out: Output): Promise<number> {
  try {
    await dispatch(argv, out);
    out.flush();
    return 0;
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    if (error instanceof Interrupted) return FAILED;
    return await explain(error as Error, argv, out);
  }
}

async function dispatch([word, ...rest]: readonly string[], out: Output): Promise<void> {
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') return out.write(overview());
  if (word === '--version') {
    const { version } = await import('../lab/version.ts');
    return out.write(`umbra ${version}\n`);
  }
  const entry = commands.find((c) => c.name === word);
  if (!entry) throw new UsageError(`no command '${word}'; \`umbra --help\` lists them`);
  const { command } = await entry.load();
  let args: Args;
  try {
    args = parseCommand(command, rest);
  } catch (error) {
    throw error instanceof UsageError
      ? new UsageError(`${word}: ${error.message}; see \`umbra ${word} --help\``)
      : error;
  }
  if (args.flag('help')) return out.write(commandHelp(entry.name, entry.summary, command));
  await command.run(args, out);
}

/** The module that knows all kinds of errors imports half the program: most calls don't need it. */
const about = () => import('../lab/about.ts');

/** Says what failed, in one line (one each for several files). Returns the exit code. */
export async function explain(error: Error, argv: readonly string[], out: Output): Promise<number> {
  if (error instanceof AggregateError) {
    for (const one of error.errors as readonly Error[]) await explain(one, argv, out);
    return FAILED;
  }
  const usage = error instanceof UsageError;
  const told = usage ? error.message : (await about()).explainError(error, labOf(argv));
  try {
    out.note(`umbra: ${(told ?? `internal error, please report it: ${error.message}`).replaceAll('\n', ' ')}`);
    if (argv.includes('--verbose')) out.note(error.stack ?? '');
  } catch {
    // stderr is gone too: only the exit code is left.
  }
  return usage ? BAD_USAGE : FAILED;
}

function overview(): string {
  const rows = commands.map((c) => `  ${c.name.padEnd(10)} ${c.summary}`);
  return [
    'usage: umbra COMMAND …',
    '',
    ...rows,
    '',
    '`umbra COMMAND --help` for more. Exit code: 0 done, 1 failed (one line on stderr says why), 2 bad usage.',
    '',
  ].join('\n');
}
