/** Keys that move the view while held: how far in a stretch of time. */

export const moves = {
  w: { zoom: -1, pan: 0 },
  s: { zoom: 1, pan: 0 },
  a: { zoom: 0, pan: -1 },
  d: { zoom: 0, pan: 1 },
  arrowleft: { zoom: 0, pan: -1 },
  arrowright: { zoom: 0, pan: 1 },
} as const satisfies Readonly<Record<string, { readonly zoom: number; readonly pan: number }>>;
export type MoveKey = keyof typeof moves;

/** View widths per second; natural logarithm of the zoom per second. */
const PAN_A_SECOND = 0.9;
const ZOOM_A_SECOND = 2.4;
/** Minimum movement of one press, ms. */
export const TAP_MS = 90;

export function isMoveKey(key: string): key is MoveKey {
  return Object.hasOwn(moves, key);
}

/** @returns factor for the view's span, and share of it to pan */
export function motion(held: Iterable<MoveKey>, ms: number): { readonly factor: number; readonly pan: number } {
  let zoom = 0;
  let pan = 0;
  for (const key of held) {
    zoom += moves[key].zoom;
    pan += moves[key].pan;
  }
  const seconds = ms / 1000;
  return { factor: Math.exp(Math.sign(zoom) * ZOOM_A_SECOND * seconds), pan: Math.sign(pan) * PAN_A_SECOND * seconds };
}
