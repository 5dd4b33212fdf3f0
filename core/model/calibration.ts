/** Latencies that the trace itself shows, to replay with instead of assumed ones (model.md section 4, "Calibration"). */
import { KvmKind } from './kvm-events.ts';
import type { KvmTrace } from './kvm-events.ts';

/** An empirical distribution, ns. */
export interface Latency {
  /** Round trips measured. */
  readonly count: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  /** Ascending. At most `MAX_VALUES`: evenly spaced order statistics of all, which keep the distribution. */
  readonly values: Float64Array;
}

export interface Calibration {
  /** From kvm_guest_fault to the next kvm_entry of that thread, for faults that KVM answered itself; undefined if there is none. */
  readonly mapNs: Latency | undefined;
  /** From kvm_exit to the next kvm_entry of that thread, with no guest fault, no exit to user space and no sleep in between. */
  readonly trapNs: Latency | undefined;
}

export const MAX_VALUES = 4096;

/** Exception class of a trapped WFI or WFE: the vCPU sleeps before it enters again. */
const EC_WFX = 0x01;

interface Span {
  exitAt: number;
  faultAt: number;
  spoiled: boolean;
}

/**
 * Measures both. A span is left out when it went to user space, was MMIO, slept, or when the tracer lost events while it
 * was open; time in which the host ran something else counts, as it does for the guest.
 */
export function calibrate(trace: KvmTrace): Calibration {
  const map: number[] = [];
  const trap: number[] = [];
  const open = new Map<number, Span>();
  for (const { n, t: times, kind: kinds, tid, word } of trace.blocks()) {
    for (let i = 0; i < n; i++) {
      const kind = kinds[i];
      const t = times[i];
      if (kind === KvmKind.EXIT) {
        open.set(tid[i], { exitAt: t, faultAt: -1, spoiled: word[i] === EC_WFX });
        continue;
      }
      if (kind === KvmKind.LOST) {
        open.clear();
        continue;
      }
      const span = open.get(tid[i]);
      if (!span) continue;
      if (kind === KvmKind.GUEST_FAULT) span.faultAt = t;
      else if (kind === KvmKind.MMIO || kind === KvmKind.USER_EXIT) span.spoiled = true;
      else if (kind === KvmKind.ENTRY) {
        open.delete(tid[i]);
        if (span.spoiled) continue;
        if (span.faultAt >= 0) map.push(t - span.faultAt);
        else trap.push(t - span.exitAt);
      }
    }
  }
  return { mapNs: distribution(map), trapNs: distribution(trap) };
}

/** The value below which a share of the sorted values lies; between two of them it is interpolated. */
function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

function distribution(values: readonly number[]): Latency | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const n = Math.min(sorted.length, MAX_VALUES);
  const step = n > 1 ? (sorted.length - 1) / (n - 1) : 0;
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    values: Float64Array.from({ length: n }, (_, i) => sorted[Math.round(i * step)]),
  };
}
