/**
 * Colours, patterns, shapes and words that mean the same wherever they show: app, report, comparison. Every kind also differs by
 * pattern and every cause by shape, for those who can't distinguish the colours. Typed by the model's terms: a new term won't
 * compile until it has its entry here.
 */
import type { CauseClass, VerdictWord, WindowKind } from '../model/terms.ts';

/** Light and dark value of each role; the app's tokens.css and the report's stylesheet carry the same ones (tested). */
export const colours = {
  bg: ['#f7f7f5', '#111418'],
  surface: ['#ffffff', '#181c21'],
  ink: ['#1a1d21', '#e4e7ea'],
  muted: ['#5d6670', '#97a1ac'],
  line: ['#e2e4e7', '#2a3037'],
  band: ['#eef0f2', '#252b32'],
  accent: ['#0a64c2', '#63aefc'],
  dens: ['#7b95b5', '#56708f'],
  good: ['#00795a', '#3cc79c'],
  warn: ['#8a5a00', '#f0b23c'],
  bad: ['#b3261e', '#ff8077'],
  irq: ['#b87700', '#f0b23c'],
  killed: ['#c94f00', '#ff8a47'],
  dead: ['#1a1d21', '#e4e7ea'],
  full: ['#2f7fb8', '#6bbcf0'],
  copy: ['#00795a', '#3cc79c'],
  disc: ['#a8527f', '#e592c0'],
} as const;
export type Colour = keyof typeof colours;

export interface WindowSign {
  readonly words: string;
  readonly colour: Colour;
  /** SVG path of the strokes over the colour in an 8 × 8 tile, 1.2 wide; empty for plain colour. */
  readonly strokes: string;
}

/** By kind of blackout window. */
export const windowSigns: Readonly<Record<WindowKind, WindowSign>> = {
  'irq-latency': { words: 'interrupt latency', colour: 'irq', strokes: '' },
  'session-killed': { words: 'session killed', colour: 'killed', strokes: 'M-1 5L5 -1M-1 9L9 -1M3 9L9 3' },
  'vm-dead': { words: 'VM dead', colour: 'dead', strokes: 'M0 0L8 8M8 0L0 8' },
  'buffer-full': { words: 'buffer full', colour: 'full', strokes: 'M0 2H8M0 6H8' },
  'copy-out': { words: 'copy-out', colour: 'copy', strokes: 'M2 0V8M6 0V8' },
  discarded: { words: 'discarded by the guest', colour: 'disc', strokes: 'M-1 3L5 9M-1 -1L9 9M3 -1L9 5' },
  'copy-failed': { words: 'copy failed', colour: 'bad', strokes: 'M0 2H8M2 0V8' },
  torn: { words: 'torn record', colour: 'warn', strokes: 'M0 4L4 0L8 4' },
  wiped: { words: 'wiped by an unmap', colour: 'muted', strokes: 'M0 0L8 8' },
};

export interface CauseSign {
  readonly words: string;
  readonly colour: Colour;
  /** Filled SVG path in a box from -4.5 to 4.5 (nonzero rule). */
  readonly shape: string;
  /** The shape as a character, for text. */
  readonly character: string;
}

/** By cause of a stage 2 change. */
export const causeSigns: Readonly<Record<CauseClass, CauseSign>> = {
  'first-touch': {
    ...{ words: 'first touch', colour: 'muted', character: '○' },
    shape: 'M0 -3.8A3.8 3.8 0 0 1 0 3.8A3.8 3.8 0 0 1 0 -3.8zM0 -2.3A2.3 2.3 0 0 0 0 2.3A2.3 2.3 0 0 0 0 -2.3z',
  },
  userspace: { words: 'userspace unmap', colour: 'killed', shape: 'M-4 -3.5H4L0 4z', character: '▼' },
  'host-mm': { words: 'host mm unmap', colour: 'full', shape: 'M0 -4.5L4.5 0 0 4.5 -4.5 0z', character: '◆' },
  kvm: {
    ...{ words: 'KVM unmap', colour: 'bad', character: '✕' },
    shape: 'M-4 -2.6L-2.6 -4 0 -1.4 2.6 -4 4 -2.6 1.4 0 4 2.6 2.6 4 0 1.4 -2.6 4 -4 2.6 -1.4 0z',
  },
  'dirty-log': { words: 'dirty log', colour: 'disc', shape: 'M-3.5 -3.5h7v7h-7z', character: '■' },
  'guest-allowed': { words: 'guest, allowed', colour: 'copy', shape: 'M-4 3.5H4L0 -4z', character: '▲' },
  'guest-forbidden': {
    words: 'guest, forbidden',
    colour: 'irq',
    shape: 'M-4 3.5H4L0 -4zM-4 -4.5h8v1.4h-8z',
    character: '⊼',
  },
};

/** The cases of the email that asks for policies ("KVM/arm64: SPE: Translate VA to IPA on a stage 2 fault", 2022), by cause class. */
export const emailCases: Readonly<Partial<Record<CauseClass, string>>> = {
  userspace: 'case 1',
  kvm: 'case 2',
  'guest-allowed': 'case 3A',
  'guest-forbidden': 'case 3B',
};

/** Not a cause: the tracer lost events, so nothing is known about these pages. */
export const unknownSign: CauseSign = {
  ...{ words: 'unknown (events lost)', colour: 'muted', character: '▬' },
  shape: 'M-4 -1.5H4V1.5H-4z',
};

export interface VerdictSign {
  /** `the profile …` */
  readonly words: string;
  readonly colour: Colour;
  readonly character: string;
  /** In plain ASCII. */
  readonly ascii: string;
  /** ECharts' name of the same shape. */
  readonly symbol: 'circle' | 'rect' | 'triangle' | 'diamond' | 'none';
}

/** By verdict on a profile. */
export const verdictSigns: Readonly<Record<VerdictWord, VerdictSign>> = {
  representative: {
    ...{ words: 'stays representative', colour: 'good' },
    ...{ character: '●', ascii: '+', symbol: 'circle' },
  },
  'usable with care': {
    ...{ words: 'is usable with care', colour: 'warn' },
    ...{ character: '■', ascii: 'o', symbol: 'rect' },
  },
  misleading: { words: 'misleads', colour: 'bad', character: '▲', ascii: '!', symbol: 'triangle' },
  dead: { words: 'is dead', colour: 'ink', character: '◆', ascii: 'X', symbol: 'diamond' },
  'no samples': { words: 'has no sample', colour: 'muted', character: '–', ascii: '-', symbol: 'none' },
};
