/** How the clocks of a host and its guest lay, as a recording from a board keeps it in the facts of both captures. */
import type { Capture } from '../../core/contract/contract.ts';
import type { ComparedClocks } from '../../core/words/clocks.ts';

export interface BoardClocks extends ComparedClocks {
  /** Where the offset holds, ns in the trace's clock. */
  readonly at: string;
}

export function clocksOf(c: Capture): BoardClocks | undefined {
  const clocks = record(record(c.facts['board'])['clocks']);
  // The host wrote them by its own schema; a lab of somebody else's may hold anything.
  return typeof clocks['at'] === 'string' &&
    typeof clocks['offsetNs'] === 'string' &&
    typeof clocks['driftPpb'] === 'number'
    ? (clocks as unknown as BoardClocks)
    : undefined;
}

/** ns to add to the trace's times at `t`; undefined unless both captures are of one recording. */
export function clockShift(spe: Capture, kvm: Capture, t: bigint): bigint | undefined {
  const clocks = clocksOf(kvm);
  const [a, b] = [spe, kvm].map((c) => record(c.facts['board']));
  if (!clocks || !clocksOf(spe) || a['started'] !== b['started'] || a['host'] !== b['host']) return undefined;
  const drift = (Number(t - BigInt(clocks.at)) * clocks.driftPpb) / 1e9;
  return BigInt(clocks.offsetNs) + BigInt(Math.round(drift));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
