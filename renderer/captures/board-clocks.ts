/** How a host's and its guest's clocks relate, as stored by a recording from a board in the facts of both captures. */
import type { Capture } from '../../core/contract/contract.ts';

/** ns to add to the trace's times at `t`; undefined unless both captures are from one recording. */
export function clockShift(spe: Capture, kvm: Capture, t: bigint): bigint | undefined {
  const [a, b] = [spe.facts.board, kvm.facts.board];
  if (!a?.clocks || !b?.clocks || a.started !== b.started || a.host !== b.host) return undefined;
  const { at, driftPpb, offsetNs } = b.clocks;
  const drift = (Number(t - BigInt(at)) * driftPpb) / 1e9;
  return BigInt(offsetNs) + BigInt(Math.round(drift));
}
