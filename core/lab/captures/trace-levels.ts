/** What a timeline shows of a KVM trace: levels of detail of guest runs, faults and stage 2 changes, and the changes themselves. */
import { halves, Has } from '../../formats/spe/columns.ts';
import { NONE } from '../../model/outcome.ts';
import type { KvmTrace } from '../../model/kvm-events.ts';
import { causeClasses, stage2Kinds } from '../../model/terms.ts';
import type { Stage2Timeline } from '../../model/timeline.ts';
import { getCapture, listCaptures, replaceWarnings } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { clearLod, lodCaptures, storeLevels } from '../../store/lod.ts';
import { LodCounter } from '../../store/lod-counter.ts';
import { readColumn, readLanes } from '../../store/spe-store.ts';
import { storeStage2 } from '../../store/stage2-store.ts';
import { EventLevels, Tracks, WHOLE_VM } from './event-levels.ts';
import type { CountedLevels } from './event-levels.ts';
import { levelsCut } from './levels-cut.ts';
import { storedEvents } from './kept-events.ts';
import { loadStage2 } from './stage2.ts';
import type { Stage2 } from './stage2.ts';

/** Progress: events, of how many. Throwing ends the work. */
export type OnStage2 = (done: number, total: number) => void;

/** What an importer has of a trace already. */
export interface ReadTrace {
  readonly events: KvmTrace;
  /** Of its own events; called once, as late as possible: they may still be in the making. */
  readonly levels: () => CountedLevels;
}

/**
 * Rebuilds them for a stored trace: at import, and when its VM description changes.
 * @param options `known`: what has been read, else the lab file is
 * @returns the stage 2 timelines from them, for further use
 */
export function buildTraceLevels(
  db: Db,
  kvm: number,
  { known, onStep = () => undefined }: { readonly known?: ReadTrace; readonly onStep?: OnStage2 } = {},
): Stage2 {
  const capture = getCapture(db, kvm, 'kvm');
  const { records } = capture;
  const { events, levels } = known ?? readStored(db, capture);
  const stage2 = loadStage2(
    db,
    capture,
    watched(events, (sofar) => onStep(Math.min(sofar, records), records)),
  );
  clearLod(db, kvm);
  storeStage2(db, kvm, stage2.timelines, () => onStep(records, records));
  const own = levels();
  const changes = new Tracks(events.origin, own.room);
  for (const timeline of stage2.timelines) countChanges(changes, timeline);
  store(db, kvm, [own, changes.finish()]);
  return { ...stage2, events };
}

function readStored(db: Db, capture: CaptureRow): ReadTrace {
  const levels = new EventLevels();
  const events = storedEvents(db, capture, { onBlock: (block) => levels.take(block) });
  return { events, levels: () => levels.finish() };
}

/** The same trace, which tells how many events were handed out in the first full pass: for long ones a pass takes a while. */
function watched(trace: KvmTrace, onEvents: (sofar: number) => void): KvmTrace {
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
        if (counting) sofar += events.n;
        onEvents(sofar);
        yield events;
      }
    },
  };
}

function countChanges(tracks: Tracks, timeline: Stage2Timeline): void {
  const names = stage2Kinds.map((kind) => causeClasses.map((cause) => `${kind}:${cause}`));
  for (let i = 0; i < timeline.n; i++) {
    const kind = timeline.kind[i];
    if (stage2Kinds[kind] === 'initial-unmapped') continue;
    const name = timeline.cause[i] === NONE ? stage2Kinds[kind] : names[kind][timeline.cause[i]];
    tracks.of(name, WHOLE_VM).addAt(Math.max(0, tracks.zero + timeline.t[i]));
  }
}

function store(db: Db, kvm: number, counted: readonly CountedLevels[]): void {
  replaceWarnings(db, kvm, [levelsCut.kind], counted.some(({ cut }) => cut) ? [levelsCut] : []);
  for (const { lanes } of counted) {
    for (const { track, lane, levels } of lanes) storeLevels(db, kvm, track, lane, levels);
  }
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
