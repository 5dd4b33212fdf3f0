/** How two compared clocks are described, the same way everywhere. */

/** What is described; offsets as bigint or decimal text. */
export interface ComparedClocks {
  readonly offsetNs: bigint | string;
  readonly driftPpb: number;
  readonly uncertaintyNs: number;
  readonly driftUncertaintyPpb: number;
  readonly strainNs: number;
}

/** `the guest is 4,899.000 s behind the host, ± 184 µs; drift 0 ± 21 ppm`; bounds, not deviations. */
export function clockWords(c: ComparedClocks): string {
  const offset = BigInt(c.offsetNs);
  const side = offset < 0n ? 'behind' : 'ahead of';
  const drift = `drift ${ppm(c.driftPpb)} ± ${ppm(c.driftUncertaintyPpb)} ppm`;
  const uneven = c.strainNs > 0 ? `; one of the clocks didn’t run evenly (by ${time(c.strainNs)})` : '';
  return `the guest’s is ${seconds(offset < 0n ? -offset : offset)} ${side} the host’s, ± ${time(c.uncertaintyNs)}; ${drift}${uneven}`;
}

/** To the µs: an offset is a difference of uptimes, of any size. */
function seconds(ns: bigint): string {
  const us = (ns + 500n) / 1000n;
  return `${us / 1_000_000n}.${String(us % 1_000_000n).padStart(6, '0')} s`;
}

function time(ns: number): string {
  const [unit, name] = ns >= 1e6 ? [1e6, 'ms'] : ns >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
  return `${Number((ns / unit).toPrecision(3))} ${name}`;
}

function ppm(ppb: number): string {
  return String(Number((ppb / 1000).toPrecision(2)));
}
