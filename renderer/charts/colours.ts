/** The palette of styles/tokens.css for what is drawn on a canvas, in the theme that is on. */
import { onScopeDispose, shallowRef } from 'vue';
import type { ShallowRef } from 'vue';

const names = [
  ...(['surface', 'ink', 'muted', 'line', 'band', 'accent', 'dens', 'good', 'warn', 'bad'] as const),
  ...(['irq', 'killed', 'dead', 'full', 'copy', 'disc', 'ui', 'mono'] as const),
] as const;
export type Colours = Readonly<Record<(typeof names)[number], string>>;

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

/** Follows the system's theme for as long as the component lives. */
export function useColours(): ShallowRef<Colours> {
  const colours = shallowRef(read());
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const update = () => {
    colours.value = read();
  };
  dark.addEventListener('change', update);
  onScopeDispose(() => dark.removeEventListener('change', update));
  return colours;
}

/** The fixed colour of each kind of blackout; `none` and what is new are grey. */
export function kindColour(colours: Colours, kind: string): string {
  const fixed: Readonly<Record<string, string>> = {
    'irq-latency': colours.irq,
    'session-killed': colours.killed,
    'vm-dead': colours.dead,
    'buffer-full': colours.full,
    'copy-out': colours.copy,
    discarded: colours.disc,
  };
  return fixed[kind] ?? colours.dens;
}

/** Cause classes have colours of their own: they answer another question than kinds. */
export function causeColour(colours: Colours, cause: string): string {
  const { full, killed, disc, copy, irq, accent, muted, dens } = colours;
  const fixed: Readonly<Record<string, string>> = {
    'first-touch': full,
    userspace: killed,
    'host-mm': disc,
    kvm: muted,
    'dirty-log': copy,
    'guest-allowed': irq,
    'guest-forbidden': accent,
  };
  return fixed[cause] ?? dens;
}

const dashes = ['solid', 'dashed', 'dotted'] as const;

/** Colour and dash of the i-th curve: after one round of colours the dash changes. */
export function stroke(i: number, c: Colours): { color: string; type: (typeof dashes)[number] } {
  const colours = [c.accent, c.killed, c.copy, c.disc, c.warn, c.ink];
  return { color: colours[i % colours.length], type: dashes[Math.floor(i / colours.length) % dashes.length] };
}
