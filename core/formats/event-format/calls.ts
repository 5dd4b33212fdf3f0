/** The helpers that print formats call: __print_flags, __get_str, sizeof and so on (libtraceevent's process_function). */
import { become, blank, Unreadable, type Arg, type ArgKind } from './arg.ts';
import { constant } from './constants.ts';
import type { Parser } from './parser.ts';
import { expect, type Token } from './tokens.ts';

/** Parses a call after its opening parenthesis. Throws Unreadable for functions that libtraceevent doesn't know. */
export function parseCall(p: Parser, arg: Arg, name: string): Token {
  switch (name) {
    case '__print_flags':
      return flags(p, arg);
    case '__print_symbolic':
      return symbols(p, arg);
    case '__print_hex':
    case '__print_hex_str':
      become(arg, { kind: name === '__print_hex' ? 'hex' : 'hex-string', text: name, rank: 0 });
      arg.left = p.argUpTo(',');
      arg.right = p.argUpTo(')');
      return p.tokens.item();
    case '__print_array':
      become(arg, { kind: 'numbers', text: name, rank: 0 });
      arg.left = p.argUpTo(',');
      arg.right = p.argUpTo(',');
      arg.third = p.argUpTo(')');
      return p.tokens.item();
    case '__get_str':
    case '__get_rel_str':
      return named(p, arg, 'text');
    case '__get_bitmask':
    case '__get_rel_bitmask':
      return named(p, arg, 'bitmask');
    case '__get_cpumask':
    case '__get_rel_cpumask':
      return named(p, arg, 'cpumask');
    case '__get_dynamic_array':
    case '__get_rel_dynamic_array':
    case '__get_sockaddr':
    case '__get_sockaddr_rel':
      return dynamic(p, arg, 'dynamic');
    case '__get_dynamic_array_len':
    case '__get_rel_dynamic_array_len':
      return dynamic(p, arg, 'dynamic-length');
    case '__builtin_expect': {
      expect(p.arg(arg), 'delim', ',');
      if (p.tokens.next().type !== 'item') throw new Unreadable('__builtin_expect');
      expect(p.tokens.next(), 'delim', ')');
      return p.tokens.item();
    }
    case 'sizeof':
      return sizeOf(p, arg);
    default:
      throw new Unreadable(`function ${name}`);
  }
}

function flags(p: Parser, arg: Arg): Token {
  const value = blank();
  expect(p.whole(value), 'delim', ',');
  let token = p.tokens.item();
  let delimiter = '';
  if (token.type === 'item' || token.type === 'string' || token.type === 'char') {
    delimiter = token.text;
    token = p.tokens.item();
  }
  expect(token, 'delim', ',');
  become(arg, { kind: 'flags', text: delimiter, left: value, names: [], rank: 0 });
  return names(p, arg);
}

function symbols(p: Parser, arg: Arg): Token {
  const value = blank();
  expect(p.whole(value), 'delim', ',');
  become(arg, { kind: 'symbol', text: '', left: value, names: [], rank: 0 });
  return names(p, arg);
}

/** `{ value, "name" }, …)` */
function names(p: Parser, arg: Arg): Token {
  let token: Token;
  do {
    token = p.tokens.item();
    if (token.type !== 'op' || token.text !== '{') break;
    const value = blank();
    token = p.arg(value);
    if (token.type === 'op') token = p.op(value, token);
    expect(token, 'delim', ',');
    const name = blank();
    expect(p.arg(name), 'op', '}');
    arg.names?.push([constant(value), constant(name)]);
    token = p.tokens.item();
  } while (token.type === 'delim' && token.text === ',');
  expect(token, 'delim', ')');
  return p.tokens.item();
}

function named(p: Parser, arg: Arg, kind: ArgKind): Token {
  const name = p.tokens.next();
  if (name.type !== 'item') throw new Unreadable('field name missing');
  expect(p.tokens.next(), 'delim', ')');
  become(arg, { kind, text: name.text, field: p.anyField(name.text), rank: 0 });
  return p.tokens.next();
}

function dynamic(p: Parser, arg: Arg, kind: 'dynamic' | 'dynamic-length'): Token {
  const name = p.tokens.next();
  const field = p.fields.find((f) => f.name === name.text && !f.name.startsWith('common_'));
  if (name.type !== 'item' || !field) throw new Unreadable(`dynamic array ${name.text}`);
  expect(p.tokens.next(), 'delim', ')');
  become(arg, { kind, text: name.text, field, rank: 0 });
  if (kind === 'dynamic-length') return p.tokens.next();
  const token = p.tokens.item();
  if (token.type === 'op' && token.text === '[') throw new Unreadable('index of a dynamic array');
  return token;
}

function sizeOf(p: Parser, arg: Arg): Token {
  let token = p.tokens.item();
  let size: number | undefined;
  let unsigned = false;
  if (token.text === 'unsigned') {
    token = p.tokens.item();
    unsigned = token.type !== 'item';
  }
  if (unsigned) {
    size = 4;
  } else if (token.text === 'int') {
    size = 4;
    token = p.tokens.item();
  } else if (token.text === 'long') {
    token = p.tokens.item();
    size = token.text === 'long' ? 8 : p.longSize;
    if (token.text === 'long') token = p.tokens.item();
  } else if (token.text === 'REC') {
    expect(p.tokens.item(), 'op', '->');
    const field = p.anyField(p.tokens.next().text);
    if (!field || field.type.includes('[')) throw new Unreadable('sizeof an array');
    size = field.size;
    token = p.tokens.item();
  } else {
    throw new Unreadable(`sizeof(${token.text})`);
  }
  expect(token, 'delim', ')');
  become(arg, { kind: 'atom', text: String(size), rank: 0 });
  return p.tokens.item();
}
