/** A moment on the timeline in the format of the settings. */
import { exactNs } from '../format.ts';
import { display } from '../state/display.ts';

/** @param origin ns of the timeline's zero in the capture's clock */
export function momentText(t: number, origin: string): string {
  const whole = BigInt(Math.round(t));
  return exactNs(display.time === 'absolute' ? BigInt(origin) + whole : whole);
}
