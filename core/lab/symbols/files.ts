/** Where a capture's symbols are looked for, and what is found there. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ElfFile } from '../../formats/elf/elf.ts';
import { openElf } from '../../formats/elf/elf.ts';
import { elfSymbols, hasSymtab, isKernelElf, kernelSymbols } from '../../formats/elf/elf-symbols.ts';
import { InputError } from '../../formats/problems.ts';
import type { Warnings } from '../../formats/problems.ts';
import { readKallsyms } from '../../formats/symbols/kallsyms.ts';
import { readPerfMap } from '../../formats/symbols/perf-map.ts';
import type { SymbolTable } from '../../formats/symbols/symbol-table.ts';
import type { Mapping } from '../../store/mappings.ts';
import { withFile } from '../file-source.ts';
import { homeFolder } from '../home.ts';
import { codeOf } from './code.ts';
import type { CodeOf } from './code.ts';
import { KERNEL } from './places.ts';

export interface SymbolSources {
  /** A root file system, e.g. of the recording machine: mapping paths are looked up below it. */
  readonly symfs?: string;
  /** Build-id caches like perf's ~/.debug, which is always searched. */
  readonly buildIdDirs?: readonly string[];
  /** Binaries, vmlinux among them: matched by build id, else by name. */
  readonly elfFiles?: readonly string[];
  readonly kallsyms?: string;
  /** The kallsyms that came with the capture: see kcoreKallsyms. */
  readonly ownKallsyms?: string;
  /** perf-PID.map files; those beside the capture are picked up automatically. */
  readonly perfMaps?: readonly string[];
}

/** A binary's functions and the file they come from. */
export interface Found {
  readonly file: string;
  readonly table: SymbolTable;
  /** Machine code and source lines of functions; undefined if the source has neither (kallsyms, generated code). */
  readonly codeOf?: CodeOf;
}

/**
 * The functions of one binary; undefined if no source has them. Files named on the command line must be readable
 * (InputError); unreadable ones found by searching are skipped with a warning.
 */
export function findBinary(binary: string, m: Mapping, sources: SymbolSources, warnings: Warnings): Found | undefined {
  return binary === KERNEL ? findKernel(m, sources, warnings) : findFile(m, sources, warnings);
}

/** `perf record --kcore` keeps the recording machine's kernel symbols, of that boot, in the capture's directory. */
export function kcoreKallsyms(captureFile: string): string | undefined {
  const file = join(captureFile, 'kcore_dir', 'kallsyms');
  return existsSync(file) ? file : undefined;
}

function findKernel(m: Mapping, sources: SymbolSources, warnings: Warnings): Found | undefined {
  const { kallsyms } = sources;
  if (kallsyms !== undefined) return { file: kallsyms, table: withFile(kallsyms, (s) => readKallsyms(s, warnings)) };
  // The kernel mapping is named after the symbol whose address is its pgoff: [kernel.kallsyms]_text.
  const reference = /^\[[^\]]*\](\w+)$/.exec(m.file)?.[1] ?? '_text';
  const vmlinux = (elf: ElfFile) => (isKernelElf(elf) ? kernelSymbols(elf, warnings, m.pgoff, reference) : undefined);
  for (const file of sources.elfFiles ?? []) {
    const table = withFile(file, (s) => {
      const elf = openElf(s, warnings);
      return isKernelElf(elf) && fits(elf, m, file, warnings) ? vmlinux(elf) : undefined;
    });
    if (table) return { file, table };
  }
  if (sources.ownKallsyms !== undefined) {
    const file = sources.ownKallsyms;
    const table = attempt(file, warnings, () => withFile(file, (s) => readKallsyms(s, warnings)));
    if (table) return { file, table };
  }
  for (const dir of cacheDirs(m, sources)) {
    const text = join(dir, 'kallsyms');
    const table = attempt(text, warnings, () => withFile(text, (s) => readKallsyms(s, warnings)));
    if (table) return { file: text, table };
    const file = join(dir, 'vmlinux');
    const linked = attempt(file, warnings, () => withFile(file, (s) => vmlinux(openElf(s, warnings))));
    if (linked) return { file, table: linked };
  }
  return undefined;
}

function findFile(m: Mapping, sources: SymbolSources, warnings: Warnings): Found | undefined {
  const { symfs } = sources;
  const picked = (sources.elfFiles ?? []).filter((file) => matches(file, m, warnings));
  const places = [
    ...(symfs === undefined ? [] : [join(symfs, join('/', m.file)), join(symfs, basename(m.file))]),
    ...cacheDirs(m, sources).map((dir) => join(dir, 'elf')),
  ];
  const own = [...picked, ...places.filter((file) => existsSync(file) && readable(file, m, warnings))];
  const ran = own.length ? withFile(own[0], (s) => openElf(s, warnings)) : undefined;
  if (ran && hasSymtab(ran)) return load(own[0], own[0], ran, warnings);
  // A stripped binary: its symbols may be in a separate file, with addresses that its own segments place.
  const apart = [...own.slice(1), ...debugFiles(m, sources).filter((f) => existsSync(f) && readable(f, m, warnings))];
  const full = apart.find((file) => withFile(file, (s) => hasSymtab(openElf(s, warnings))));
  if (full !== undefined) return load(full, own[0], ran, warnings);
  return ran && load(own[0], own[0], ran, warnings);
}

