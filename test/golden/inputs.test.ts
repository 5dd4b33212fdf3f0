/** Inputs as people supply them: kind → file → expected result. test/fixtures/inputs/README.md says how each was made. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countExits } from '../../core/lab/captures/exits.ts';
import { loadStage2 } from '../../core/lab/captures/stage2.ts';
import { storedTrace } from '../../core/lab/captures/stored-trace.ts';
import { importEach, importFiles } from '../../core/lab/import/import.ts';
import { compareCaptures } from '../../core/lab/runs/compare.ts';
import { getCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { readColumn, readLanes } from '../../core/store/spe-store.ts';
import { Has } from '../../core/formats/spe/columns.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/inputs/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let labs = 0;
const newLab = () => join(folder, `${labs++}.umbra`);

/** `tid pc va target pa` of each sample, and how many have which. */
function samplesOf(lab: string): { rows: string[]; va: number; to: number; pa: number; pc: number } {
  const db = openLabFile(lab, 'read');
  const found = { rows: [] as string[], va: 0, to: 0, pa: 0, pc: 0 };
  for (const lane of readLanes(db, 1)) {
    const column = <K extends Parameters<typeof readColumn>[3]>(name: K) => readColumn(db, 1, lane, name);
    const [present, tid, pc, va, to, pa] = [
      column('present'),
      column('tid'),
      column('pc'),
      column('va'),
      column('to'),
      column('pa'),
    ];
    present.forEach((bits, i) => {
      const value = (bit: number, values: BigUint64Array) => (bits & bit ? values[i].toString(16) : '-');
      found.rows.push([tid[i], value(Has.PC, pc), value(Has.VA, va), value(Has.TO, to), value(Has.PA, pa)].join(' '));
      found.va += Number((bits & Has.VA) !== 0);
      found.to += Number((bits & Has.TO) !== 0);
      found.pa += Number((bits & Has.PA) !== 0);
      found.pc += Number((bits & Has.PC) !== 0);
    });
  }
  db.close();
  return found;
}

/** The perf.data that most of the text was printed from: the truth of its addresses. */
let truth: Set<string>;
const capture = newLab();
beforeAll(() => {
  importFiles(capture, [fixture('perf.data.gz')]);
  truth = new Set(samplesOf(capture).rows);
});

// Counted with grep: lines of `instructions`, of `memory`, of `branch`, those with an address (flags72 ends in a record's first line).
describe('SPE text: records, and which of them have what', () => {
  test.each([
    // kind, file, records, with data address, with branch target, with physical address
    ['7.2, memory samples', 'mem72.txt.gz', 35, 25, 5, 0],
    ['7.2, flags and branch stacks', 'flags72.txt.gz', 50, 0, 11, 0],
    ['7.2, addresses of nobody knows what', 'addr72.txt.gz', 60, 0, 0, 0],
    ['7.2, branch stacks alone', 'brstack72.txt.gz', 60, 0, 17, 0],
    ['6.1, flags in words', 'flags-old.txt.gz', 60, 0, 16, 0],
    ['6.1, physical address behind a symbol', 'sym-no-dso.txt.gz', 60, 35, 0, 35],
  ])('%s', (_, file, records, va, to, pa) => {
    const lab = newLab();
    const [made] = importFiles(lab, [fixture(file)]);
    const found = samplesOf(lab);
    expect([made.samples, found.va, found.to, found.pa]).toEqual([records, va, to, pa]);
    expect(made.warnings.filter((w) => w.severity !== 'info')).toEqual([]);
    // Each address that was taken is the record's own.
    const known = [...truth].map((row) => row.split(' '));
    for (const row of found.rows) {
      const [, pc, address, target] = row.split(' ');
      const own = known.filter((k) => k[1] === pc);
      if (address !== '-') expect(own.some((k) => k[2] === address)).toBe(true);
      if (target !== '-') expect(own.some((k) => k[3] === target)).toBe(true);
    }
  });

  test.each([
    ['CPUs that are -1', 'cpu-mixed.txt', 40, 40],
    ['records without a PC', 'no-pc.txt', 60, 54],
    ['side band first', 'side-band-first.txt.gz', 300, 300],
  ])('%s', (_, file, records, pcs) => {
    const lab = newLab();
    expect(importFiles(lab, [fixture(file)])[0].samples).toBe(records);
    expect(samplesOf(lab).pc).toBe(pcs);
  });
});

describe('packed', () => {
  test.each(['perf.data.gz', 'perf.data.xz', 'perf.data.bz2', 'perf.data.zst'])('%s', (file) => {
    const lab = newLab();
    importFiles(lab, [fixture(file)]);
    expect(new Set(samplesOf(lab).rows)).toEqual(truth);
  });
});

/** Stage 2 rows and exits of a trace: must be the same however the text was produced. */
function told(file: string): unknown {
  const lab = newLab();
  importFiles(lab, [fixture(file)]);
  const db = openLabFile(lab, 'read');
  const row = getCapture(db, 1, 'kvm');
  const { timelines } = loadStage2(db, row);
  const rows = timelines.map((t) => [
    t.n,
    [...t.t.subarray(0, t.n)],
    [...t.page.subarray(0, t.n)],
    [...t.kind.subarray(0, t.n)],
  ]);
  const exits = countExits(storedTrace(db, row));
  db.close();
  return { records: row.records, t0: row.t0, t1: row.t1, rows, exits };
}

