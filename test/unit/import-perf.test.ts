import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withFile } from '../../core/lab/file-source.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { hashSource } from '../../core/lab/import/source-hash.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { auxtrace, aux, identityTime, perfFile, record, speAttr, speInfo, words } from './perf-data.builder.ts';
import {
  eventNames,
  finishedRound,
  format,
  raw,
  sample,
  TRAILER_TYPE,
  tracepoint,
  tracingData,
} from './perf-trace.builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'umbra-import-'));
afterAll(() => rmSync(folder, { recursive: true }));
const lab = (name: string): string => join(folder, `${name}.umbra`);

/** SPE records of 16 bytes each with the times given. */
function speRecords(times: readonly number[]): Uint8Array {
  return words(...times.map((t) => words(Uint8Array.of(0xb0), 0x1000n, Uint8Array.of(0x71), BigInt(t)).slice(0, 18)));
}

const USUAL = TRAILER_TYPE | (1 << 10);
const spe = { attr: speAttr(), ids: [1n] };
const kvm = tracepoint(70, USUAL, [2n]);
const entry = (t: number) => sample({ id: 2n, t: BigInt(t), cpu: 0, tid: 5, raw: raw(70, 5, BigInt(t)) }, USUAL);
const speOf = (idx: number, payload: Uint8Array) => [
  aux(0n, BigInt(payload.length), 0n, { time: 1n, cpu: idx }),
  auxtrace(idx, idx, -1, 0n, payload),
];

describe('one file with SPE data and KVM events', () => {
  const data = tracingData({ kvm: [format('kvm_entry', 70)] });
  const both = (events: readonly string[]) =>
    perfFile(
      [identityTime, speInfo, entry(1500), entry(1200), ...speOf(0, speRecords([1000, 2000, 3000])), finishedRound],
      { 1: data, 12: eventNames([spe, kvm], events) },
      [spe, kvm],
    );

  it('gives two captures on one clock', () => {
    const path = join(folder, 'both.perf.data');
    writeFileSync(path, both(['arm_spe_0//', 'kvm:kvm_entry']));
    const captures = importFiles(lab('both'), [path]);
    expect(captures.map((c) => [c.kind, c.samples, c.events, c.t0, c.t1])).toEqual([
      ['spe', 3, 0, 1000n, 3000n],
      ['kvm', 0, 2, 1200n, 1500n],
    ]);
    expect(captures.map((c) => c.clock)).toEqual(['perf (sched_clock)', 'perf']);
    expect(new Set(captures.map((c) => c.sha256)).size).toBe(1);
  });

  it('gives one capture when the tracepoints are not KVM’s', () => {
    const path = join(folder, 'sched.perf.data');
    writeFileSync(path, both(['arm_spe_0//', 'sched:sched_switch']));
    expect(importFiles(lab('sched'), [path]).map((c) => c.kind)).toEqual(['spe']);
  });
});

it('takes SPE times for sched_clock’s whatever clock perf record -k chose, and says so', () => {
  const bytes = readFileSync(new URL('../fixtures/spe/one-record.perf.data', import.meta.url));
  const [attrSize, from, length] = [16, 24, 32].map((at) => Number(bytes.readBigUInt64LE(at)));
  for (let attr = from; attr < from + length; attr += attrSize) {
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(attr + 40) | (1n << 25n), attr + 40); // use_clockid
    bytes.writeInt32LE(1, attr + 92); // CLOCK_MONOTONIC
  }
  const path = join(folder, 'mono.perf.data');
  writeFileSync(path, bytes);
  const [capture] = importFiles(lab('mono'), [path]);
  expect(capture.clock).toBe('perf (sched_clock)');
  expect(capture.warnings.find((w) => w.kind === 'spe-other-clock')?.message).toContain('monotonic');
});

describe('a directory of perf record --threads', () => {
  const main = perfFile([identityTime, speInfo], { 24: words(1n) });
  const first = words(...speOf(0, speRecords([1000, 2000])));
  const second = words(...speOf(1, speRecords([1500, 2500, 3500])));
  const directory = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'data'), main);
    writeFileSync(join(path, 'data.0'), first);
    writeFileSync(join(path, 'data.1'), second);
    writeFileSync(join(path, 'notes'), 'not of perf');
    return path;
  };

  it('is read as one capture', () => {
    const [capture] = importFiles(lab('directory'), [directory('perf.dir')]);
    expect(capture).toMatchObject({ kind: 'spe', samples: 5, t0: 1000n, t1: 3500n, cpus: [0, 1], warnings: [] });
    expect(capture.bytes).toBe(main.length + first.length + second.length);
  });

  it('says so when only its first file is given', () => {
    expect(() => importFiles(lab('part'), [join(directory('other.dir'), 'data')])).toThrow(/not one AUXTRACE record/);
  });

  it('refuses other directories', () => {
    expect(() => importFiles(lab('none'), [folder])).toThrow(/is a directory, and not one of perf record/);
  });
});

