/** The page's colours and the bands' patterns, for a canvas. Kinds of blackout differ by pattern as well as by colour. */

import type { FlagColor } from '../../core/contract/timeline.ts';
import { wedge } from './darkness.ts';

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
  /** Of each kind, the colours of darkness.ts' steps over a band. */
  readonly steps: Readonly<Record<string, readonly string[]>>;
}

const kindVariables = {
  'irq-latency': '--irq',
  'session-killed': '--killed',
  'vm-dead': '--dead',
  'buffer-full': '--full',
  'copy-out': '--copy',
  discarded: '--disc',
  'copy-failed': '--bad',
  torn: '--warn',
  wiped: '--muted',
} as const;

const causeVariables = {
  'first-touch': '--muted',
  userspace: '--killed',
  'host-mm': '--full',
  kvm: '--bad',
  'dirty-log': '--disc',
  'guest-allowed': '--copy',
  'guest-forbidden': '--irq',
} as const;

/** Of the element's own style; anew when the theme changes. */
export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  // System colours of forced-colors, too, as plain hex: pixels are written by hand.
  const plain = document.createElement('canvas').getContext('2d');
  const color = (name: string) => {
    const value = style.getPropertyValue(name).trim();
    if (!plain || name === '--mono') return value;
    plain.fillStyle = '#000';
    plain.fillStyle = value;
    return plain.fillStyle;
  };
  const each = (variables: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, color(variable)]));
  const kind = each(kindVariables);
  const surface = color('--surface');
  const band = color('--band');
  const steps = Object.fromEntries(Object.entries(kind).map(([name, c]) => [name, wedge(c, band)]));
  const pattern = Object.fromEntries(Object.entries(kind).map(([name, c]) => [name, patternOf(name, c, surface)]));
  return {
    ...{ ink: color('--ink'), muted: color('--muted'), line: color('--line'), surface, band },
    ...{ dens: color('--dens'), accent: color('--accent'), bad: color('--bad'), good: color('--good') },
    ...{ mono: `11px ${color('--mono')}`, tiny: `bold 9px ${color('--mono')}` },
    kind,
    cause: each(causeVariables),
    pattern,
    steps,
    flag: {
      accent: color('--accent'),
      good: color('--good'),
      warn: color('--warn'),
      bad: color('--bad'),
      muted: color('--muted'),
    },
  };
}

/** Strokes of a 6 × 6 tile, in units of px. */
const strokes: Readonly<Record<string, readonly (readonly [number, number, number, number])[]>> = {
  'session-killed': [
    [-1, 7, 7, -1],
    [-4, 4, 4, -4],
    [2, 10, 10, 2],
  ],
  'vm-dead': [
    [0, 0, 6, 6],
    [6, 0, 0, 6],
  ],
  'buffer-full': [[0, 3, 6, 3]],
  'copy-out': [[3, 0, 3, 6]],
  discarded: [
    [-1, -1, 7, 7],
    [-4, 2, 4, 10],
    [2, -4, 10, 4],
  ],
  'copy-failed': [
    [3, 0, 3, 6],
    [0, 3, 6, 3],
  ],
  torn: [
    [0, 1, 3, 5],
    [3, 5, 6, 1],
  ],
  wiped: [
    [0, 1, 6, 1],
    [0, 4, 6, 4],
  ],
};

function patternOf(kind: string, color: string, surface: string): KindStyle {
  const lines = strokes[kind];
  const tile = document.createElement('canvas');
  tile.width = tile.height = 6;
  const context = tile.getContext('2d');
  if (!lines || !context) return color;
  context.fillStyle = color;
  context.fillRect(0, 0, 6, 6);
  context.strokeStyle = surface;
  context.lineWidth = 1.2;
  for (const [x0, y0, x1, y1] of lines) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? color;
}
