/**
 * The arguments of a print format: C expressions over the record's fields. The grammar is libtraceevent 1.7's
 * (event-parse.c, process_arg and process_op), because the goal is its text: operators of equal rank group to the right,
 * and a parenthesised right operand of lower rank is regrouped. Formats that it can't read, we don't read either.
 */
import { become, blank, Unreadable, type Arg, type ArgKind } from './arg.ts';
import { constant, fold } from './constants.ts';
import type { EventField } from './format.ts';
import { Tokens, type Token } from './tokens.ts';

export interface PrintFormat {
  /** The printf format, escapes as written. */
  readonly format: string;
  readonly args: Arg[];
}

const ranks: Readonly<Record<string, number>> = {
  '~': 4,
  '!': 4,
  '*': 6,
  '/': 6,
  '%': 6,
  '+': 7,
  '-': 7,
  '<': 9,
  '>': 9,
  '&': 11,
  '^': 12,
  '|': 13,
  '?': 16,
  '++': 3,
  '--': 3,
  '>>': 8,
  '<<': 8,
  '>=': 9,
  '<=': 9,
  '==': 10,
  '!=': 10,
  '&&': 14,
  '||': 15,
};
const binary = new Set('>> << & | && || - + * ^ / % < > <= >= == !='.split(' '));

function rankOf(op: string): number {
  return ranks[op] ?? -1;
}

function expect(token: Token, type: Token['type'], text: string): void {
  if (token.type !== type || token.text !== text) throw new Unreadable(`expected ${text}, found ${token.text}`);
}

/** Deepest nesting followed; a kernel's own formats stay under 40. */
const MAX_DEPTH = 500;

/**
 * Parses a print format, `"format", arg, …`, over an event's fields.
 * Throws Unreadable where libtraceevent gives up.
 */
export function parsePrintFormat(text: string, fields: readonly EventField[], longSize: number): PrintFormat {
  return new ArgParser(text, fields, longSize).print();
}

class ArgParser {
  readonly #tokens: Tokens;
  readonly #fields: readonly EventField[];
  readonly #longSize: number;
  #depth = 0;

  constructor(text: string, fields: readonly EventField[], longSize: number) {
    this.#tokens = new Tokens(text);
    this.#fields = fields;
    this.#longSize = longSize;
  }

  print(): PrintFormat {
    const first = this.#tokens.next();
    if (first.type !== 'string') throw new Unreadable('no format string');
    let format = first.text;
    let token = this.#tokens.item();
    for (; token.type === 'string'; token = this.#tokens.item()) format += token.text;
    if (token.type === 'none') return { format, args: [] };
    expect(token, 'delim', ',');
    return { format, args: this.#args() };
  }

  #args(): Arg[] {
    const args: Arg[] = [];
    let token: Token;
    do {
      const arg = blank();
      token = this.#arg(arg);
      args.push(arg);
      if (token.type === 'op') {
        token = this.#op(arg, token);
        fold(arg);
        while (token.type === 'newline') token = this.#tokens.item();
        continue;
      }
      if (token.type !== 'delim' || token.text !== ',') break;
    } while (token.type !== 'none');
    return args;
  }

  #arg(arg: Arg): Token {
    return this.#argFrom(arg, this.#tokens.next());
  }