describe('threads', () => {
  /** All rows of a lab file but ids of chunks, which are in the order of writing. */
  function rows(path: string): Record<string, unknown[]> {
    const db = openLabFile(path, 'read');
    try {
      const all: Record<string, unknown[]> = {};
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
      for (const table of tables.filter((t) => !/^spe_c|^sqlite_/.test(t))) {
        all[table] = db.prepare(`SELECT * FROM ${table}`).all();
      }
      all['samples'] = db
        .prepare(
          `SELECT capture_id, lane, seq, samples, t0_ns, t1_ns, name, hex(data) FROM spe_chunk
           JOIN spe_column ON chunk_id = spe_chunk.id ORDER BY lane, seq, name`,
        )
        .all();
      return all;
    } finally {
      db.close();
    }
  }

  it('make the same rows as one does', () => {
    const path = join(folder, 'large.perf.data');
    // The sample pair's data, and again what it holds, until it is worth threads.
    const pair = new Uint8Array(readFileSync(new URL('../fixtures/pair/kvbench.perf.data', import.meta.url)));
    writeFileSync(path, pair);
    importFiles(lab('one'), [path], { threads: 0 });
    importFiles(lab('two'), [path], { threads: 2 });
    const [one, two] = [rows(lab('one')), rows(lab('two'))];
    expect(one['samples'].length).toBeGreaterThan(10);
    expect(Object.keys(one).length).toBeGreaterThan(15);
    expect(two).toEqual(one);
  });

  it('report how far they are, and end when the caller throws', () => {
    const path = join(folder, 'large.perf.data');
    const seen: number[] = [];
    importFiles(lab('progress'), [path], { threads: 2, onProgress: (_, records) => seen.push(records) });
    expect(seen.at(-1)).toBe(24000);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    const stop = new Error('stop');
    const stopped = () =>
      importFiles(lab('stopped'), [path], {
        threads: 2,
        onProgress: () => {
          throw stop;
        },
      });
    expect(stopped).toThrow(stop);
    expect(() => openLabFile(lab('stopped'), 'read')).toThrow(/no such lab file/);
  });
});

it('several SPE PMUs, a queue for each cluster by ID_INDEX; BPF code, namespaces and build ids reported', () => {
  const big = { attr: speAttr(undefined, 10), ids: [2n] };
  const cpu = (n: number, type: number, midr: bigint) =>
    [0x1010n, BigInt(n), 3n, midr, BigInt(type), 1024n].map(BigInt);
  const info = record(70, 0, words(4, 0, 2n, 4n, 9n, 2n, ...cpu(0, 9, 0x410fd0c0n), ...cpu(1, 10, 0x410fd490n)));
  const idIndex = record(69, 0, words(2n, 1n, 0n, 0n, BigInt.asUintN(64, -1n), 2n, 1n, 1n, BigInt.asUintN(64, -1n)));
  const ksymbol = record(17, 0, words(0xffff_8000_1000_0000n, 64, 1, 'bpf_prog_1', words(0, 0, 1n, 0, 0, 1n)));
  const kernelPc = words(Uint8Array.of(0xb0), 0xa0ff_8000_1000_0010n, Uint8Array.of(0x71), 500n);
  const path = join(folder, 'pmus.perf.data');
  writeFileSync(
    path,
    perfFile(
      [
        identityTime,
        info,
        idIndex,
        ksymbol,
        record(16, 0, words(1, 1, 0n, words(1, 1, 0n, 0, 0, 1n))),
        ...speOf(0, speRecords([100, 200])),
        aux(0n, 18n, 0n, { time: 1n, cpu: 1 }),
        auxtrace(1, 1, -1, 0n, kernelPc),
      ],
      { 16: words(2, 9, words(12, 'arm_spe_0').subarray(0, 16), 10, words(12, 'arm_spe_1').subarray(0, 16)) },
      [spe, big],
    ),
  );
  const [capture] = importFiles(lab('pmus'), [path]);
  expect(capture).toMatchObject({ samples: 3, cpus: [0, 1] });
  const db = openLabFile(lab('pmus'), 'read');
  const facts = JSON.parse(db.prepare('SELECT facts FROM capture').pluck().get() as string) as {
    spe: { pmus: unknown; cores: { midr: string }[] };
    records: Record<string, number>;
  };
  const mapped = db.prepare('SELECT file, kernel FROM mapping').all();
  db.close();
  expect(facts.spe.pmus).toEqual([
    { type: 9, name: 'arm_spe_0' },
    { type: 10, name: 'arm_spe_1' },
  ]);
  expect(facts.spe.cores.map((c) => c.midr)).toEqual(['0x410fd0c0', '0x410fd490']);
  expect(facts.records).toMatchObject({ NAMESPACES: 1, KSYMBOL: 1 });
  expect(mapped).toEqual([{ file: 'bpf_prog_1', kernel: 1n }]);
});

describe('the hash of a large capture', () => {
  it('is the same in a thread, and both tell of each byte once', () => {
    const path = join(folder, 'hashed.bin');
    const bytes = new Uint8Array(40 << 20);
    for (let i = 0; i < bytes.length; i += 4096) bytes[i] = i >>> 12;
    writeFileSync(path, bytes);
    const read: number[] = [];
    const hex = withFile(path, (source) => {
      const hash = hashSource(source, false, (n) => read.push(n));
      try {
        return hash.digest();
      } finally {
        hash.close();
      }
    });
    expect(hex).toBe(createHash('sha256').update(bytes).digest('hex'));
    // One core: the thread isn't worth it, and the source itself reports.
    if (availableParallelism() > 1) expect(read.reduce((sum, n) => sum + n, 0)).toBe(bytes.length);
  });
});
