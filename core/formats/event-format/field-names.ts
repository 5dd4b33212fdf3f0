/** What a kernel's own print format calls the values of a field: `__print_symbolic(REC->ret, {0, "IRQ"}, …)`. */
import { Unreadable } from './arg.ts';
import type { Arg } from './arg.ts';
import { parsePrintFormat } from './expression.ts';
import type { EventFormat } from './format.ts';
import { integer } from './integers.ts';

/** Names by value (low 32 bits); empty if the format has none for the field, or can't be read. */
export function fieldNames(format: EventFormat, field: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  try {
    const { args } = parsePrintFormat(format.printFormat, format.fields, 8);
    const symbol = args.find((arg) => arg.kind === 'symbol' && reads(arg.left, field));
    for (const [value, name] of symbol?.names ?? []) names.set(Number(BigInt.asUintN(32, integer(value))), name);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return names;
}

function reads(arg: Arg | undefined, field: string): boolean {
  if (!arg) return false;
  if (arg.kind === 'field') return arg.text === field;
  return [arg.left, arg.right, arg.third].some((part) => reads(part, field));
}
