/** Which functions a capture's samples are in: found in the binaries that ran, and stored in the lab file. */
import { halves, Has } from '../../formats/spe/columns.ts';
import { Warnings } from '../../formats/problems.ts';
import type { Warning } from '../../formats/problems.ts';
import { UNLOCATED } from '../../formats/spe/text-samples.ts';
import { Binding, findSymbol, SymbolCollector } from '../../formats/symbols/symbol-table.ts';
import type { SymbolTable } from '../../formats/symbols/symbol-table.ts';
import { getCapture, replaceWarnings } from '../../store/captures.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { inLabFile } from '../../store/lab-write.ts';
import { readMappings } from '../../store/mappings.ts';
import type { Mapping } from '../../store/mappings.ts';
import { readColumn, readLanes } from '../../store/spe-store.ts';
import { putSymbols, readSymbols } from '../../store/symbols.ts';
import type { SymbolCode, SymbolRow } from '../../store/symbols.ts';
import { createDemangler } from './demangle.ts';
import { addressPlace, distance, homeOf, jitHomeOf, placeAddress } from './places.ts';
import { findBinary, findPerfMaps, kcoreKallsyms } from './files.ts';
import type { BinaryCoverage } from '../../contract/jobs.ts';
import type { Found, SymbolSources } from './files.ts';

export interface SymbolsFound {
  /** Most samples first. */
  readonly binaries: readonly BinaryCoverage[];
  readonly warnings: readonly Warning[];
}

/** Finds and stores the functions of a capture. Throws InputError for picked files that can't be read, LabFileError. */
export function symbolsInLab(lab: string, capture: number, sources: SymbolSources): SymbolsFound {
  return inLabFile(lab, 'write', (db) => addSymbols(db, getCapture(db, capture, 'spe'), sources));
}

/** How many samples of a capture are in functions that the lab knows. Searches for nothing, stores nothing. */
export function symbolCoverage(db: Db, capture: CaptureRow): readonly BinaryCoverage[] {
  return tallySymbols(db, capture, undefined, new Warnings()).tally.list();
}

/** The same in the caller's transaction. What is known about other binaries stays. */
export function addSymbols(db: Db, capture: CaptureRow, picked: SymbolSources): SymbolsFound {
  const sources = { ownKallsyms: kcoreKallsyms(capture.file), ...picked };
  const warnings = new Warnings();
  const { tally, tables } = tallySymbols(db, capture, sources, warnings);
  warnOfUnused(sources.elfFiles ?? [], tables, warnings);
  putSymbols(db, capture.id, tally.readBinaries(), tally.rows());
  const binaries = tally.list();
  const samples = binaries.reduce((sum, b) => sum + b.samples, 0);
  const missing = samples - binaries.reduce((sum, b) => sum + b.named, 0);
  if (missing) {
    const without = binaries
      .filter((b) => b.named < b.samples)
      .map((b) => b.binary.slice(b.binary.lastIndexOf('/') + 1));
    const which = `${without.slice(0, 3).join(', ')}${without.length > 3 ? ` and ${without.length - 3} more` : ''}`;
    const message = `${missing} of ${samples} samples lie in no known function (${which}): they count by binary and page`;
    warnings.add('info', 'symbols-missing', message);
  }
  replaceWarnings(db, capture.id, ['symbols-', 'elf-', 'kallsyms-', 'perf-map-'], warnings.list());
  return { binaries, warnings: warnings.list() };
}

/** @param sources where to look for functions; undefined: only what the lab knows */
function tallySymbols(
  db: Db,
  capture: CaptureRow,
  sources: SymbolSources | undefined,
  warnings: Warnings,
): { readonly tally: Tally; readonly tables: Iterable<Functions | undefined> } {
  const mappings = readMappings(db, capture.id);
  const counts = countPlaces(db, capture, mappings);
  const used = mappings.filter((_, i) => counts[i].size > 0);
  const pids = new Set(used.flatMap((m) => (m.kernel ? [] : [m.pid])));
  const jits = sources ? findPerfMaps(pids, capture.file, sources, warnings) : new Map<number, Functions>();
  const known = knownFunctions(readSymbols(db, capture.id));
  const tally = new Tally();
  const tables = new Map<string, Functions | undefined>();
  mappings.forEach((m, i) => {
    // Functions named in text are all there is: it doesn't say where the binary was loaded.
    if (!counts[i].size || m.length >= UNLOCATED) return;
    const { binary, start } = homeOf(m);
    const key = `${binary}\0${m.buildId ?? ''}`;
    if (!tables.has(key))
      tables.set(key, (sources && findBinary(binary, textOf(mappings, m), sources, warnings)) ?? known.get(key));
    const own = tables.get(key);
    const jitHome = jitHomeOf(m);
    const jit = jitHome && (jits.get(m.pid) ?? known.get(`${jitHome.binary}\0`));
    for (const [into, n] of counts[i]) {
      if (own && tally.hit(binary, m.buildId, own, start + into, n)) continue;
      if (jit && tally.hit(jitHome.binary, undefined, jit, jitHome.start + into, n)) continue;
      tally.miss(binary, m.buildId, own, n);
    }
  });
  return { tally, tables: tables.values() };
}

