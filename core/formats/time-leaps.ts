/** Times that lie far from their neighbours: one damaged time makes a capture span years, and everything after it is in doubt. */
import type { Warnings } from './problems.ts';

/** No trace or profile has such a gap in it, ns: 30 days. */
export const LEAP_NS = 30 * 86_400 * 1e9;

/** Adds the warning, with the byte offset in the file if that is known. */
export function warnOfLeap(
  warnings: Warnings,
  at: { readonly offset?: number; readonly count?: number; t0?: bigint },
): void {
  const message =
    'times more than 30 days from the one before: damaged, or of several recordings put together; spans and rates of this capture are in doubt';
  warnings.add('undecoded', 'time-leaps', message, at);
}

/** Watches times that come one by one. */
export class LeapWatch {
  #last = NaN;

  /** Whether a time, ns, is far from the one before. */
  isFar(time: bigint): boolean {
    return this.isFarNumber(Number(time));
  }

  isFarNumber(t: number): boolean {
    const far = Math.abs(t - this.#last) > LEAP_NS;
    this.#last = t;
    return far;
  }
}

const ORIGINS = {
  'first sample': 'from the first sample (perf script --reltime, trace-cmd report --align-ts)',
  'cleared buffer': "from when the ring buffer was cleared (ftrace's latency-format, and its dump into a kernel log)",
} as const;

/** For a text whose first time is 0 exactly, as `perf script --reltime` prints it, or whose form has such times. */
export function warnOfRelativeTimes(warnings: Warnings, origin: keyof typeof ORIGINS): void {
  const message = `times count ${ORIGINS[origin]}, so they are no clock's: align by start, loop or fit, or print absolute ones`;
  warnings.add('info', 'relative-times', message);
}
