import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDemangler } from '../../core/lab/symbols/demangle.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { sampleKeys } from '../../core/lab/symbols/keys.ts';
import { skewKeysOf } from '../../core/lab/runs/skew.ts';
import { symbolsInLab } from '../../core/lab/symbols/symbols.ts';
import { getCapture } from '../../core/store/captures.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { readLanes } from '../../core/store/spe-store.ts';
import { readSymbols } from '../../core/store/symbols.ts';
import { buildElf } from './elf.builder.ts';

interface Truth {
  functions: { name: string; start: string; end: string; dso: string }[];
  samples: Record<string, number>;
  pids: number[];
}
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const capture = fixture('pair/kvbench.perf.data');
const truth = JSON.parse(readFileSync(fixture('symbols/kvbench.functions.json'), 'utf8')) as Truth;
const isKernel = (f: Truth['functions'][number]) => f.dso.startsWith('[kernel');
const kvbench = '/opt/demo/bin/kvbench';
/** The capture's mappings of its two binaries. */
const loads: Readonly<Record<string, { start: number; pgoff: number; buildId: string }>> = {
  [kvbench]: { start: 0xaaaac3f48000, pgoff: 0x1000, buildId: '5d6ea496a40ef8b7b721cfeca855ab032e59ac0d' },
  '/usr/lib/aarch64-linux-gnu/libc.so.6': {
    start: 0xffff8afd2000,
    pgoff: 0,
    buildId: 'dd4941ce9795aee1a3be5b84d6d077425c1dbcf7',
  },
};

let dir: string;
let lab: string;
let kallsyms: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'umbra-symbols-'));
  lab = join(dir, 'a.umbra');
  kallsyms = join(dir, 'kallsyms');
  const kernel = truth.functions.filter(isKernel).map((f) => `${f.start.slice(2)} T ${f.name}\n`);
  writeFileSync(kallsyms, kernel.join(''));
  importFiles(lab, [capture]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** An ELF file with the functions that the generator made up, linked at an address of its own. */
function elfOf(file: string, buildId = loads[file].buildId): Uint8Array {
  const { start, pgoff } = loads[file];
  const own = truth.functions.filter((f) => f.dso === file);
  const symbols = own.map((f) => ({
    name: f.name,
    offset: Number(f.start) - start + pgoff,
    size: Number(f.end) - Number(f.start),
  }));
  return buildElf({ buildId, vaddr: 0x10000, symbols });
}

function perfMap(pid: number): string {
  const file = join(dir, `perf-${pid}.map`);
  const own = truth.functions.filter((f) => !isKernel(f));
  const line = (f: Truth['functions'][number]) =>
    `${f.start.slice(2)} ${(Number(f.end) - Number(f.start)).toString(16)} ${f.name}\n`;
  writeFileSync(file, own.map(line).join(''));
  return file;
}

function counts(path: string, kind: 'symbol' | 'page' = 'symbol'): Record<string, number> {
  const db = openLabFile(path, 'read');
  try {
    const { lanes, names } = sampleKeys(db, getCapture(db, 1), readLanes(db, 1), kind);
    const byName: Record<string, number> = {};
    for (const keys of lanes) for (const key of keys) byName[names[key]] = (byName[names[key]] ?? 0) + 1;
    return byName;
  } finally {
    db.close();
  }
}

test('without symbols a function is a page of its binary', () => {
  expect(counts(lab)).toEqual(counts(lab, 'page'));
  const db = openLabFile(lab, 'read');
  expect(skewKeysOf(db, 1)).toEqual(['page', 'pc']);
  db.close();
});

test('binaries below a root file system and kallsyms: samples by function are what the generator made', () => {
  const symfs = join(dir, 'root');
  for (const file of Object.keys(loads)) {
    mkdirSync(join(symfs, file, '..'), { recursive: true });
    writeFileSync(join(symfs, file), elfOf(file));
  }
  const { binaries, warnings } = symbolsInLab(lab, 1, { symfs, kallsyms });
  expect(warnings).toEqual([]);
  expect(binaries.map((b) => [b.binary, b.named === b.samples, b.functions])).toEqual([
    [kvbench, true, 8],
    ['/usr/lib/aarch64-linux-gnu/libc.so.6', true, 2],
    ['[kernel]', true, 4],
  ]);
  expect(counts(lab)).toEqual(truth.samples);
  const db = openLabFile(lab, 'read');
  expect(skewKeysOf(db, 1)).toEqual(['symbol', 'page', 'pc']);
  db.close();
});

test('perf maps at import', () => {
  const path = join(dir, 'b.umbra');
  const [imported] = importFiles(path, [capture], { symbols: { perfMaps: truth.pids.map(perfMap), kallsyms } });
  expect(imported.warnings.filter((w) => w.kind.startsWith('symbols-'))).toEqual([]);
  expect(counts(path)).toEqual(truth.samples);
});

test('a build-id cache; what is missing degrades to pages and is reported once, until it is found', () => {
  const path = join(dir, 'c.umbra');
  importFiles(path, [capture]);
  const { buildId } = loads[kvbench];
  const home = join(dir, 'cache/.build-id', buildId.slice(0, 2), buildId.slice(2));
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'elf'), elfOf(kvbench));
  const { warnings } = symbolsInLab(path, 1, { buildIdDirs: [join(dir, 'cache')] });
  const own = truth.functions.filter((f) => f.dso === kvbench).reduce((sum, f) => sum + truth.samples[f.name], 0);
  expect(warnings).toHaveLength(1);
  expect(warnings[0].message).toContain(`${24000 - own} of 24000 samples lie in no known function (`);
  const keyed = counts(path);
  expect(keyed['hash_probe']).toBe(truth.samples['hash_probe']);
  expect(keyed['libc.so.6+0x9a000']).toBe(truth.samples['memcpy']);
  const db = openLabFile(path, 'read');
  expect(getCapture(db, 1).warnings.filter((w) => w.kind === 'symbols-missing')).toHaveLength(1);
  db.close();
  const libc = '/usr/lib/aarch64-linux-gnu/libc.so.6';
  writeFileSync(join(dir, 'libc.so.6'), elfOf(libc));
  const later = symbolsInLab(path, 1, { elfFiles: [join(dir, 'libc.so.6')], kallsyms });
  expect(later.warnings).toEqual([]);
  expect(later.binaries.map((b) => b.named)).toEqual(later.binaries.map((b) => b.samples));
  const after = counts(path);
  expect(after['memcpy']).toBe(truth.samples['memcpy']);
  expect(after['hash_probe'], 'found before').toBe(truth.samples['hash_probe']);
});

