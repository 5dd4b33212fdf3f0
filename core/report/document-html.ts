/** A document as one HTML file. */
import type { Block, Document, DocumentSection, Figure } from './document.ts';
import { factGrid } from './facts.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';
import { page } from './page.ts';
import { isShown } from './options.ts';
import type { ReportOptions } from './options.ts';
import type { Table } from './tables.ts';

/** @param comment what the report tells programs about itself */
export function documentHtml(doc: Document, options: ReportOptions, comment?: string): string {
  const { umbra, title, subtitle, notes, lead, figure, foot } = doc;
  return page({
    ...{ umbra, title, subtitle, notes, lead, foot, comment },
    name: subtitle,
    figure: figure && figureMarkup(figure),
    userNotes: options.notes,
    sections: doc.sections.filter(({ id }) => id === undefined || isShown(options, id)).map(section),
  });
}

function section({ title, blocks }: DocumentSection, i: number): Markup {
  return html`<section aria-labelledby="h-${i}">
    <h2 id="h-${i}">${title}</h2>
    ${rows(blocks).map((row) => (row.length > 1 ? html`<div class="inputs">${row.map(block)}</div>` : row.map(block)))}
  </section>`;
}

/** Consecutive tables go side by side. */
function rows(blocks: readonly Block[]): Block[][] {
  const found: Block[][] = [];
  for (const one of blocks) {
    const last = found.at(-1);
    if (one.kind === 'table' && last?.[0]?.kind === 'table') last.push(one);
    else found.push([one]);
  }
  return found;
}

function block(one: Block): Content {
  switch (one.kind) {
    case 'text':
      return html`<p class="fn">${one.text}</p>`;
    case 'table':
      return tableMarkup(one.caption, one.table);
    case 'figures':
      return html`<div class="charts">${one.figures.map(figureMarkup)}</div>`;
    case 'facts':
      return factGrid(one.blocks);
    case 'commands':
      return html`<pre>${one.commands.join('\n')}</pre>`;
  }
}

function figureMarkup({ caption, drawing, key }: Figure): Markup {
  return html`<figure>
    <figcaption>${caption}</figcaption>
    ${drawing} ${key && html`<p class="fn">${key}</p>`}
  </figure>`;
}

function tableMarkup(caption: string, { head, align, rows }: Table): Markup {
  const words = (c: number): Content => align[c] === 'l' && html` class="words"`;
  return html`<div class="scroll">
    <table class="sides">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((cell, c) => html`<th scope="col" ${words(c)}>${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...cells]) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${cells.map((cell, c) => html`<td${words(c + 1)}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