/** @param ranFile the binary that ran, `ran` its headers */
function load(file: string, ranFile: string | undefined, ran: ElfFile | undefined, warnings: Warnings): Found {
  const table = withFile(file, (s) => {
    const elf = openElf(s, warnings);
    return elfSymbols(elf, warnings, ran?.segments);
  });
  const read: CodeOf = (functions) =>
    withFile(file, (debugSource) => {
      const debug = openElf(debugSource, warnings);
      if (ranFile === undefined) return codeOf(undefined, debug, functions, warnings);
      return withFile(ranFile, (s) => codeOf(openElf(s, warnings), debug, functions, warnings));
    });
  return { file, table, codeOf: read };
}

/** Where a build-id cache keeps a binary: DIR/.build-id/ab/cdef…/. */
function cacheDirs({ buildId }: Mapping, { buildIdDirs = [] }: SymbolSources): string[] {
  if (buildId === undefined || !/^[0-9a-f]{6,}$/.test(buildId)) return [];
  const place = join('.build-id', buildId.slice(0, 2), buildId.slice(2));
  return [...buildIdDirs, join(homeFolder(), '.debug')].map((dir) => join(dir, place));
}

/** Debug files, where distributions put them. */
function debugFiles(m: Mapping, sources: SymbolSources): string[] {
  const caches = cacheDirs(m, sources).map((dir) => join(dir, 'debug'));
  if (sources.symfs === undefined) return caches;
  const root = join(sources.symfs, 'usr/lib/debug');
  const id = m.buildId !== undefined && /^[0-9a-f]{6,}$/.test(m.buildId) ? m.buildId : undefined;
  const byId = id === undefined ? [] : [join(root, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`)];
  return [...byId, join(root, `${join('/', m.file)}.debug`), ...caches];
}

/** Whether a file picked on the command line is this mapping's: same build id or, if one is unknown, same name. */
function matches(file: string, m: Mapping, warnings: Warnings): boolean {
  const id = withFile(file, (s) => openElf(s, warnings).buildId);
  if (id !== undefined && id === m.buildId) return true;
  if (basename(file) !== basename(m.file)) return false;
  return sameBuild(id, m, file, warnings);
}

function fits(elf: ElfFile, m: Mapping, file: string, warnings: Warnings): boolean {
  return sameBuild(elf.buildId, m, file, warnings);
}

function readable(file: string, m: Mapping, warnings: Warnings): boolean {
  const elf = attempt(file, warnings, () => withFile(file, (s) => openElf(s, warnings)));
  return elf !== undefined && sameBuild(elf.buildId, m, file, warnings);
}

function sameBuild(id: string | undefined, m: Mapping, file: string, warnings: Warnings): boolean {
  // Old kernels cut build ids to 20 bytes, and pad shorter ones with zeros.
  const same = (a: string, b: string) => a === b || a === b.replace(/(00)+$/, '') || b === a.replace(/(00)+$/, '');
  if (id === undefined || m.buildId === undefined || same(id, m.buildId)) return true;
  const message = `${file} is another build of ${m.file} (build id ${id}, the capture's is ${m.buildId}): not used`;
  warnings.add('info', `symbols-build-id ${m.file}`, message);
  return false;
}

function attempt<T>(file: string, warnings: Warnings, read: () => T): T | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    warnings.add('undecoded', 'symbols-unreadable', `${error.message}: its symbols are left out`);
    return undefined;
  }
}

/** Perf maps by pid: those picked (the pid is in their names), those beside the capture and below the root file system. */
export function findPerfMaps(
  pids: Iterable<number>,
  captureFile: string,
  sources: SymbolSources,
  warnings: Warnings,
): Map<number, Found> {
  const maps = new Map<number, Found>();
  const known = [...pids];
  for (const file of sources.perfMaps ?? []) {
    const named = /^perf-(\d+)\.map$/.exec(basename(file))?.[1];
    const pid = named === undefined && known.length === 1 ? known[0] : Number(named);
    if (Number.isNaN(pid)) throw new InputError(file, 'whose code is it? Name it perf-PID.map, as JIT compilers do');
    maps.set(pid, { file, table: withFile(file, (s) => readPerfMap(s, warnings)) });
  }
  for (const pid of known) {
    const name = `perf-${pid}.map`;
    const places = [join(dirname(captureFile), name)];
    if (sources.symfs !== undefined) places.push(join(sources.symfs, 'tmp', name));
    for (const file of maps.has(pid) ? [] : places) {
      const table = attempt(file, warnings, () => withFile(file, (s) => readPerfMap(s, warnings)));
      if (table && !maps.has(pid)) maps.set(pid, { file, table });
    }
  }
  return maps;
}
