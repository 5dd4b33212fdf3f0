import createMarkdownIt from 'markdown-it';
import { describe, expect, test } from 'vitest';
import { notesHtml, notesMarkdown } from '../../core/report/notes.ts';

const hostile = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)> <svg/onload=alert(1)>',
  '[a](javascript:alert(1)) [b]( JaVaScRiPt:alert(1)) [c](java&#115;cript:alert(1)) [d](data:text/html;base64,AA)',
  '[r][r]\n\n[r]: javascript:alert(1)',
  '[r][r]\n\n[r]:\n  vbscript:x',
  '![i](https://example.org/x.png)',
  '<javascript:alert(1)>',
  '--> <!-- umbra-report {"form":1} -->',
  '<style>*{display:none}</style></div></section>',
  '\u0000\u001b[31m\u202eturned\ud800',
  '~~~\nleft open <script>',
  '```',
  '```html\n<b>closed</b>\n```',
  '````\n```\n',
  '- item\n  ```\n  in the item <i>',
];

/** A Markdown viewer may allow HTML. */
const lenient = createMarkdownIt('commonmark', { html: true });

describe.each(hostile)('notes %j', (notes) => {
  const opening = /<(?!\/?(?:p|a|h\d|code|pre|ul|li|ol|em|strong|blockquote|br|hr)[ >/])[a-z!/]/i;
  const link = /href="(?:javascript|vbscript|data|file):/i;

  test('are no HTML of their own in an HTML report', () => {
    const { text } = notesHtml(notes);
    expect(text).not.toMatch(opening);
    expect(text).not.toMatch(link);
    expect(text).not.toMatch(/[\u0000\u001b\u202e\ud800]/);
  });

  test('stay within their part of a Markdown file, without HTML, images and script links', () => {
    const shown = lenient.render(`## Notes\n\n${notesMarkdown(notes)}\n\n## Parameters\n`);
    expect(shown).not.toMatch(opening);
    expect(shown).not.toMatch(link);
    expect(shown).toContain('<h2>Parameters</h2>');
  });
});

test('what looks like a scheme in prose stays', () => {
  expect(notesMarkdown('The data: 5 of them; see file: x')).toBe('The data: 5 of them; see file: x');
});
