/** The stretch of time in view, ns from the timeline's origin, and how it moves. Pure: positions in, positions out. */

export interface Camera {
  readonly start: number;
  readonly end: number;
}

/** The closest zoom: 200 ns across the view. */
const MIN_SPAN = 200;
/** How far past the ends one may pan, as a share of the view. */
const OVERHANG = 0.2;

/** Zooms by `factor` (below 1: in) and keeps the moment `at` in place. */
export function zoomed(camera: Camera, factor: number, at: number, whole: number): Camera {
  const span = camera.end - camera.start;
  const next = Math.min(Math.max(span * factor, MIN_SPAN), Math.max(whole * (1 + 2 * OVERHANG), MIN_SPAN));
  const share = (at - camera.start) / span;
  return kept({ start: at - share * next, end: at + (1 - share) * next }, whole);
}

export function panned(camera: Camera, ns: number, whole: number): Camera {
  return kept({ start: camera.start + ns, end: camera.end + ns }, whole);
}

/** All of it, with a small margin. */
export function fitted(whole: number): Camera {
  const air = Math.max(whole, MIN_SPAN) * 0.01;
  return { start: -air, end: Math.max(whole, MIN_SPAN) + air };
}

/** An interval in the middle fifth of the view, at least `least` ns around it. */
export function around(start: number, end: number, least: number, whole: number): Camera {
  const span = Math.max((end - start) * 5, least, MIN_SPAN);
  const middle = (start + end) / 2;
  return kept({ start: middle - span / 2, end: middle + span / 2 }, whole);
}

/** An interval with a tenth of its length on either side. */
export function framed(start: number, end: number): Camera {
  const air = Math.max((end - start) / 10, MIN_SPAN / 2);
  return { start: start - air, end: end + air };
}

/** A step on the way from one to the other: a share of the distance, or all of it if that is less than a pixel. */
export function towards(from: Camera, to: Camera, share: number, width: number): Camera {
  const pixel = (to.end - to.start) / Math.max(1, width) / 2;
  const near = Math.abs(to.start - from.start) < pixel && Math.abs(to.end - from.end) < pixel;
  if (near) return to;
  return { start: from.start + (to.start - from.start) * share, end: from.end + (to.end - from.end) * share };
}

function kept({ start, end }: Camera, whole: number): Camera {
  const span = end - start;
  const air = span * OVERHANG;
  const least = Math.min(-air, -(span - whole) / 2);
  const most = Math.max(whole + air, whole + (span - whole) / 2);
  if (start < least) return { start: least, end: least + span };
  if (end > most) return { start: most - span, end: most };
  return { start, end };
}

/** Round steps for a ruler: 1, 2 or 5 times a power of ten, ns, at least `pixels` apart. */
export function rulerStep(camera: Camera, width: number, pixels: number): number {
  const least = ((camera.end - camera.start) / width) * pixels;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least) ?? 10 * power;
}

/** A ruler's label: as many decimals as its step needs, in the unit of the view. */
export function rulerLabel(t: number, step: number): string {
  const [unit, name] = unitOf(Math.max(step * 8, Math.abs(t) > 0 ? Math.min(Math.abs(t), step * 1e5) : 0));
  const digits = Math.max(0, Math.ceil(Math.log10(unit / step)));
  const text = (t / unit).toFixed(digits).replace(/^-(0(\.0*)?)$/, '$1');
  return `${text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, '\u202f')} ${name}`;
}

/**
 * The same in the capture's clock, in seconds as perf script and trace-cmd print them.
 * @param origin ns of the timeline's zero in that clock
 */
export function clockLabel(t: number, step: number, origin: bigint): string {
  const ns = origin + BigInt(Math.round(t));
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(step))));
  const [whole, rest] = [ns / 1_000_000_000n, ns % 1_000_000_000n];
  const fraction = rest.toString().padStart(9, '0').slice(0, digits);
  return `${whole}${digits ? `.${fraction}` : ''} s`;
}

function unitOf(ns: number): readonly [number, string] {
  if (ns >= 1e9) return [1e9, 's'];
  if (ns >= 1e6) return [1e6, 'ms'];
  if (ns >= 1e3) return [1e3, 'µs'];
  return [1, 'ns'];
}
