/**
 * The arguments of a print format: C expressions over the record's fields. The grammar is libtraceevent 1.7's (event-parse.c, process_arg
 * and process_op), because the goal is its text: operators of equal rank group to the right, and a parenthesised right operand of lower
 * rank is regrouped. Formats it can't read, we don't read either.
 */
import { become, blank, Unreadable, type Arg } from './arg.ts';
import { parseCall } from './calls.ts';
import { fold } from './constants.ts';
import type { EventField } from './format.ts';
import type { Parser } from './parser.ts';
import { expect, Tokens, type Token } from './tokens.ts';

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

/** Deepest nesting followed; a kernel's own formats stay under 40. */
const MAX_DEPTH = 500;

/**
 * Parses a print format, `"format", arg, …`, over an event's fields.
 * Throws Unreadable where libtraceevent gives up.
 */
export function parsePrintFormat(text: string, fields: readonly EventField[], longSize: number): PrintFormat {
  return new ArgParser(text, fields, longSize).print();
}

/**
 * Each method leaves its node in `arg` and returns the token after it. Public methods are what the helpers of print formats (calls.ts)
 * need.
 */
class ArgParser implements Parser {
  readonly tokens: Tokens;
  readonly fields: readonly EventField[];
  readonly longSize: number;
  #depth = 0;

  constructor(text: string, fields: readonly EventField[], longSize: number) {
    this.tokens = new Tokens(text);
    this.fields = fields;
    this.longSize = longSize;
  }

  print(): PrintFormat {
    const first = this.tokens.next();
    if (first.type !== 'string') throw new Unreadable('no format string');
    let format = first.text;
    let token = this.tokens.item();
    for (; token.type === 'string'; token = this.tokens.item()) format += token.text;
    if (token.type === 'none') return { format, args: [] };
    expect(token, 'delim', ',');
    return { format, args: this.#args() };
  }

  #args(): Arg[] {
    const args: Arg[] = [];
    let token: Token;
    do {
      const arg = blank();
      token = this.arg(arg);
      args.push(arg);
      if (token.type === 'op') {
        token = this.op(arg, token);
        fold(arg);
        while (token.type === 'newline') token = this.tokens.item();
        continue;
      }
      if (token.type !== 'delim' || token.text !== ',') break;
    } while (token.type !== 'none');
    return args;
  }

  arg(arg: Arg): Token {
    return this.#argFrom(arg, this.tokens.next());
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
        return this.tokens.item();
      case 'delim':
      case 'op':
        if (token.text === '(' && token.type === 'delim') return this.#paren(arg);
        become(arg, { kind: 'op', text: token.text, rank: 0 });
        return this.op(arg, token);
      default:
        throw new Unreadable('argument missing');
    }
  }

  #word(arg: Arg, word: string): Token {
    let token = this.tokens.item();
    if (token.type === 'delim' && token.text === '(') return parseCall(this, arg, word);
    let text = word;
    for (; token.type === 'item'; token = this.tokens.item()) text += ` ${token.text}`;
    become(arg, { kind: 'atom', text, rank: 0 });
    return token;
  }

  /** After `REC`: `->field`. `(REC)->field` comes in two steps: the parenthesis first, as an item. */
  #record(arg: Arg): Token {
    const token = this.tokens.item();
    if (token.type === 'delim' && token.text === ')') return { type: 'item', text: ')' };
    expect(token, 'op', '->');
    const name = this.tokens.next();
    if (name.type !== 'item') throw new Unreadable('field name missing');
    become(arg, { kind: 'field', text: name.text, field: this.anyField(name.text), rank: 0 });
    return this.tokens.next();
  }

  #paren(arg: Arg): Token {
    let token = this.arg(arg);
    if (token.type === 'op') token = this.op(arg, token);
    if (token.type === 'item' && token.text === ')') return this.#record(arg);
    expect(token, 'delim', ')');
    token = this.tokens.item();
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

  /** Consumes an operator (already read) and the rest of its expression; `arg` is its left operand so far. */
  op(arg: Arg, token: Token): Token {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable('nested too deeply');
    const op = token.text;
    let right: Arg | undefined;
    let next: Token;
    if (arg.kind === 'op' && !arg.left) {
      if (!'~!+-'.includes(op) || op.length !== 1) throw new Unreadable(`operator ${op}`);
      arg.left = blank();
      arg.right = right = blank();
      next = this.arg(right);
    } else if (op === '?') {
      become(arg, { kind: 'op', text: op, left: { ...arg }, rank: 0 });
      next = this.#choice(arg);
    } else if (op === '[') {
      become(arg, { kind: 'op', text: op, left: { ...arg }, rank: 0 });
      arg.right = blank();
      expect(this.arg(arg.right), 'op', ']');
      next = this.tokens.item();
    } else if (binary.has(op)) {
      const left = { ...arg };
      become(arg, { kind: 'op', text: op, left, rank: left.kind === 'null' ? 0 : rankOf(op) });
      next = this.tokens.item();
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
      next = this.op(target, next);
    }
    this.#depth--;
    return next;
  }

  /** Gives `arg` its right operand; one of lower rank (it was in parentheses) swaps places with it. */
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

  /** After `?`: `left : right`. */
  #choice(arg: Arg): Token {
    const left = blank();
    const right = blank();
    let token = this.arg(left);
    while (token.type === 'op' && token.text !== ':') token = this.op(left, token);
    expect(token, 'op', ':');
    token = this.arg(right);
    arg.right = { kind: 'op', text: ':', left, right, rank: 0 };
    return token;
  }

  argUpTo(delimiter: string): Arg {
    const arg = blank();
    let token = this.arg(arg);
    if (token.type === 'op') {
      token = this.op(arg, token);
      fold(arg);
    }
    expect(token, 'delim', delimiter);
    return arg;
  }

  whole(arg: Arg): Token {
    let token = this.arg(arg);
    while (token.type === 'op') token = this.op(arg, token);
    return token;
  }

  anyField(name: string): EventField | undefined {
    return this.fields.find((f) => f.name === name);
  }
}