describe('KVM text: the same as the text in order', () => {
  test.each([
    ['files of single CPUs, one behind the other', 'per-cpu.txt.gz', 'sorted.txt.gz'],
    ['two pieces, the later one first', 'appended.txt.gz', 'sorted.txt.gz'],
    ['events of a vendor', 'v2.txt.gz', 'sorted.txt.gz'],
    ['lines broken by a mail program', 'mail.txt', 'whole.txt'],
    ['marks of quoting', 'quoted-tight.txt', 'unquoted.txt'],
    ['a raw mail, quoted-printable', 'mail-raw.txt.gz', 'sorted.txt.gz'],
    ['colours of grep', 'coloured.txt.gz', 'sorted.txt.gz'],
    ["trace-cmd's plugins for x86", 'report-plugins.txt.gz', 'report.txt.gz'],
  ])('%s', (_, file, plain) => {
    expect(told(file)).toEqual(told(plain));
  });
});

test.each([
  ['git lfs', 'lfs.perf.data', /a Git LFS pointer.*git lfs pull/],
  ['JSON', 'samples.json', /JSON of perf data convert/],
  ['Parquet', 'samples.parquet', /a Parquet table/],
  ['discard=1', 'discard.perf.data', /recorded with discard=1/],
  ['a table of perf', 'kvm-stat.txt', /perf kvm stat report/],
  ['events alone', 'bare.txt', /begins 'kvm_guest_fault: ipa 0x8001000/],
  ['text without times', 'no-time.txt.gz', /perf script -F \+time/],
  ['distances for times', 'times.txt.gz', /--deltatime/],
  ['text without events', 'no-event.txt.gz', /-F \+event/],
  ['a trace without threads', 'time-only.txt', /no comm, tid, cpu/],
  ['a counter for a clock', 'numbers.txt.gz', /whole numbers.*doesn't count ns/],
  ['a trace from its end', 'newest-first.txt.gz', /line 2: the time goes back.*newest first; reverse it with `tac`/],
  ['a web page', 'page.html', /HTML or XML/],
  ['two pairs in a zip', 'two-pairs.zip', /a zip of 4 captures/],
  ['x86', 'host-a.txt', /a KVM trace of x86/],
  ['x86, quoted', 'host-b.txt', /a KVM trace of x86/],
])('%s is refused by name', (_, file, message) => {
  expect(() => importFiles(newLab(), [fixture(file)])).toThrow(message);
});

test('SPE text: dates, no thread ids, and pieces out of order', () => {
  const rows = (file: string) => {
    const lab = newLab();
    const [made] = importFiles(lab, [fixture(file)]);
    return { kinds: made.warnings.map((w) => w.kind), rows: samplesOf(lab).rows };
  };
  const plain = rows('plain-spe.txt');
  expect(plain.rows).toHaveLength(40);
  const appended = rows('appended-spe.txt');
  expect(new Set(appended.rows)).toEqual(new Set(plain.rows));
  expect(appended.kinds).toContain('text-out-of-order');
  expect(appended.kinds).not.toContain('spe-time-backwards');
  expect(new Set(rows('date.txt').rows)).toEqual(new Set(plain.rows.filter((r) => rows('date.txt').rows.includes(r))));
  expect(rows('date.txt').rows).toHaveLength(20);
  const bare = rows('no-tid.txt');
  expect(bare.rows).toHaveLength(20);
  expect(bare.kinds).toContain('script-no-tid');
});

test.each([
  ['SPE', 'plain-spe.txt', /(\d+)\.(\d{6}):/],
  ['KVM', 'sorted.txt.gz', /(\d+)\.(\d{6}):/],
])('times of %s text from the first on are refused as no clock', (_, file, time) => {
  const bytes = readFileSync(fixture(file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
  let first: number | undefined;
  const relative = text.replaceAll(new RegExp(time, 'g'), (_, seconds: string, micros: string) => {
    const t = Number(seconds) * 1e6 + Number(micros);
    first ??= t;
    return `${((t - first) / 1e6).toFixed(6)}:`;
  });
  const path = join(folder, `${labs}-relative.txt`);
  writeFileSync(path, relative, 'latin1');
  const [made] = importFiles(newLab(), [path]);
  expect(made.warnings.map((w) => w.kind)).toContain('relative-times');
  expect(made.t0).toBe(0n);
});

test('one damaged time is reported, with its place in the file', () => {
  const [made] = importFiles(newLab(), [fixture('far-time.txt.gz')]);
  expect(made.warnings).toContainEqual(
    expect.objectContaining({ severity: 'undecoded', kind: 'time-leaps', count: 1, offset: expect.any(Number) }),
  );
});

test('every file that fails is named; each of the others is imported if asked for', () => {
  const files = ['lfs.perf.data', 'perf.data.gz', 'samples.parquet'].map(fixture);
  let thrown: unknown;
  try {
    importFiles(newLab(), files);
  } catch (error) {
    thrown = error;
  }
  expect((thrown as AggregateError).errors.map((e) => (e as Error).message)).toEqual([
    expect.stringMatching(/LFS/),
    expect.stringMatching(/Parquet/),
  ]);
  const { captures, failed } = importEach(newLab(), files);
  expect([captures.map((c) => c.samples), failed.length]).toEqual([[300], 2]);
});

test('text and perf.data are compared by what both tell only', () => {
  const lab = newLab();
  importFiles(lab, [fixture('mem72.txt.gz'), fixture('perf.data.gz')]);
  for (const by of ['page', 'pc', 'el', 'op', 'source'] as const)
    expect(() => compareCaptures(lab, 1, 2, by)).toThrow(/capture 1 is text of perf script, which lacks/);
  expect(compareCaptures(lab, 1, 2, 'thread').comparison).toBeDefined();
});
