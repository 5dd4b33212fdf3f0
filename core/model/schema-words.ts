/** What a schema says of a file that people write: in their words, and with what is allowed. */
import type { z } from 'zod';

type Issue = Parameters<NonNullable<z.core.$ZodErrorMap>>[0];

/** Characters of a value that a message shows. */
const SHOWN = 40;
/** Names listed before the rest is left out. */
const LISTED = 24;

/** Goes to `safeParse`: messages of a schema's own stay, the others are worded here. */
export const inWords = { error: worded } as const;

function worded(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wanted(kinds[issue.expected] ?? `a ${issue.expected}`, issue.input);
    case 'invalid_value':
      return wanted(oneOf(issue.values.map(written)), issue.input);
    case 'unrecognized_keys':
      return unknownFields(issue);
    case 'too_small':
      return sized('least', issue.origin, Number(issue.minimum), issue.inclusive !== false, issue.input);
    case 'too_big':
      return sized('most', issue.origin, Number(issue.maximum), issue.inclusive !== false, issue.input);
    case 'not_multiple_of':
      return wanted(`a multiple of ${issue.divisor}`, issue.input);
    case 'invalid_format':
      return wanted(`text of the form ${issue.pattern ?? issue.format}`, issue.input);
    case 'invalid_union':
      return union(issue);
    case 'invalid_key':
      return `a name of a field that isn't allowed: ${issue.issues[0]?.message ?? 'take another one'}`;
    default:
      return undefined;
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with named fields',
  record: 'an object with named fields',
  null: 'null',
};

function wanted(what: string, input: unknown): string {
  return input === undefined ? `is missing: wants ${what}` : `wants ${what}, not ${written(input)}`;
}

function unknownFields({ keys, inst }: Extract<Issue, { code: 'unrecognized_keys' }>): string {
  const def = inst?._zod.def;
  const allowed = def && 'shape' in def ? Object.keys(def.shape ?? {}) : [];
  const names = keys.slice(0, LISTED).map((key) => cut(key));
  const unknown = `no field is called ${names.join(', ')}${keys.length > LISTED ? ', …' : ''}`;
  return allowed.length ? `${unknown}: there ${allowed.length > 1 ? 'are' : 'is'} ${listed(allowed)}` : unknown;
}

function sized(which: 'least' | 'most', origin: string, limit: number, inclusive: boolean, input: unknown): string {
  const many = origin === 'string' ? 'characters' : origin === 'array' || origin === 'set' ? 'entries' : undefined;
  if (many === undefined) {
    const bound = inclusive ? `at ${which} ${limit}` : which === 'least' ? `more than ${limit}` : `less than ${limit}`;
    return wanted(`a number of ${bound}`, input);
  }
  if (which === 'least' && limit === 1) return 'is empty';
  return `wants at ${which} ${limit} ${many}`;
}

/** What each of its forms says; all of them if none fits better. */
function union({ errors, input }: Extract<Issue, { code: 'invalid_union' }>): string | undefined {
  if (input === undefined) return 'is missing';
  // A form that finds fault deeper down, or with one field, is the one that was meant.
  const deep = errors.find(([first]) => first?.path.length);
  if (deep) return `${deep[0].path.map(String).join('.')}: ${deep[0].message}`;
  const said = [...new Set(errors.flatMap(([first]) => first?.message ?? []))];
  const ending = `, not ${written(input)}`;
  // "wants text, not 1" and "wants a list, not 1" are one sentence.
  if (said.length && said.every((one) => one.startsWith('wants ') && one.endsWith(ending)))
    return `wants ${said.map((one) => one.slice('wants '.length, -ending.length)).join(', or ')}${ending}`;
  return said.length ? said.join('; or ') : undefined;
}

function written(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return value instanceof Date ? 'a date' : 'an object';
  return typeof value === 'string' ? JSON.stringify(cut(value)) : String(value);
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? values[0] : `one of ${listed(values)}`;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', …' : ''}`;
}