test('another build of the binary is not used', () => {
  const path = join(dir, 'd.umbra');
  importFiles(path, [capture]);
  const file = join(dir, 'kvbench');
  writeFileSync(file, elfOf(kvbench, 'aa'.repeat(20)));
  const { binaries, warnings } = symbolsInLab(path, 1, { elfFiles: [file] });
  expect(binaries.find((b) => b.binary === kvbench)?.named).toBe(0);
  expect(warnings.map((w) => w.message).join()).toContain(
    `${file} is another build of ${kvbench} (build id ${'aa'.repeat(20)}, the capture's is ${loads[kvbench].buildId}): not used`,
  );
});

test('a picked binary that nothing ran is reported', () => {
  const file = fixture('symbols/kv.pie');
  const { warnings } = symbolsInLab(lab, 1, { elfFiles: [file] });
  expect(warnings.map((w) => w.message)).toContain(
    `${file} is none of the binaries that samples lie in, by build id or by name: not used`,
  );
});

test('a vmlinux is moved to where the kernel ran', () => {
  const path = join(dir, 'e.umbra');
  importFiles(path, [capture]);
  const text = 0xffff800080000000n;
  const linked = 0xffff800008000000n;
  const symbols = truth.functions.filter(isKernel).map((f) => ({
    name: f.name,
    offset: Number(BigInt(f.start) - text),
    size: Number(BigInt(f.end) - BigInt(f.start)),
  }));
  const file = join(dir, 'vmlinux');
  writeFileSync(file, buildElf({ vaddr: linked, symbols: [{ name: '_text', offset: 0, size: 0 }, ...symbols] }));
  const { binaries } = symbolsInLab(path, 1, { elfFiles: [file] });
  const kernel = binaries.find((b) => b.binary === '[kernel]')!;
  expect([kernel.named, kernel.file]).toEqual([kernel.samples, file]);
  expect(counts(path)['el0_svc']).toBe(truth.samples['el0_svc']);
});

test('names are stored demangled, with the linker’s beside', () => {
  const path = join(dir, 'f.umbra');
  importFiles(path, [capture]);
  const { start, pgoff } = loads[kvbench];
  const all = { name: '_ZN2kv5Table4scanEPKcm', offset: pgoff, size: 0x20000 };
  const file = join(dir, 'f', 'kvbench');
  mkdirSync(join(dir, 'f'));
  writeFileSync(file, buildElf({ buildId: loads[kvbench].buildId, vaddr: start, symbols: [all] }));
  symbolsInLab(path, 1, { elfFiles: [file] });
  const db = openLabFile(path, 'read');
  expect(readSymbols(db, 1)).toMatchObject([
    { name: 'kv::Table::scan(char const*, unsigned long)', linkageName: all.name, start: 0x1000n, bytes: 0x20000 },
  ]);
  db.close();
});

test('the demangler knows C++ and both kinds of Rust, and leaves the rest alone', () => {
  const demangle = createDemangler();
  expect(demangle('_RNvCskwGfYPst2Cb_3foo16example_function')).toBe('foo::example_function');
  expect(demangle('_ZN3std2io4Read11read_to_end17hb85a0f6802e14499E')).toBe('std::io::Read::read_to_end');
  for (const name of ['main', '_start', '_ZZZ', '_R', '__pthread_create', '', '_Z'.repeat(20000)]) {
    expect(demangle(name)).toBe(name);
  }
});

test('files that were picked and can’t be read end the command, and leave the lab as it was', () => {
  const path = join(dir, 'g.umbra');
  cpSync(lab, path);
  const before = counts(path);
  const none = { elfFiles: [join(dir, 'none')] };
  expect(() => symbolsInLab(path, 1, none)).toThrow(`${join(dir, 'none')}: no such file`);
  expect(counts(path)).toEqual(before);
});
