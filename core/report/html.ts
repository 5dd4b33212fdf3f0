import { unsafe } from '../words/printable.ts';

/** HTML text that is safe by construction: what is put into a template is escaped, unless it came from one. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | undefined | false | readonly Content[];

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escape(text: string): string {
  return printable(text).replace(/[&<>"']/g, (c) => escapes[c]);
}

/**
 * Control characters have no place in HTML or XML; lone surrogates neither. Nor do those that change the writing direction: a name with one
 * would show what follows it in another order.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(unsafe, '\ufffd');
}

/** Template tag. Attribute values must be in double quotes. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + render(contents[i - 1]) + part));
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escape(String(content));
}
