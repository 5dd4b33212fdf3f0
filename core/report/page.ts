/** The HTML page that every report is built on: no script, no network, no fonts; light and dark as the reader's system is. */
import { html, Markup } from './html.ts';
import type { Content } from './html.ts';
import { notesHtml } from './notes.ts';
import { styleCss } from './style.ts';

export interface Page {
  readonly umbra: string;
  /** Of the window, after `Umbra: `. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  /** What a reader must know first. */
  readonly notes: readonly string[];
  readonly lead: string;
  /** What a reader asks next, label and sentences. */
  readonly points?: readonly { readonly label: string; readonly text: string }[];
  readonly figure: Content;
  /** The maker's notes, Markdown. */
  readonly userNotes?: string;
  /** Definitions that drawings refer to. */
  readonly definitions?: Content;
  readonly sections: Content;
  readonly foot: string;
  /** What the report tells programs about itself. */
  readonly comment?: string;
}

export function page(p: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="generator" content="Umbra ${p.umbra}" />
        <title>Umbra: ${p.name}</title>
        <style>
          ${new Markup(styleCss)}
        </style>
      </head>
      <body>
        ${p.definitions}
        <main>
          <header>
            <h1>${p.title}</h1>
            <p class="sub">${p.subtitle}</p>
            ${
              p.notes.length > 0 &&
              html`<ul class="notes">
                ${p.notes.map((note) => html`<li>${note}</li>`)}
              </ul>`
            }
          </header>
          <p class="lead">${p.lead}</p>
          ${
            p.points !== undefined &&
            p.points.length > 0 &&
            html`<dl class="finding">
              ${p.points.map(
                ({ label, text }) =>
                  html`<dt>${label}</dt>
                    <dd>${text}</dd>`,
              )}
            </dl>`
          }
          ${p.figure} ${userNotes(p.userNotes)} ${p.sections}
          <footer>Made by Umbra ${p.umbra}. ${p.foot}</footer>
          ${p.comment !== undefined && new Markup(p.comment)}
        </main>
      </body>
    </html> `.text;
}

function userNotes(notes: string | undefined): Markup | false {
  if (!notes?.trim()) return false;
  return html`<section aria-labelledby="h-notes">
    <h2 id="h-notes">Notes</h2>
    <div class="user">${notesHtml(notes)}</div>
  </section>`;
}
