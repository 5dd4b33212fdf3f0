/** What a sweep's curves show, and how its numbers read. */
import type { SweepCurve, SweepMeasure } from '../../core/contract/sweep.ts';
import { bytes, count, duration, percent } from '../format.ts';

export interface Measure {
  readonly id: SweepMeasure;
  readonly title: string;
  /** Between the better and the worse policies: `a loses less than b`, `a and b lose less than c`. */
  readonly better: readonly [one: string, several: string];
  /** The value drawn: less is better. NaN where nothing survived. */
  readonly value: (curve: SweepCurve, i: number) => number;
  readonly text: (value: number) => string;
  /** At a power of ten. */
  readonly tick: (value: number) => string;
}

const shareTick = (value: number) => `${Number((100 * value).toPrecision(2))}\u202f%`;
/** Small shares matter here: two digits of them, however small. */
function shareText(value: number): string {
  if (value === 0) return '0';
  const small = 100 * value < 0.1;
  const text = 100 * value < 0.0001 ? '< 0.0001' : (100 * value).toPrecision(2);
  return `${small ? text : percent(value)}\u202f%`;
}

export const measures: readonly Measure[] = [
  {
    ...{ id: 'coverage', title: 'coverage lost', better: ['loses fewer samples than', 'lose fewer samples than'] },
    value: (c, i) => 1 - c.coverage[i],
    text: shareText,
    tick: shareTick,
  },
  {
    ...{
      id: 'blackoutShare',
      title: 'blackout time',
      better: ['is dark for less time than', 'are dark for less time than'],
    },
    value: (c, i) => c.blackoutShare[i],
    text: shareText,
    tick: shareTick,
  },
  {
    ...{ id: 'slowdown', title: 'slowdown', better: ['slows the guest less than', 'slow the guest less than'] },
    value: (c, i) => c.slowdown[i],
    text: shareText,
    tick: shareTick,
  },
  {
    ...{ id: 'excess', title: 'excess skew', better: ['is skewed less than', 'are skewed less than'] },
    // Skew that chance explains counts as none, as for the crossing points.
    value: (c, i) => (c.skewed[i] || Number.isNaN(c.excess[i]) ? c.excess[i] : 0),
    text: (value) => (value === 0 ? '0' : String(Number(value.toPrecision(2)))),
    tick: (value) => String(Number(value.toPrecision(2))),
  },
];

/** A value of the swept parameter. */
export function valueText(value: number, unit: string): string {
  if (unit === 'ns') return duration(value);
  if (unit === 'bytes') return bytes(value);
  const number = String(Number(value.toPrecision(3)));
  if (unit === 'ns a page') return `${duration(value)} a page`;
  return unit ? `${number} ${unit}` : number;
}

/** A place between two tested values: no more digits than it is worth. */
export function placeText(value: number, unit: string): string {
  return valueText(Number(value.toPrecision(2)), unit);
}

/** In full precision, for titles. */
export function exactText(value: number, unit: string): string {
  const number = Number.isInteger(value) ? count(value) : String(value);
  return unit ? `${number} ${unit}` : number;
}

/** Policies with the same outcome at every value so far: one curve for all of them. */
export interface Line {
  readonly policies: readonly string[];
  /** Index of the first of them among the run's policies: decides its stroke, whatever is drawn. */
  readonly place: number;
  readonly curve: SweepCurve;
  readonly y: readonly number[];
}

export function linesOf(curves: readonly SweepCurve[], measure: Measure, done: number): Line[] {
  const found = new Map<string, Line & { policies: string[] }>();
  curves.forEach((curve, place) => {
    const y = Array.from({ length: done }, (_, i) => measure.value(curve, i));
    const same = found.get(y.join());
    if (same) same.policies.push(curve.policy);
    else found.set(y.join(), { policies: [curve.policy], place, curve, y });
  });
  return [...found.values()];
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function namesText(policies: readonly string[], most = 3): string {
  if (policies.length === 1) return policies[0];
  if (policies.length > most) return `${policies.slice(0, most - 1).join(', ')} and ${policies.length - most + 1} more`;
  return `${policies.slice(0, -1).join(', ')} and ${policies.at(-1)}`;
}
