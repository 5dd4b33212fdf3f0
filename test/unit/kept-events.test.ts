import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../core/lab/import/import.ts';
import { storedEvents } from '../../core/lab/captures/kept-events.ts';
import { KvmKind } from '../../core/model/kvm-events.ts';
import type { KvmTrace } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { getCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import type { Db } from '../../core/store/lab-file.ts';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';

let folder: string;
let db: Db;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-kept-'));
  const lab = join(folder, 'a.umbra');
  // More than are packed together, twice.
  const options = synthOptions({ samples: 200_000, kvmEvents: 160_000, unmaps: 50, zstd: true });
  const sink = new MemorySink();
  writeKvmTrace(options, planCapture(options), sink);
  writeFileSync(join(folder, 'a.trace.dat'), sink.bytes());
  importFiles(lab, [join(folder, 'a.trace.dat')]);
  db = openLabFile(lab, 'read');
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

/** What a trace hands out, as text; blocks may be refilled. */
function all(trace: KvmTrace, holding?: number): string[] {
  const list: string[] = [];
  for (const e of trace.blocks(holding)) {
    for (let i = 0; i < e.n; i++) list.push(`${e.t[i]} ${e.tid[i]} ${e.kind[i]} ${e.page(i)} ${e.end(i)} ${e.word[i]}`);
  }
  return list;
}

/** The stored trace with room for `limit` bytes of packed events. */
function kept(limit: number): KvmTrace {
  return storedEvents(db, getCapture(db, 1), { limit });
}

describe('the events of a trace', () => {
  it('are the same from memory and from the lab file', () => {
    const stored = storedEvents(db, getCapture(db, 1));
    expect(all(stored).length).toBeGreaterThan(140_000);
    const few = kept(0);
    expect(all(few)).toEqual(all(stored));
    expect(all(few)).toEqual(all(few));
    expect({ origin: few.origin, span: few.span }).toEqual({ origin: stored.origin, span: stored.span });
    expect(reconstruct(few)).toEqual(reconstruct(stored));
  });

  it('are left out where no event of a kind is near', () => {
    for (const events of [kept(0), kept(1 << 30)]) {
      expect(events.has(KvmKind.GUEST_FAULT)).toBe(true);
      expect(events.has(KvmKind.S2_DESTROY)).toBe(false);
      expect(all(events, KvmKind.S2_DESTROY)).toEqual([]);
      const faults = (list: string[]) => list.filter((line) => line.split(' ')[2] === String(KvmKind.GUEST_FAULT));
      expect(faults(all(events, KvmKind.GUEST_FAULT))).toEqual(faults(all(events)));
    }
  });
});
