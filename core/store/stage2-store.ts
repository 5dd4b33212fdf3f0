/** Stage 2 changes as plain rows: of a trace's whole VM, and those that concern the SPE buffers of a run. */
import { NONE } from '../model/outcome.ts';
import { causeClasses, PAGE_SHIFT, stage2Kinds } from '../model/terms.ts';
import type { Stage2Timeline } from '../model/timeline.ts';
import { signed } from './captures.ts';
import type { Db } from './lab-file.ts';

/** Replaces the stored timelines of a trace; one a VM, in the order of its description. */
export function storeStage2(db: Db, capture: number, timelines: readonly Stage2Timeline[]): void {
  db.prepare('DELETE FROM stage2_change WHERE capture_id = ?').run(capture);
  const insert = db.prepare('INSERT INTO stage2_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  timelines.forEach((s, vm) => {
    for (let i = 0; i < s.n; i++) {
      insert.run(
        ...[capture, vm, signed(s.origin + BigInt(Math.round(s.t[i]))), stage2Kinds[s.kind[i]]],
        ...[signed(BigInt(s.page[i]) << BigInt(PAGE_SHIFT)), s.pages[i]],
        ...[s.cause[i] === NONE ? null : causeClasses[s.cause[i]], s.evidences[s.evidence[i]]],
      );
    }
  });
}

/** What happened to the buffer of a run's lane. `t`: ns after `origin`, the run's zero. */
export function addBufferChanges(
  db: Db,
  run: number,
  lane: number,
  origin: bigint,
  track: { readonly t: Float64Array; readonly kind: Uint8Array; readonly cause: Uint8Array },
): void {
  const insert = db.prepare('INSERT INTO buffer_change VALUES (?, ?, ?, ?, ?)');
  for (let i = 0; i < track.t.length; i++) {
    const cause = track.cause[i] === NONE ? null : causeClasses[track.cause[i]];
    insert.run(run, lane, signed(origin + BigInt(Math.round(track.t[i]))), stage2Kinds[track.kind[i]], cause);
  }
}
