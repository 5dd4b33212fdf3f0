/** Labs written by earlier versions: each must open as it is, and be migrated at the first write. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listCaptures } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import type { Db } from '../../core/store/lab-file.ts';
import { readResults } from '../../core/store/run-store.ts';
import { SCHEMA_VERSION } from '../../core/store/schema.ts';
import { readLanes } from '../../core/store/spe-store.ts';

let folder: string;
let lab: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-format-'));
  lab = join(folder, 'lab.umbra');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unpack(format: number): void {
  const packed = readFileSync(new URL(`../fixtures/labs/format-${format}.umbra.gz`, import.meta.url));
  writeFileSync(lab, gunzipSync(packed));
}

const versionOf = (db: Db): number => Number(db.pragma('user_version', { simple: true }));
const formats = Array.from({ length: SCHEMA_VERSION - 1 }, (_, i) => i + 1);

describe.each(formats)('a lab of format %i', (format) => {
  it('is migrated by a writer, and keeps its captures, samples and runs', () => {
    unpack(format);
    copyFileSync(lab, join(folder, 'as-it-was'));
    const db = openLabFile(lab, 'write');
    expect(versionOf(db)).toBe(SCHEMA_VERSION);
    expect(listCaptures(db).map(({ kind, records }) => ({ kind, records }))).toEqual([
      { kind: 'spe', records: 1200 },
      { kind: 'kvm', records: 4228 },
    ]);
    const stored = db
      .prepare('SELECT facts FROM capture ORDER BY id')
      .pluck()
      .all()
      .map((text) => JSON.parse(String(text)));
    expect(listCaptures(db).map(({ facts }) => facts)).toEqual(stored);
    expect(readLanes(db, 1).reduce((n, lane) => n + lane.samples, 0)).toBe(1200);
    const results = db.prepare('SELECT policy, kept, lost FROM replay_result GROUP BY policy').all();
    expect(results).toHaveLength(3);
    const peaks = readResults(db, 1).map(({ summary, pinnedBytesPeak }) => [
      summary.summary.pinnedBytesPeak,
      pinnedBytesPeak,
    ]);
    expect(peaks.length).toBeGreaterThan(0);
    for (const [counted, column] of peaks) expect(counted).toBe(column);
    db.close();
    const copy = readdirSync(folder).find((f) => f.includes(`.v${format}`));
    expect(copy).toBeDefined();
    expect(readFileSync(join(folder, copy ?? '')).equals(readFileSync(join(folder, 'as-it-was')))).toBe(true);
  });
});

it('there is a fixture of every format before the current one', () => {
  const stored = readdirSync(new URL('../fixtures/labs', import.meta.url)).filter((f) => f.endsWith('.umbra.gz'));
  expect(stored).toEqual(expect.arrayContaining(formats.map((f) => `format-${f}.umbra.gz`)));
});
