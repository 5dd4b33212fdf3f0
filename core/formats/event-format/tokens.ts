/**
 * The tokens of an event description, cut as libtraceevent cuts them (event-parse.c, __read_token): what it takes for one
 * token decides which print formats it can read, so the rules here are its own, the odd ones included.
 */

import { Unreadable } from './arg.ts';

export type TokenType = 'none' | 'newline' | 'space' | 'item' | 'string' | 'char' | 'delim' | 'op';

export interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const END: Token = { type: 'none', text: '' };

/** Macros that kernels before 811cb50baf63 left in the formats of mac80211 events, and what they stood for. */
const leftoverMacros: ReadonlyMap<string, string> = new Map([
  ['LOCAL_PR_FMT', '%s'],
  ['STA_PR_FMT', ' sta:%pM'],
  ['VIF_PR_FMT', ' vif:%p(%d)'],
]);

function typeOf(ch: string | undefined): TokenType {
  if (ch === undefined) return 'none';
  if (ch === '\n') return 'newline';
  if (/\s/.test(ch)) return 'space';
  if (/[A-Za-z0-9_]/.test(ch)) return 'item';
  if (ch === "'") return 'char';
  if (ch === '"') return 'string';
  if (ch < ' ' || ch > '~') return 'none';
  return ch === '(' || ch === ')' || ch === ',' ? 'delim' : 'op';
}

export class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next token that isn't blank; a newline is one. */
  next(): Token {
    for (;;) {
      const token = this.#read();
      if (token.type !== 'space') return token;
    }
  }

  /** The next token that is neither blank nor a newline. */
  item(): Token {
    for (;;) {
      const token = this.#read();
      if (token.type !== 'space' && token.type !== 'newline') return token;
    }
  }

  #read(): Token {
    const text = this.#text;
    const start = this.#at;
    const ch = text[start];
    const type = typeOf(ch);
    if (type === 'none') return END;
    this.#at++;
    switch (type) {
      case 'newline':
      case 'delim':
        return { type, text: ch };
      case 'op':
        return { type, text: this.#operator(ch) };
      case 'string':
      case 'char':
        return this.#quoted(type, ch);
      default:
        while (typeOf(text[this.#at]) === type) this.#at++;
        break;
    }
    const word = text.slice(start, this.#at);
    const macro = leftoverMacros.get(word);
    return macro === undefined ? { type, text: word } : { type: 'string', text: macro };
  }

  #operator(ch: string): string {
    const next = this.#text[this.#at];
    const take = (): string => this.#text[this.#at++];
    if (ch === '-' && next === '>') return ch + take();
    if ('+|&<>-'.includes(ch)) {
      let op = ch;
      if (next === ch) {
        op += take();
        if (ch !== '<' && ch !== '>') return op;
      }
      return this.#text[this.#at] === '=' ? op + take() : op;
    }
    return (ch === '!' || ch === '=') && next === '=' ? ch + take() : ch;
  }

  /**
   * A quoted token without its quotes, escapes kept as written; neighbouring strings are one. A character that doesn't print
   * (a bare tab, say) ends it like a quote.
   */
  #quoted(type: 'string' | 'char', quote: string): Token {
    const text = this.#text;
    let body = '';
    for (;;) {
      const start = this.#at;
      let escaped = false;
      for (;;) {
        const ch = text[this.#at];
        if (ch === undefined || ch === '\0') return END;
        if (!escaped && (ch === quote || !/[\n -~]/.test(ch))) break;
        escaped = !escaped && ch === '\\';
        this.#at++;
      }
      body += text.slice(start, this.#at++);
      if (type === 'char') return { type, text: body };
      let after = this.#at;
      while (after < text.length && /\s/.test(text[after])) after++;
      if (text[after] !== '"') return { type, text: body };
      this.#at = after + 1;
    }
  }
}

/** Throws Unreadable unless `token` is just this. */
export function expect(token: Token, type: Token['type'], text: string): void {
  if (token.type !== type || token.text !== text) throw new Unreadable(`expected ${text}, found ${token.text}`);
}
