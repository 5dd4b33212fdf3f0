/** What a timeline shows of a KVM trace: levels of detail of guest runs, faults and stage 2 changes, and the changes themselves. */
import { halves, Has } from '../../formats/spe/columns.ts';
import { NONE } from '../../model/outcome.ts';
import { KvmKind } from '../../model/kvm-events.ts';
import type { KvmEvents, KvmTrace } from '../../model/kvm-events.ts';
import { ByTid } from '../../model/by-tid.ts';
import { causeClasses, stage2Kinds } from '../../model/terms.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import { getCapture, listCaptures, replaceWarnings } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { clearLod, lodCaptures, storeLevels } from '../../store/lod.ts';
import { lodBase, LodCounter } from '../../store/lod-counter.ts';
import { readColumn, readLanes } from '../../store/spe-store.ts';
import { storeStage2 } from '../../store/stage2-store.ts';
import { levelsCut } from './levels-cut.ts';
import { storedEvents } from './kept-events.ts';
import { loadStage2 } from './stage2.ts';
import type { Stage2 } from './stage2.ts';

/** Lane of tracks that concern the whole VM. */
export const WHOLE_VM = -1;

/** Progress: events, of how many. Throwing ends the work. */
export type OnStage2 = (done: number, total: number) => void;

/**
 * Rebuilds them for a stored trace: at import, and when its VM description changes.
 * @param options `known`: its events, if available
 * @returns the stage 2 timelines from them, for further use
 */
export function buildTraceLevels(
  db: Db,
  kvm: number,
  { known, onStep = () => undefined }: { readonly known?: KvmTrace; readonly onStep?: OnStage2 } = {},
): Stage2 {
  const capture = getCapture(db, kvm, 'kvm');
  const { records } = capture;
  const trace = known ?? storedEvents(db, capture);
  const base = lodBase(trace.origin);
  const levels = new Levels(base, Number(trace.origin - base));
  const stage2 = loadStage2(
    db,
    capture,
    levels.watching(trace, (events) => onStep(Math.min(events, records), records)),
  );
  clearLod(db, kvm);
  storeStage2(db, kvm, stage2.timelines, () => onStep(records, records));
  for (const timeline of stage2.timelines) levels.countChanges(timeline);
  levels.store(db, kvm);
  return { ...stage2, events: trace };
}

/** Captures of an older lab, with records but without levels. */
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
    density.addRows(t, present, Has.TIME, lane.samples);
    storeLevels(db, spe, 'samples', lane.lane, density.levels());
  }
}

/** Most lanes over all tracks, and most blocks (4 KiB) for them together. */
const MAX_COUNTERS = 4096;
const MAX_BLOCKS = 32768;

class Levels {
  /** By track, then lane. */
  readonly #tracks = new Map<string, Map<number, LodCounter>>();
  readonly #base: bigint;
  readonly #budget = { blocks: MAX_BLOCKS };
  #counters = 0;
  readonly #rest: LodCounter;
  /** The events' zero, ns after the base. */
  readonly #zero: number;
  readonly #runs = new GuestRuns((tid) => {
    const counter = this.#of('guest', tid);
    return (start, end) => counter.addInterval(Math.round(this.#zero + start), Math.round(this.#zero + end));
  });

  constructor(base: bigint, zero: number) {
    this.#base = base;
    this.#zero = zero;
    this.#rest = new LodCounter(base, { blocks: 1 });
  }

  /** The same trace, whose events are counted on the first full pass: for long ones a pass takes a while. */
  watching(trace: KvmTrace, onEvents: (sofar: number) => void): KvmTrace {
    const count = (events: KvmEvents) => this.#countEvents(events);
    let counted = false;
    let sofar = 0;
    return {
      origin: trace.origin,
      span: trace.span,
      has: (kind) => trace.has(kind),
      *blocks(holding) {
        const counting = holding === undefined && !counted;
        if (counting) counted = true;
        for (const events of trace.blocks(holding)) {
          if (counting) {
            count(events);
            sofar += events.n;
          }
          onEvents(sofar);
          yield events;
        }
      },
    };
  }

  #countEvents(events: KvmEvents): void {
    const zero = this.#zero;
    this.#runs.take(events);
    const { n, t, kind, tid } = events;
    for (let i = 0; i < n; i++) {
      if (kind[i] === KvmKind.GUEST_FAULT) this.#of('fault', tid[i]).addAt(zero + t[i]);
      else if (kind[i] === KvmKind.LOST) this.#of('lost', WHOLE_VM).addAt(zero + t[i]);
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
    let cut = this.#counters >= MAX_COUNTERS;
    for (const lanes of this.#tracks.values()) for (const { leftOut } of lanes.values()) cut ||= leftOut;
    replaceWarnings(db, kvm, [levelsCut.kind], cut ? [levelsCut] : []);
    for (const [name, lanes] of this.#tracks) {
      for (const [lane, counter] of lanes) storeLevels(db, kvm, name, lane, counter.levels());
    }
  }

  #of(name: string, lane: number): LodCounter {
    let lanes = this.#tracks.get(name);
    if (!lanes) this.#tracks.set(name, (lanes = new Map()));
    let counter = lanes.get(lane);
    if (counter) return counter;
    // No VM has so many threads: the rest share a lane that isn't stored.
    if (this.#counters >= MAX_COUNTERS) return this.#rest;
    this.#counters++;
    counter = new LodCounter(this.#base, this.#budget);
    lanes.set(lane, counter);
    return counter;
  }
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
  /** When it entered the guest; NaN while it isn't in it. */
  since: number;
  /** Found at its first interval. */
  use: UseRun | undefined;
}

/**
 * Reports each interval between a thread's kvm_entry and its next kvm_exit, in the order of their ends. If the tracer lost one of the two,
 * the guest's run time is unknown and no interval is reported; nor is one longer than `LONGEST_RUN`.
 */
export class GuestRuns {
  readonly #useOf: (tid: number) => UseRun;
  readonly #vcpus = new ByTid<Vcpu>();

  /** @param useOf what takes the intervals of a thread; asked when it has the first */
  constructor(useOf: (tid: number) => UseRun) {
    this.#useOf = useOf;
  }

  /** Takes the next events, in order. */
  take({ n, t, tid, kind }: Pick<KvmEvents, 'n' | 't' | 'tid' | 'kind'>): void {
    const vcpus = this.#vcpus;
    for (let i = 0; i < n; i++) {
      if (kind[i] > KvmKind.EXIT) continue;
      const vcpu = vcpus.get(tid[i]) ?? vcpus.add({ tid: tid[i], since: NaN, use: undefined });
      if (kind[i] === KvmKind.ENTRY) {
        vcpu.since = t[i];
      } else if (!Number.isNaN(vcpu.since)) {
        if (t[i] - vcpu.since <= LONGEST_RUN) (vcpu.use ??= this.#useOf(vcpu.tid))(vcpu.since, t[i]);
        vcpu.since = NaN;
      }
    }
  }
}
