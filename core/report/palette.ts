/**
 * The report's colours: CSS variables with a light and a dark value. Text colours reach WCAG AA on `--surface`. Charts come out of ECharts
 * with placeholders that `themed` turns into the variables, so that they follow the reader's scheme too.
 */
import { colours } from '../words/signs.ts';
import type { Colour } from '../words/signs.ts';

/** Lines of policies in a chart, distinguished by dashes after one round (Okabe and Ito's hues, darkened for text). */
export const lineColours: readonly Colour[] = ['accent', 'killed', 'copy', 'disc', 'warn', 'ink'];

const names = Object.keys(colours) as Colour[];

function declarations(scheme: 0 | 1): string {
  return names.map((name) => `--${name}:${colours[name][scheme]}`).join(';');
}

/** Printing is always light. */
export const paletteCss = `:root{color-scheme:light dark;${declarations(0)}}
@media screen and (prefers-color-scheme:dark){:root{${declarations(1)}}}`;

/** A placeholder for a colour where only hex will do. */
export function placeholder(colour: Colour): string {
  return `#fe01${names.indexOf(colour).toString(16).padStart(2, '0')}`;
}

/** Placeholders to variables. */
export function themed(svg: string): string {
  return svg.replace(/#fe01([0-9a-f]{2})/g, (_, index: string) => `var(--${names[parseInt(index, 16)]})`);
}

/** A drawing for use without our style sheet: variables to the light scheme's colours. */
export function inLight(svg: string): string {
  return svg.replace(/var\(--(\w+)\)/g, (whole, name: string) => colours[name as Colour]?.[0] ?? whole);
}
