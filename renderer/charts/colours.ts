/** The palette of styles/tokens.css for canvas drawing, in the active theme. */
import { colours as palette } from '../../core/words/signs.ts';
import type { Colour } from '../../core/words/signs.ts';
import { onScopeDispose, shallowRef } from 'vue';
import { onTheme } from '../state/theme.ts';
import type { ShallowRef } from 'vue';

const names = [...(Object.keys(palette) as Colour[]), 'ui', 'mono'] as const;
export type Colours = Readonly<Record<(typeof names)[number], string>>;

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

/** Follows the theme for as long as the component lives. */
export function useColours(): ShallowRef<Colours> {
  const colours = shallowRef(read());
  const update = () => {
    colours.value = read();
  };
  onScopeDispose(onTheme(update));
  return colours;
}

const dashes = ['solid', 'dashed', 'dotted'] as const;

/** Colour and dash of the i-th curve: the dash changes after each round of colours. */
export function stroke(i: number, c: Colours): { color: string; type: (typeof dashes)[number] } {
  const colours = [c.accent, c.killed, c.copy, c.disc, c.warn, c.ink];
  return { color: colours[i % colours.length], type: dashes[Math.floor(i / colours.length) % dashes.length] };
}