/** A binary's functions: just read from `file`, or those in the lab. */
interface Functions extends Pick<Found, 'table' | 'codeOf'> {
  readonly file?: string;
}

/** What was found before, by binary and build id. */
function knownFunctions(rows: readonly SymbolRow[]): Map<string, Functions> {
  const byBinary = Map.groupBy(rows, (r) => `${r.binary}\0${r.buildId ?? ''}`);
  return new Map(
    Array.from(byBinary, ([key, own]) => {
      const symbols = new SymbolCollector((i) => own[i].linkageName ?? own[i].name);
      own.forEach((r, i) => symbols.add(addressPlace(r.binary, r.start), r.bytes, Binding.GLOBAL, i));
      return [key, { table: symbols.build() }];
    }),
  );
}

/** Picked binaries without samples; those of another build have their own warning. */
function warnOfUnused(picked: readonly string[], used: Iterable<Functions | undefined>, warnings: Warnings): void {
  const files = new Set(Array.from(used, (f) => f?.file));
  const messages = warnings.list().map((w) => w.message);
  for (const file of picked) {
    if (files.has(file) || messages.some((message) => message.startsWith(`${file} `))) continue;
    const message = `${file} is none of the binaries that samples lie in, by build id or by name: not used`;
    warnings.add('info', `symbols-unused ${file}`, message);
  }
}

/** The kernel's own mapping for any of the kernel's: modules are found by address in the same list. */
function textOf(mappings: readonly Mapping[], m: Mapping): Mapping {
  return (m.kernel && mappings.find((k) => k.kernel && k.file.startsWith('[kernel.'))) || m;
}

/** Per mapping: bytes into it → samples there. */
function countPlaces(db: Db, capture: CaptureRow, mappings: readonly Mapping[]): Map<number, number>[] {
  const counts = mappings.map(() => new Map<number, number>());
  const starts = halves(BigUint64Array.from(mappings, (m) => m.start));
  for (const lane of readLanes(db, capture.id)) {
    const present = readColumn(db, capture.id, lane, 'present');
    const map = readColumn(db, capture.id, lane, 'map');
    const pc = halves(readColumn(db, capture.id, lane, 'pc'));
    for (let i = 0; i < map.length; i++) {
      const m = map[i];
      if (m < 0 || !(present[i] & Has.PC)) continue;
      const into = distance(pc[2 * i], pc[2 * i + 1], starts[2 * m], starts[2 * m + 1]);
      const count = counts[m];
      count.set(into, (count.get(into) ?? 0) + 1);
    }
  }
  return counts;
}

interface BinaryTally {
  readonly binary: string;
  readonly buildId: string | undefined;
  readonly found: Functions | undefined;
  samples: number;
  named: number;
  /** Functions with samples, by index in the table. */
  readonly hits: Set<number>;
}

class Tally {
  readonly #byBinary = new Map<string, BinaryTally>();

  #of(binary: string, buildId: string | undefined, found: Functions | undefined): BinaryTally {
    const key = `${binary}\0${buildId ?? ''}`;
    let own = this.#byBinary.get(key);
    if (!own) this.#byBinary.set(key, (own = { binary, buildId, found, samples: 0, named: 0, hits: new Set() }));
    return own;
  }

  /** Counts samples at a place if a function is there. */
  hit(binary: string, buildId: string | undefined, found: Functions, place: number, samples: number): boolean {
    const i = findSymbol(found.table, place);
    if (i < 0) return false;
    const own = this.#of(binary, buildId, found);
    own.samples += samples;
    own.named += samples;
    own.hits.add(i);
    return true;
  }

  miss(binary: string, buildId: string | undefined, found: Functions | undefined, samples: number): void {
    this.#of(binary, buildId, found).samples += samples;
  }

  /** Binaries whose functions were just read. */
  readBinaries(): string[] {
    return [...this.#byBinary.values()].flatMap((b) => (b.found?.file === undefined ? [] : [b.binary]));
  }

  *rows(): Generator<SymbolRow & SymbolCode> {
    const demangle = createDemangler();
    for (const { binary, buildId, found, hits } of this.#byBinary.values()) {
      if (found?.file === undefined) continue;
      const { table } = found;
      const list = [...hits];
      const code = found.codeOf?.(list.map((i) => ({ start: table.start[i], end: table.end[i] })));
      for (const [k, i] of list.entries()) yield { ...rowOf(binary, buildId, table, i, demangle), ...code?.[k] };
    }
  }

  list(): BinaryCoverage[] {
    const all = [...this.#byBinary.values()].sort((a, b) => b.samples - a.samples);
    return all.map(({ binary, buildId, found, samples, named, hits }) => ({
      ...{ binary, buildId, file: found?.file, samples, named, functions: hits.size },
    }));
  }
}

function rowOf(
  binary: string,
  buildId: string | undefined,
  { start, end, name: nameOf }: SymbolTable,
  i: number,
  demangle: (name: string) => string,
): SymbolRow {
  const linked = nameOf(i);
  const name = demangle(linked);
  return {
    binary,
    buildId,
    start: placeAddress(binary, start[i]),
    bytes: end[i] - start[i],
    name,
    ...(name !== linked && { linkageName: linked }),
  };
}
