import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import type { Trace } from '../../core/formats/event-format/trace-file.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { storedTrace } from '../../core/lab/captures/stored-trace.ts';
import { getCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { planCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';

/** All that is recorded of the events, in order. */
function digest(trace: Trace): { events: number; hash: string } {
  const hash = createHash('sha256');
  let events = 0;
  trace.read(new TraceColumns(), (b) => {
    events += b.n;
    const starts = b.start.subarray(0, b.n + 1);
    hash.update(b.t.subarray(0, b.n)).update(b.cpu.subarray(0, b.n)).update(b.tid.subarray(0, b.n));
    hash.update(b.lostBefore.subarray(0, b.n)).update(starts).update(b.payload.subarray(0, b.start[b.n]));
    for (let i = 0; i < b.n; i++) {
      const { comms, formats } = trace.dictionary;
      hash.update(comms[b.comm[i]]).update(formats[b.event[i]].name);
    }
  });
  return { events, hash: hash.digest('hex') };
}

describe('a trace of several batches', () => {
  let folder: string;
  let path: string;
  let bytes: Uint8Array;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-import-'));
    path = join(folder, 'long.trace.dat');
    const options = synthOptions({ samples: 200_000, kvmEvents: 160_000, unmaps: 100, zstd: true });
    const sink = new MemorySink();
    writeKvmTrace(options, planCapture(options), sink);
    writeFileSync(path, (bytes = sink.bytes()));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('holds the events of the file, in their order', () => {
    const lab = join(folder, 'long.umbra');
    importFiles(lab, [path]);
    const db = openLabFile(lab, 'read');
    const stored = digest(storedTrace(db, getCapture(db, 1, 'kvm')));
    db.close();
    expect(stored.events).toBeGreaterThan(2 * new TraceColumns().capacity);
    expect(stored).toEqual(digest(openTraceDat(memorySource(bytes), new Warnings())));
  });

  it('ends with the import that somebody stops', () => {
    const stop = () =>
      importFiles(join(folder, 'stopped.umbra'), [path], {
        onProgress: () => {
          throw new Error('stop');
        },
      });
    expect(stop).toThrow('stop');
  });

  it('reports how far its stage 2 timeline is, and stops there too when asked', () => {
    const told: number[] = [];
    let total = 0;
    importFiles(join(folder, 'told.umbra'), [path], {
      onStage2: (done, of) => {
        told.push(done);
        total = of;
      },
    });
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(3);
    expect(told.at(-1)).toBe(total);
    const lab = join(folder, 'stopped.umbra');
    const stop = () =>
      importFiles(lab, [path], {
        onStage2: (done, of) => {
          if (done === of) throw new Error('stop');
        },
      });
    expect(stop).toThrow('stop');
    expect(existsSync(lab)).toBe(false);
  });
});
