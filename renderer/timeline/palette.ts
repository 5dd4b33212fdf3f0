/** The page's colours and the bands' patterns, for a canvas. Kinds of blackout differ by pattern as well as by colour. */

import type { FlagColor } from '../../core/contract/limits.ts';
import { causeSigns, windowSigns } from '../../core/words/signs.ts';
import type { Colour } from '../../core/words/signs.ts';
import { mixed, wedge } from './darkness.ts';

export type KindStyle = string | CanvasPattern;

export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly band: string;
  readonly dens: string;
  readonly accent: string;
  readonly bad: string;
  readonly good: string;
  readonly mono: string;
  /** For letters in marks. */
  readonly tiny: string;
  /** Plain colour of each kind of window, and of each cause of a stage 2 change. */
  readonly kind: Readonly<Record<string, string>>;
  readonly cause: Readonly<Record<string, string>>;
  readonly pattern: Readonly<Record<string, KindStyle>>;
  /** Of flags. */
  readonly flag: Readonly<Record<FlagColor, string>>;
  /** For each kind, the colours of darkness.ts' steps over a band. */
  readonly steps: Readonly<Record<string, readonly string[]>>;
  /** The same for blackouts that a capture itself shows. */
  readonly observed: readonly string[];
  /** A colour over another, from none of it to all in `BLENDS` steps: few enough that each is mixed only once. */
  blends(color: string, over: string): readonly string[];
}

export const BLENDS = 32;

/** From the element's own style, read again when the theme changes. */
export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  // Including the system colours of forced-colors, as plain hex: pixels are written by hand.
  const plain = document.createElement('canvas').getContext('2d');
  const color = (name: string) => {
    const value = style.getPropertyValue(name).trim();
    if (!plain || name === '--mono') return value;
    plain.fillStyle = '#000';
    plain.fillStyle = value;
    return plain.fillStyle;
  };
  const each = (signs: Readonly<Record<string, { readonly colour: Colour }>>) =>
    Object.fromEntries(Object.entries(signs).map(([name, { colour }]) => [name, color(`--${colour}`)]));
  const kind = each(windowSigns);
  const surface = color('--surface');
  const band = color('--band');
  const steps = Object.fromEntries(Object.entries(kind).map(([name, c]) => [name, wedge(c, band)]));
  // Made when first used: a picture of a whole run shows none.
  const pattern: Record<string, KindStyle> = {};
  for (const [name, { strokes }] of Object.entries(windowSigns)) {
    let made: KindStyle | undefined;
    Object.defineProperty(pattern, name, { get: () => (made ??= patternOf(strokes, kind[name], surface)) });
  }
  return {
    ...{ ink: color('--ink'), muted: color('--muted'), line: color('--line'), surface, band },
    ...{ dens: color('--dens'), accent: color('--accent'), bad: color('--bad'), good: color('--good') },
    ...{ mono: `11px ${color('--mono')}`, tiny: `bold 9px ${color('--mono')}` },
    kind,
    cause: each(causeSigns),
    pattern,
    steps,
    observed: wedge(color('--bad'), band),
    blends: keptBlends(),
    flag: {
      accent: color('--accent'),
      good: color('--good'),
      warn: color('--warn'),
      bad: color('--bad'),
      muted: color('--muted'),
    },
  };
}

function keptBlends(): Palette['blends'] {
  const kept = new Map<string, readonly string[]>();
  return (color, over) => {
    const key = color + over;
    let steps = kept.get(key);
    if (!steps) kept.set(key, (steps = Array.from({ length: BLENDS + 1 }, (_, i) => mixed(color, over, i / BLENDS))));
    return steps;
  };
}

/** Side of a pattern's tile, px. */
const TILE = 8;

function patternOf(strokes: string, color: string, surface: string): KindStyle {
  const tile = document.createElement('canvas');
  tile.width = tile.height = TILE;
  const context = tile.getContext('2d');
  if (!strokes || !context) return color;
  context.fillStyle = color;
  context.fillRect(0, 0, TILE, TILE);
  context.strokeStyle = surface;
  context.lineWidth = 1.2;
  context.stroke(new Path2D(strokes));
  return context.createPattern(tile, 'repeat') ?? color;
}
