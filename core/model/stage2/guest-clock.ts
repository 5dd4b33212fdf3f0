/** How long a VM's guest has run: only then does its SPU write, so only then does the state of a page matter to a replay. */
import { KvmKind } from '../kvm-events.ts';
import type { KvmTrace } from '../kvm-events.ts';
import { firstIndex } from '../terms/search.ts';
import type { VmDescription } from '../vm.ts';
import { Threads } from './threads.ts';

/** From ns since a trace's origin to ns by another measure; never falls. */
export type Clock = (t: number) => number;

/**
 * A VM's guest time: it passes while at least one of its vCPUs is between kvm_entry and kvm_exit, by the host's events. It counts a run
 * only as a whole: one whose entry or exit was lost, or that the trace's end cuts, is left out.
 * @param v index of the VM in the description
 */
export function guestClock(trace: KvmTrace, description: VmDescription, v: number): Clock {
  const threads = new Threads(description);
  const inside = new Set<number>();
  const starts: number[] = [];
  const ends: number[] = [];
  /** ns run before each start. */
  const before: number[] = [];
  let since = 0;
  let ran = 0;
  for (const { n, t, tid, kind } of trace.blocks()) {
    for (let i = 0; i < n; i++) {
      if (kind[i] === KvmKind.LOST) inside.clear();
      if (kind[i] > KvmKind.EXIT || threads.of(tid[i], kind[i] === KvmKind.ENTRY).vm !== v) continue;
      if (kind[i] === KvmKind.ENTRY) {
        if (inside.size === 0) since = t[i];
        inside.add(tid[i]);
      } else if (inside.delete(tid[i]) && inside.size === 0) {
        starts.push(since);
        ends.push(t[i]);
        before.push(ran);
        ran += t[i] - since;
      }
    }
  }
  return (t) => {
    const k = firstIndex(0, starts.length, (i) => starts[i] > t) - 1;
    return k < 0 ? 0 : before[k] + Math.min(t, ends[k]) - starts[k];
  };
}
