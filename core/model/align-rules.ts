/**
 * How two captures' clocks align; used by the replay and by the app's preview. One of the model's terms, so it imports nothing.
 */

export const alignModes = ['absolute', 'start', 'loop', 'fit'] as const;
export type AlignMode = (typeof alignModes)[number];

/** What `--align` takes. */
export const alignSettings = ['auto', ...alignModes] as const;
export type AlignSetting = (typeof alignSettings)[number];

/** An SPE capture's clock: TIME_CONV converts the counter to sched_clock, whatever clock `perf record -k` chose for other records. */
export const SCHED_CLOCK = 'perf (sched_clock)';

/** ftrace's clocks that are sched_clock (kernel/trace/trace.c, trace_clocks[]; kernel/trace/trace_clock.c). */
const schedClocks = ['local', 'global', 'perf'];

/**
 * `same` when both name the same clock. Only captures from one boot of one machine really share it, so their spans must overlap too.
 * @param spe the SPE capture's clock as its facts name it
 * @param kvm ftrace's name of the trace's clock
 */
export function clocksOf(spe: string | undefined, kvm: string | undefined): 'same' | 'unknown' {
  return spe === SCHED_CLOCK && kvm !== undefined && schedClocks.includes(kvm) ? 'same' : 'unknown';
}

/** A span that starts at 0 overlaps one that lies `shift` away; touching counts. Times in ns. */
export function overlaps(shift: number, length: number, span: number): boolean {
  return shift <= span && shift + length >= 0;
}

/**
 * What `auto` resolves to: it needs one clock and an overlap.
 * @param apart ns from the first sample to the trace's first event on one clock, offset included
 */
export function autoAlign(
  clocks: 'same' | 'unknown',
  apart: number,
  traceNs: number,
  speNs: number,
): 'absolute' | 'start' {
  return clocks === 'same' && overlaps(apart, traceNs, speNs) ? 'absolute' : 'start';
}

/** Where a looped trace's first copy begins (ns, at or before 0), and how many copies cover `speNs`. `traceNs` must be above 0. */
export function loopCopies(at: number, traceNs: number, speNs: number): { first: number; copies: number } {
  const first = at - Math.max(0, Math.ceil(at / traceNs)) * traceNs;
  return { first, copies: Math.max(1, Math.ceil((speNs - first) / traceNs)) };
}
