/** Guest memory that KVM has pins on: its peak and its integral over time (replay-rules.md, rule 29). */
import type { LaneRecord } from './lane-record.ts';
import { PAGE_SHIFT } from './terms.ts';

export interface PinnedMemory {
  readonly pinnedBytesPeak: number;
  readonly pinnedByteSeconds: number;
}

/** So many bytes from the run's start to its end, or the VM's. */
export function pinnedThroughout(bytes: number, start: number, end: number): PinnedMemory {
  return memory(bytes, bytes * Math.max(0, end - start));
}

const memory = (peak: number, byteNs: number): PinnedMemory => ({
  pinnedBytesPeak: peak,
  pinnedByteSeconds: byteNs / 1e9,
});

/**
 * Pages held by all lanes, as of the end of each ns.
 * @param last the last ns in which anything happens @param end of the run or the VM, ns
 */
export function pinnedMemory(records: readonly Pick<LaneRecord, 'held'>[], last: number, end: number): PinnedMemory {
  const next = records.map(() => 0);
  const now = records.map(() => 0);
  let pages = 0;
  let since = 0;
  let peak = 0;
  let pageNs = 0;
  for (;;) {
    let t = Infinity;
    records.forEach(({ held }, i) => {
      if (next[i] < held.n) t = Math.min(t, held.data[next[i] * 2]);
    });
    if (t > last || t === Infinity) break;
    pageNs += pages * (Math.min(t, end) - Math.min(since, end));
    since = t;
    records.forEach(({ held }, i) => {
      for (; next[i] < held.n && held.data[next[i] * 2] === t; next[i]++) {
        pages += held.data[next[i] * 2 + 1] - now[i];
        now[i] = held.data[next[i] * 2 + 1];
      }
    });
    peak = Math.max(peak, pages);
  }
  pageNs += pages * Math.max(0, end - since);
  return memory(peak * PAGE, pageNs * PAGE);
}

const PAGE = 2 ** PAGE_SHIFT;
