/** `rename`, `note` and `delete` of `umbra captures` and `umbra runs`. */
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { deleteInLab, noteInLab, renameInLab, wouldDelete } from '../lab/service/tidy.ts';
import type { Kept } from '../lab/service/tidy.ts';
import type { Args, Option } from './command.ts';
import { UsageError } from './command.ts';
import { count } from './format.ts';
import type { Output } from './output.ts';

export const keepOperands = '[rename ID NAME | note ID TEXT… | delete ID…]';

export const keepOptions: Readonly<Record<string, Option>> = {
  db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
  clear: { type: 'boolean', help: 'note: take the present notes away first' },
  yes: { type: 'boolean', help: 'delete: without asking' },
};

export const keepDetails =
  'Notes are what readers of results must know; reports show them. Deleting is for good, and gives the space back to the disk.';

/** Carries out what the operands ask for; false if there are none. */
export async function keep(kind: Kept, args: Args, out: Output): Promise<boolean> {
  const [verb, ...rest] = args.operands;
  if (verb === undefined) return false;
  const lab = args.need('db');
  switch (verb) {
    case 'rename': {
      const [id, name] = rest;
      if (name === undefined || rest.length > 2) throw new UsageError('rename takes an id and a name');
      renameInLab(lab, kind, idOf(id), name);
      say(args, out, { id: idOf(id), name: name.trim() }, `${kind} ${id}: ${name.trim()}\n`);
      return true;
    }
    case 'note': {
      const [id, ...texts] = rest;
      if (!texts.length && !args.flag('clear')) throw new UsageError('note takes an id and a text (or --clear)');
      const notes = noteInLab(lab, kind, idOf(id), texts, args.flag('clear'));
      say(
        args,
        out,
        { id: idOf(id), notes },
        notes.map((n) => `note: ${n}\n`).join('') || `${kind} ${id} has no notes\n`,
      );
      return true;
    }
    case 'delete':
      await remove(kind, rest.map(idOf), args, out);
      return true;
    default:
      throw new UsageError(`'${verb}': rename, note or delete; without one of them they are listed`);
  }
}

async function remove(kind: Kept, ids: readonly number[], args: Args, out: Output): Promise<void> {
  if (!ids.length) throw new UsageError('delete takes one id or more');
  const lab = args.need('db');
  const chosen = wouldDelete(lab, kind, ids);
  const what = [listed('capture', chosen.captures, kind, chosen.names), listed('run', chosen.runs, kind, chosen.names)]
    .filter(Boolean)
    .join(' and ');
  if (!args.flag('yes')) {
    if (!isatty(0) || !isatty(2)) throw new UsageError(`delete: this deletes ${what} for good; say so with --yes`);
    if (!(await agreed(`Delete ${what} for good? [y/N] `))) return;
  }
  const { captures, runs, bytes } = deleteInLab(lab, chosen, true);
  say(args, out, { captures, runs, freedBytes: bytes }, `deleted ${what}; ${count(bytes)} bytes freed\n`);
}

/** `capture 1 (kvbench)`; names only of what was asked for. */
function listed(kind: Kept, ids: readonly number[], asked: Kept, names: readonly string[]): string {
  if (!ids.length) return '';
  const each = ids.map((id, i) => (kind === asked && names[i] ? `${id} (${names[i]})` : String(id)));
  return `${kind}${ids.length > 1 ? 's' : ''} ${each.join(', ')}`;
}

async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

function idOf(text: string | undefined): number {
  const id = /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0;
  if (!(id > 0)) throw new UsageError(`an id is a whole number, not '${text ?? ''}'`);
  return id;
}

function say(args: Args, out: Output, document: object, text: string): void {
  if (args.flag('json')) out.json(document);
  else out.write(text);
}
