/** The maker's notes: Markdown that can't break out of a report. HTML in it is text, images are links, links open only on a click. */
import createMarkdownIt from 'markdown-it';
import type { MarkdownIt, Token } from 'markdown-it';
import { Markup, printable } from './html.ts';

/** CommonMark and tables. markdown-it refuses javascript:, vbscript:, file: and data: links on its own. */
function parser(): MarkdownIt {
  // An image would be fetched when the report is opened.
  return createMarkdownIt('default', { html: false, linkify: false, typographer: false }).disable('image');
}

export function notesHtml(markdown: string): Markup {
  const md = parser();
  // The page's own headings start at h2.
  for (const rule of ['heading_open', 'heading_close'] as const) {
    md.renderer.rules[rule] = (tokens, i, options, _, self) => {
      const token = tokens[i];
      token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
      return self.renderToken(tokens, i, options);
    };
  }
  return new Markup(md.render(printable(markdown)));
}

/** The notes as part of a Markdown file: as written, with anything that would be HTML shown as text; code blocks stay as they are. */
export function notesMarkdown(markdown: string): string {
  const text = printable(markdown).replace(/\r\n?/g, '\n');
  const code = new Set<number>();
  const tokens = parser().parse(text, {});
  for (const token of tokens) {
    if ((token.type === 'fence' || token.type === 'code_block') && token.map) {
      for (let line = token.map[0]; line < token.map[1]; line++) code.add(line);
    }
  }
  const lines = text.split('\n').map((line, i) => (code.has(i) ? line : harmless(line)));
  return [...lines, ...missingFence(tokens.at(-1), lines)].join('\n');
}

/** A code block that the notes leave open would swallow the rest of the report. */
function missingFence(last: Token | undefined, lines: readonly string[]): string[] {
  if (last?.type !== 'fence' || last.level > 0) return [];
  const { markup } = last;
  const end = lines.at(-1)!.trim();
  const opened = last.map![1] - last.map![0];
  const closed = opened > 1 && end.length >= markup.length && end === markup[0].repeat(end.length);
  return closed ? [] : [markup];
}

/** What renders the file may allow more than we do: HTML, images and script links are written so that they aren't any. */
function harmless(line: string): string {
  return line
    .replace(/&(?=[#\w]+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('![', '!\\[')
    .replace(/(^\s*|\(\s*|\]:\s*)(javascript|vbscript|data|file):/gi, '$1$2%3A')
    .replace(/^( {0,3})(#{1,4})(?=\s)/, '$1##$2');
}
