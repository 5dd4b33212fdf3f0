/** Levels of detail of a trace's own events: guest runs, faults, losses. */
import { KvmKind } from '../../model/kvm-events.ts';
import type { KvmEvents } from '../../model/kvm-events.ts';
import type { PackedRuns } from '../../model/kvm-pack.ts';
import { ByTid } from '../../model/by-tid.ts';
import { lodBase, LodCounter } from '../../store/lod-counter.ts';
import type { LodBlock } from '../../store/lod-counter.ts';

/** Lane of tracks that concern the whole VM. */
export const WHOLE_VM = -1;

/** Most lanes over all tracks, and most blocks (4 KiB) for them together. */
const MAX_COUNTERS = 4096;
const MAX_BLOCKS = 32768;

/** What was counted, ready to be stored. */
export interface CountedLevels {
  readonly lanes: readonly { readonly track: string; readonly lane: number; readonly levels: readonly LodBlock[] }[];
  /** Whether something wasn't, for its size. */
  readonly cut: boolean;
  /** What is left for other tracks. */
  readonly room: Room;
}

interface Room {
  readonly counters: number;
  readonly blocks: number;
}

/** A trace's tracks, each with counters by lane. Moments in ns after the trace's first event. */
export class Tracks {
  /** By track, then lane. */
  readonly #tracks = new Map<string, Map<number, LodCounter>>();
  readonly #base: bigint;
  readonly #budget: { blocks: number };
  #counters: number;
  readonly #rest: LodCounter;
  /** The events' zero, ns after the counters'. */
  readonly zero: number;

  constructor(origin: bigint, { counters, blocks }: Room = { counters: MAX_COUNTERS, blocks: MAX_BLOCKS }) {
    this.#base = lodBase(origin);
    this.zero = Number(origin - this.#base);
    this.#budget = { blocks };
    this.#counters = counters;
    this.#rest = new LodCounter(this.#base, { blocks: 1 });
  }

  of(track: string, lane: number): LodCounter {
    let lanes = this.#tracks.get(track);
    if (!lanes) this.#tracks.set(track, (lanes = new Map()));
    let counter = lanes.get(lane);
    if (counter) return counter;
    // No VM has so many threads: the rest share a lane that isn't stored.
    if (this.#counters <= 0) return this.#rest;
    this.#counters--;
    counter = new LodCounter(this.#base, this.#budget);
    lanes.set(lane, counter);
    return counter;
  }

  /** Ends the counting. */
  finish(): CountedLevels {
    const room = { counters: this.#counters, blocks: this.#budget.blocks };
    const all = [...this.#tracks].flatMap(([track, lanes]) =>
      [...lanes].map(([lane, counter]) => ({ track, lane, counter })),
    );
    return {
      cut: this.#counters <= 0 || all.some(({ counter }) => counter.leftOut),
      lanes: all.map(({ track, lane, counter }) => ({ track, lane, levels: [...counter.levels()] })),
      room,
    };
  }
}

/** Events' columns that tell who ran when. */
type Moments = Pick<KvmEvents, 'n' | 't'> & Pick<KvmEvents | PackedRuns, 'tid' | 'cpu' | 'kind'>;

export class EventLevels {
  #counting: ReturnType<typeof counting> | undefined;

  /** Counts the next events, in order. */
  take(events: Moments & { readonly origin: bigint }): void {
    const { tracks, runs } = (this.#counting ??= counting(events.origin));
    runs.take(events);
    const { n, t, tid, kind } = events;
    const next = (wanted: number, from: number): number => {
      const at = kind.indexOf(wanted, from);
      return at < 0 ? n : Math.min(at, n);
    };
    let fault = next(KvmKind.GUEST_FAULT, 0);
    let lost = next(KvmKind.LOST, 0);
    // In their order: tracks are stored in the order in which they begin.
    while (fault < n || lost < n) {
      if (fault < lost) {
        tracks.of('fault', tid[fault]).addAt(tracks.zero + t[fault]);
        fault = next(KvmKind.GUEST_FAULT, fault + 1);
      } else {
        tracks.of('lost', WHOLE_VM).addAt(tracks.zero + t[lost]);
        lost = next(KvmKind.LOST, lost + 1);
      }
    }
  }

  finish(): CountedLevels {
    return (this.#counting ?? counting(0n)).tracks.finish();
  }
}

function counting(origin: bigint) {
  const tracks = new Tracks(origin);
  const runs = new GuestRuns((tid) => {
    const counter = tracks.of('guest', tid);
    return (start, end) => counter.addInterval(Math.round(tracks.zero + start), Math.round(tracks.zero + end));
  });
  return { tracks, runs };
}

/**
 * ns: a day. The host's tick, an interrupt or a signal ends a run long before; a longer one comes from a corrupt time, and the
 * levels would hold a block of memory for each 18 minutes of it.
 */
const LONGEST_RUN = 86_400e9;

/** Takes an interval, ns after the events' origin. */
type UseRun = (start: number, end: number) => void;

interface Vcpu {
  readonly tid: number;
  /** Where it entered last. */
  cpu: number;
  /** When it entered the guest; NaN while it isn't in it. */
  since: number;
  /** Found at its first interval. */
  use: UseRun | undefined;
}

/**
 * Reports each interval between a thread's kvm_entry and its next kvm_exit, in the order of their ends. None is reported in which that CPU
 * lost events: the two may belong to different runs. Nor is one longer than `LONGEST_RUN`.
 */
export class GuestRuns {
  readonly #useOf: (tid: number) => UseRun;
  readonly #vcpus = new ByTid<Vcpu>();
  /** By CPU, the latest that entered there. */
  readonly #latest: (Vcpu | undefined)[] = [];

  /** @param useOf what takes the intervals of a thread; asked when it has the first */
  constructor(useOf: (tid: number) => UseRun) {
    this.#useOf = useOf;
  }

  /** Takes the next events, in order. */
  take({ n, t, tid, cpu, kind }: Moments): void {
    const vcpus = this.#vcpus;
    for (let i = 0; i < n; i++) {
      if (kind[i] === KvmKind.LOST) this.#lose(cpu[i]);
      if (kind[i] > KvmKind.EXIT) continue;
      const vcpu = vcpus.get(tid[i]) ?? vcpus.add({ tid: tid[i], cpu: -1, since: NaN, use: undefined });
      if (kind[i] === KvmKind.ENTRY) {
        vcpu.since = t[i];
        if (vcpu.cpu !== cpu[i] || this.#latest[cpu[i]] !== vcpu) this.#enters(vcpu, cpu[i]);
      } else if (!Number.isNaN(vcpu.since)) {
        if (t[i] - vcpu.since <= LONGEST_RUN) (vcpu.use ??= this.#useOf(vcpu.tid))(vcpu.since, t[i]);
        vcpu.since = NaN;
      }
    }
  }

  #enters(vcpu: Vcpu, cpu: number): void {
    vcpu.cpu = cpu;
    this.#latest[cpu] = vcpu;
  }

  #lose(cpu: number): void {
    const vcpu = this.#latest[cpu];
    if (vcpu?.cpu === cpu) vcpu.since = NaN;
  }
}
