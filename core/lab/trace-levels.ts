/** What a timeline shows of a KVM trace: levels of detail of guest runs, faults and stage 2 changes, and the changes themselves. */
import { halves, Has } from '../formats/spe/columns.ts';
import { NONE } from '../model/outcome.ts';
import { KvmKind } from '../model/kvm-events.ts';
import type { KvmEvents } from '../model/kvm-events.ts';
import { causeClasses, stage2Kinds } from '../model/terms.ts';
import type { Stage2Timeline } from '../model/timeline.ts';
import { getCapture, listCaptures } from '../store/captures.ts';
import type { CaptureRow } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { clearLod, lodBase, lodCaptures, LodCounter } from '../store/lod.ts';
import { readColumn, readLanes } from '../store/spe-store.ts';
import { storeStage2 } from '../store/stage2-store.ts';
import { loadStage2 } from './stage2.ts';

/** Lane of tracks that concern the whole VM. */
export const WHOLE_VM = -1;

/** Builds them anew for a stored trace: at import, and when its VM description changes. */
export function buildTraceLevels(db: Db, kvm: number): void {
  const { events, timelines } = loadStage2(db, getCapture(db, kvm, 'kvm'));
  clearLod(db, kvm);
  storeStage2(db, kvm, timelines);
  const base = lodBase(events.origin);
  const levels = new Levels(base, Number(events.origin - base));
  levels.countEvents(events);
  for (const timeline of timelines) levels.countChanges(timeline);
  levels.store(db, kvm);
}

/** Captures of an older lab: their records are there, their levels aren't. */
export function withoutLevels(db: Db): CaptureRow[] {
  const counted = new Set(lodCaptures(db));
  return listCaptures(db).filter((c) => c.records > 0 && c.t0 !== undefined && !counted.has(c.id));
}

/** Counts the stored samples of an SPE capture. */
export function buildSampleLevels(db: Db, spe: number): void {
  for (const lane of readLanes(db, spe)) {
    const t = halves(readColumn(db, spe, lane, 't'));
    const present = readColumn(db, spe, lane, 'present');
    const density = new LodCounter();
    for (let i = 0; i < lane.samples; i++) if (present[i] & Has.TIME) density.add(t[2 * i], t[2 * i + 1]);
    density.store(db, spe, 'samples', lane.lane);
  }
}

class Levels {
  readonly #tracks = new Map<string, { readonly name: string; readonly lane: number; readonly counter: LodCounter }>();
  readonly #base: bigint;
  /** ns of the events' zero after the base. */
  readonly #zero: number;

  constructor(base: bigint, zero: number) {
    this.#base = base;
    this.#zero = zero;
  }

  countEvents(events: KvmEvents): void {
    forGuestRuns(events, (tid, start, end) =>
      this.#of('guest', tid).addInterval(Math.round(this.#zero + start), Math.round(this.#zero + end)),
    );
    for (let i = 0; i < events.n; i++) {
      const at = this.#zero + events.t[i];
      if (events.kind[i] === KvmKind.GUEST_FAULT) this.#of('fault', events.tid[i]).addAt(at);
      else if (events.kind[i] === KvmKind.LOST) this.#of('lost', WHOLE_VM).addAt(at);
    }
  }

  countChanges(timeline: Stage2Timeline): void {
    const names = stage2Kinds.map((kind) => causeClasses.map((cause) => `${kind}:${cause}`));
    for (let i = 0; i < timeline.n; i++) {
      const kind = timeline.kind[i];
      if (stage2Kinds[kind] === 'initial-unmapped') continue;
      const name = timeline.cause[i] === NONE ? stage2Kinds[kind] : names[kind][timeline.cause[i]];
      this.#of(name, WHOLE_VM).addAt(Math.max(0, this.#zero + timeline.t[i]));
    }
  }

  store(db: Db, kvm: number): void {
    for (const { name, lane, counter } of this.#tracks.values()) counter.store(db, kvm, name, lane);
  }

  #of(name: string, lane: number): LodCounter {
    const key = `${name} ${lane}`;
    let track = this.#tracks.get(key);
    if (!track) {
      track = { name, lane, counter: new LodCounter(this.#base) };
      this.#tracks.set(key, track);
    }
    return track.counter;
  }
}

/**
 * Calls back for each interval between a thread's kvm_entry and its next kvm_exit, ns after the events' origin, in the order of
 * their ends. Where the tracer lost one of the two, nothing says how long the guest ran, and no interval is claimed.
 */
export function forGuestRuns(
  events: Pick<KvmEvents, 'n' | 't' | 'tid' | 'kind'>,
  use: (tid: number, start: number, end: number) => void,
): void {
  const since = new Map<number, number>();
  for (let i = 0; i < events.n; i++) {
    const tid = events.tid[i];
    if (events.kind[i] === KvmKind.ENTRY) {
      since.set(tid, events.t[i]);
    } else if (events.kind[i] === KvmKind.EXIT) {
      const start = since.get(tid);
      if (start === undefined) continue;
      since.delete(tid);
      use(tid, start, events.t[i]);
    }
  }
}