  #argFrom(arg: Arg, token: Token): Token {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable('nested too deeply');
    const next = this.#operand(arg, token);
    this.#depth--;
    return next;
  }

  #operand(arg: Arg, token: Token): Token {
    switch (token.type) {
      case 'item':
        return token.text === 'REC' ? this.#record(arg) : this.#word(arg, token.text);
      case 'string':
      case 'char':
        become(arg, { kind: 'atom', text: token.text, rank: 0 });
        return this.#tokens.item();
      case 'delim':
      case 'op':
        if (token.text === '(' && token.type === 'delim') return this.#paren(arg);
        become(arg, { kind: 'op', text: token.text, rank: 0 });
        return this.#op(arg, token);
      default:
        throw new Unreadable('argument missing');
    }
  }

  #word(arg: Arg, word: string): Token {
    let token = this.#tokens.item();
    if (token.type === 'delim' && token.text === '(') return this.#call(arg, word);
    let text = word;
    for (; token.type === 'item'; token = this.#tokens.item()) text += ` ${token.text}`;
    become(arg, { kind: 'atom', text, rank: 0 });
    return token;
  }

  /** Behind `REC`: `->field`. `(REC)->field` comes in two steps: the parenthesis first, as an item. */
  #record(arg: Arg): Token {
    const token = this.#tokens.item();
    if (token.type === 'delim' && token.text === ')') return { type: 'item', text: ')' };
    expect(token, 'op', '->');
    const name = this.#tokens.next();
    if (name.type !== 'item') throw new Unreadable('field name missing');
    become(arg, { kind: 'field', text: name.text, field: this.#anyField(name.text), rank: 0 });
    return this.#tokens.next();
  }

  #paren(arg: Arg): Token {
    let token = this.#arg(arg);
    if (token.type === 'op') token = this.#op(arg, token);
    if (token.type === 'item' && token.text === ')') return this.#record(arg);
    expect(token, 'delim', ')');
    token = this.#tokens.item();
    const operandFollows =
      token.type === 'item' ||
      token.type === 'string' ||
      token.type === 'char' ||
      (token.type === 'delim' && token.text === '(');
    if (!operandFollows) return token;
    if (arg.kind !== 'atom') throw new Unreadable('not a type');
    const item = blank();
    become(arg, { kind: 'cast', text: arg.text, left: item, rank: 0 });
    return this.#argFrom(item, token);
  }

  /** Consumes an operator (already read) and all that follows of its expression; `arg` is its left operand so far. */
  #op(arg: Arg, token: Token): Token {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable('nested too deeply');
    const op = token.text;
    let right: Arg | undefined;
    let next: Token;
    if (arg.kind === 'op' && !arg.left) {
      if (!'~!+-'.includes(op) || op.length !== 1) throw new Unreadable(`operator ${op}`);
      arg.left = blank();
      arg.right = right = blank();
      next = this.#arg(right);
    } else if (op === '?') {
      become(arg, { kind: 'op', text: op, left: { ...arg }, rank: 0 });
      next = this.#choice(arg);
    } else if (op === '[') {
      become(arg, { kind: 'op', text: op, left: { ...arg }, rank: 0 });
      arg.right = blank();
      expect(this.#arg(arg.right), 'op', ']');
      next = this.#tokens.item();
    } else if (binary.has(op)) {
      const left = { ...arg };
      become(arg, { kind: 'op', text: op, left, rank: left.kind === 'null' ? 0 : rankOf(op) });
      next = this.#tokens.item();
      if (op === '*' && next.type === 'delim' && next.text === ')') {
        if (left.kind !== 'atom') throw new Unreadable('bad pointer type');
        become(arg, { ...left, text: `${left.text} *` });
        this.#depth--;
        return next;
      }
      right = blank();
      next = this.#argFrom(right, next);
      this.#join(arg, right);
    } else {
      throw new Unreadable(`operator ${op}`);
    }
    if (next.type === 'op' && next.text !== ':') {
      const target = rankOf(next.text) > arg.rank ? arg : right;
      if (!target) throw new Unreadable(`operator ${next.text}`);
      next = this.#op(target, next);
    }
    this.#depth--;
    return next;
  }

  /** Gives `arg` its right operand; one of lower rank (it stood in parentheses) changes places with it. */
  #join(arg: Arg, right: Arg): void {
    if (right.kind !== 'op' || rankOf(arg.text) >= rankOf(right.text)) {
      arg.right = right;
      return;
    }
    const upper = { ...right };
    arg.right = upper.left;
    become(right, { ...arg });
    become(arg, { ...upper, left: right });
  }

  /** Behind `?`: `left : right`. */
  #choice(arg: Arg): Token {
    const left = blank();
    const right = blank();
    let token = this.#arg(left);
    while (token.type === 'op' && token.text !== ':') token = this.#op(left, token);
    expect(token, 'op', ':');
    token = this.#arg(right);
    arg.right = { kind: 'op', text: ':', left, right, rank: 0 };
    return token;
  }

  #call(arg: Arg, name: string): Token {
    switch (name) {
      case '__print_flags':
        return this.#flags(arg);
      case '__print_symbolic':
        return this.#symbols(arg);
      case '__print_hex':
      case '__print_hex_str':
        become(arg, { kind: name === '__print_hex' ? 'hex' : 'hex-string', text: name, rank: 0 });
        arg.left = this.#argUpTo(',');
        arg.right = this.#argUpTo(')');
        return this.#tokens.item();
      case '__print_array':
        become(arg, { kind: 'numbers', text: name, rank: 0 });
        arg.left = this.#argUpTo(',');
        arg.right = this.#argUpTo(',');
        arg.third = this.#argUpTo(')');
        return this.#tokens.item();
      case '__get_str':
      case '__get_rel_str':
        return this.#named(arg, 'text');
      case '__get_bitmask':
      case '__get_rel_bitmask':
        return this.#named(arg, 'bitmask');
      case '__get_cpumask':
      case '__get_rel_cpumask':
        return this.#named(arg, 'cpumask');
      case '__get_dynamic_array':
      case '__get_rel_dynamic_array':
      case '__get_sockaddr':
      case '__get_sockaddr_rel':
        return this.#dynamic(arg, 'dynamic');
      case '__get_dynamic_array_len':
      case '__get_rel_dynamic_array_len':
        return this.#dynamic(arg, 'dynamic-length');
      case '__builtin_expect': {
        expect(this.#arg(arg), 'delim', ',');
        if (this.#tokens.next().type !== 'item') throw new Unreadable('__builtin_expect');
        expect(this.#tokens.next(), 'delim', ')');
        return this.#tokens.item();
      }
      case 'sizeof':
        return this.#sizeof(arg);
      default:
        throw new Unreadable(`function ${name}`);
    }
  }

  #argUpTo(delimiter: string): Arg {
    const arg = blank();
    let token = this.#arg(arg);
    if (token.type === 'op') {
      token = this.#op(arg, token);
      fold(arg);
    }
    expect(token, 'delim', delimiter);
    return arg;
  }

  #whole(arg: Arg): Token {
    let token = this.#arg(arg);
    while (token.type === 'op') token = this.#op(arg, token);
    return token;
  }

  #flags(arg: Arg): Token {
    const value = blank();
    expect(this.#whole(value), 'delim', ',');
    let token = this.#tokens.item();
    let delimiter = '';
    if (token.type === 'item' || token.type === 'string' || token.type === 'char') {
      delimiter = token.text;
      token = this.#tokens.item();
    }
    expect(token, 'delim', ',');
    become(arg, { kind: 'flags', text: delimiter, left: value, names: [], rank: 0 });
    return this.#names(arg);
  }

  #symbols(arg: Arg): Token {
    const value = blank();
    expect(this.#whole(value), 'delim', ',');
    become(arg, { kind: 'symbol', text: '', left: value, names: [], rank: 0 });
    return this.#names(arg);
  }

  /** `{ value, "name" }, …)` */
  #names(arg: Arg): Token {
    let token: Token;
    do {
      token = this.#tokens.item();
      if (token.type !== 'op' || token.text !== '{') break;
      const value = blank();
      token = this.#arg(value);
      if (token.type === 'op') token = this.#op(value, token);
      expect(token, 'delim', ',');
      const name = blank();
      expect(this.#arg(name), 'op', '}');
      arg.names?.push([constant(value), constant(name)]);
      token = this.#tokens.item();
    } while (token.type === 'delim' && token.text === ',');
    expect(token, 'delim', ')');
    return this.#tokens.item();
  }

  #named(arg: Arg, kind: ArgKind): Token {
    const name = this.#tokens.next();
    if (name.type !== 'item') throw new Unreadable('field name missing');
    expect(this.#tokens.next(), 'delim', ')');
    become(arg, { kind, text: name.text, field: this.#anyField(name.text), rank: 0 });
    return this.#tokens.next();
  }

  #dynamic(arg: Arg, kind: 'dynamic' | 'dynamic-length'): Token {
    const name = this.#tokens.next();
    const field = this.#fields.find((f) => f.name === name.text && !f.name.startsWith('common_'));
    if (name.type !== 'item' || !field) throw new Unreadable(`dynamic array ${name.text}`);
    expect(this.#tokens.next(), 'delim', ')');
    become(arg, { kind, text: name.text, field, rank: 0 });
    if (kind === 'dynamic-length') return this.#tokens.next();
    const token = this.#tokens.item();
    if (token.type === 'op' && token.text === '[') throw new Unreadable('index of a dynamic array');
    return token;
  }

  #sizeof(arg: Arg): Token {
    let token = this.#tokens.item();
    let size: number | undefined;
    let unsigned = false;
    if (token.text === 'unsigned') {
      token = this.#tokens.item();
      unsigned = token.type !== 'item';
    }
    if (unsigned) {
      size = 4;
    } else if (token.text === 'int') {
      size = 4;
      token = this.#tokens.item();
    } else if (token.text === 'long') {
      token = this.#tokens.item();
      size = token.text === 'long' ? 8 : this.#longSize;
      if (token.text === 'long') token = this.#tokens.item();
    } else if (token.text === 'REC') {
      expect(this.#tokens.item(), 'op', '->');
      const field = this.#anyField(this.#tokens.next().text);
      if (!field || field.type.includes('[')) throw new Unreadable('sizeof an array');
      size = field.size;
      token = this.#tokens.item();
    } else {
      throw new Unreadable(`sizeof(${token.text})`);
    }
    expect(token, 'delim', ')');
    become(arg, { kind: 'atom', text: String(size), rank: 0 });
    return this.#tokens.item();
  }

  #anyField(name: string): EventField | undefined {
    return this.#fields.find((f) => f.name === name);
  }
}
