/** The shape of a command, and how its arguments are read and its help printed. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Output } from './output.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What help calls the value: `LAB`. */
  readonly value?: string;
  readonly help: string;
  readonly required?: boolean;
}

export interface Command {
  /** Positional arguments as help shows them: `FILE…`. */
  readonly operands?: string;
  /** Least and most operands. */
  readonly arity: readonly [number, number];
  /** Further help, below the options. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  run(args: Args, out: Output): void | Promise<void>;
}

/** Wrong usage: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** Parsed arguments, asked for by type so that a command can't misread an option. */
export class Args {
  readonly operands: readonly string[];
  /** The words after the command, as typed. */
  readonly argv: readonly string[];
  readonly #values: Values;

  constructor(argv: readonly string[], operands: readonly string[], values: Values) {
    this.argv = argv;
    this.operands = operands;
    this.#values = values;
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** A required option: parsing has checked that it is there. */
  need(name: string): string {
    return this.#values[name] as string;
  }

  texts(name: string): readonly string[] {
    return (this.#values[name] as string[] | undefined) ?? [];
  }

  /** Whether the option was on the command line. */
  given(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** A whole number within bounds, decimal or 0x…. */
  integer(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^(-?\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'`);
    }
    return value;
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isFinite(value)) throw new UsageError(`--${name} takes a number, not '${text}'`);
    return value;
  }
}

/** The lab a command line names, before parsing. */
export function labOf(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--db' || word.startsWith('--db='));
  return at < 0 ? undefined : argv[at] === '--db' ? argv[at + 1] : argv[at].slice('--db='.length);
}

/** Values that are paths, as help calls them. */
const paths = /^(LAB|JSON|F|PATH|DIR|TAR|FILE(\..*)?)$/;

/** What the operands of a command that reads files are called. */
const files = /^(FILE|SPE|\[?LAB)\b/;

/**
 * A file dropped on the terminal may arrive as a URL. `-` would be a file of that name, which nobody means: files are sought in, and
 * replaced when complete. Throws UsageError for it, and for a URL that names no file on this machine.
 */
function pathOf(word: string, name?: string): string {
  if (word === '-' && (name === 'output' || name === 'out'))
    throw new UsageError(`--${name} -: it goes to disk, not to stdout: name a path (./- if it is to be called -)`);
  if (word === '-') throw new UsageError(`-: stdin isn't read: give a file (./- if it is called -)`);
  if (!/^file:\/\//i.test(word)) return word;
  try {
    return fileURLToPath(word);
  } catch {
    throw new UsageError(`'${word}' is a URL, and of no file on this machine: give the file's path`);
  }
}

const common: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', help: 'print one JSON document on stdout and nothing else there' },
  verbose: { type: 'boolean', help: 'on failure, print the stack trace too' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export function parseCommand(command: Command, argv: readonly string[]): Args {
  const options = { ...command.options, ...common };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: joinNegatives(argv, options),
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, o]) => [
          name,
          { type: o.type, ...(o.multiple && { multiple: true }), ...(o.short && { short: o.short }) },
        ]),
      ),
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0]);
  }
  for (const [name, value] of Object.entries(parsed.values)) {
    // Of a script whose variable isn't set.
    if ([value].flat().includes('')) throw new UsageError(`--${name} ${options[name]?.value ?? ''} is empty`);
    if (!paths.test(options[name]?.value ?? '')) continue;
    if (typeof value === 'string') parsed.values[name] = pathOf(value, name);
    else if (Array.isArray(value))
      parsed.values[name] = value.map((v) => (typeof v === 'string' ? pathOf(v, name) : v));
  }
  const areFiles = files.test(command.operands ?? '');
  if (areFiles && parsed.positionals.includes('')) throw new UsageError(`${command.operands} is empty`);
  const operands = parsed.positionals.map((word) => (areFiles || word !== '-' ? pathOf(word) : word));
  const args = new Args(argv, operands, parsed.values);
  if (args.flag('help')) return args;
  const [least, most] = command.arity;
  const n = args.operands.length;
  if (n < least) throw new UsageError(`${command.operands ?? 'an operand'} is missing`);
  if (n > most) throw new UsageError(`'${args.operands[most]}' is one operand too many`);
  for (const [name, o] of Object.entries(options)) {
    if (o.required && args.text(name) === undefined) throw new UsageError(`--${name} ${o.value ?? ''} is missing`);
  }
  return args;
}

/** `--offset -5`: parseArgs takes the -5 for an option, which nobody means. */
function joinNegatives(argv: readonly string[], options: Readonly<Record<string, Option>>): string[] {
  const joined: string[] = [];
  const end = argv.indexOf('--');
  for (const [i, word] of argv.entries()) {
    const before = joined.at(-1);
    // After -- comes somebody else's command line.
    if (end >= 0 && i > end) joined.push(word);
    else if (/^-\d/.test(word) && before?.startsWith('--') && options[before.slice(2)]?.type === 'string') {
      joined[joined.length - 1] = `${before}=${word}`;
    } else {
      joined.push(word);
    }
  }
  return joined;
}

export function commandHelp(name: string, summary: string, command: Command): string {
  const lines = [`usage: umbra ${name}${command.operands ? ` ${command.operands}` : ''} [options]`, '', summary, ''];
  for (const [name, o] of Object.entries({ ...command.options, ...common })) {
    const left = `  ${o.short ? `-${o.short}, ` : ''}--${name}${o.value ? ` ${o.value}` : ''}`;
    lines.push(`${left.padEnd(30)} ${o.help}${o.required ? ' (required)' : ''}${o.multiple ? ' (repeatable)' : ''}`);
  }
  if (command.details) lines.push('', command.details);
  return `${lines.join('\n')}\n`;
}
