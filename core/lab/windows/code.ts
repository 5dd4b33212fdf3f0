/** A function's samples by address under one policy, with its instructions and source lines: what `perf annotate` shows, twice. */
import { Has, halves } from '../../formats/spe/columns.ts';
import { sourceName } from '../../formats/spe/sources.ts';
import { FUNCTION_BYTES } from '../../formats/symbols/limits.ts';
import type { CodeRow, FunctionCode } from '../../contract/code.ts';
import { KEPT, OUTSIDE } from '../../model/outcome.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { readMappings } from '../../store/mappings.ts';
import { readColumn } from '../../store/spe-store.ts';
import { readSymbolCode } from '../../store/symbols.ts';
import type { SymbolCode } from '../../store/symbols.ts';
import { replayAgain } from '../runs/replay-again.ts';
import type { ReplayedAgain, ResultChoice } from '../runs/replay-again.ts';
import { disassemble } from '../symbols/disassemble.ts';
import type { Instruction } from '../symbols/disassemble.ts';
import { midrOfLane } from '../symbols/keys.ts';
import { functionOf } from '../symbols/find-function.ts';
import type { FunctionPlace } from '../symbols/find-function.ts';
import { distance, homeOf, isPerfMap, jitHomeOf, KERNEL } from '../symbols/places.ts';

/** What was counted at one address. */
interface Counted {
  reference: number;
  kept: number;
  latency: number;
  timed: number;
  readonly sources: Map<string, number>;
}

/** What the lab has on a function, before disassembly. */
export interface FunctionSamples {
  readonly place: FunctionPlace;
  readonly known: SymbolCode;
  readonly counts: ReadonlyMap<number, Counted>;
  readonly all: FunctionCode['all'];
}

/**
 * @param key a function's name as skew by symbol gives it, or `kvbench+0x1a40`: its function if one is known, else its page
 * @throws RequestError if no sample's place has that name
 */
export function functionSamples(db: Db, key: string, again: ReplayedAgain): FunctionSamples {
  const { spe } = again.inputs;
  const place = functionOf(db, spe.id, key);
  const known = place.symbol ? readSymbolCode(db, spe.id, place.binary, place.symbol.start) : {};
  return { place, known, ...count(db, place, again) };
}

/** The same, given a lab file. Throws RequestError, LabFileError. */
export function codeOfFunction(lab: string, key: string, choice: ResultChoice): Promise<FunctionCode> {
  return functionCode(readLab(lab, (db) => functionSamples(db, key, replayAgain(db, choice))));
}

export async function functionCode({ place, known, counts, all }: FunctionSamples): Promise<FunctionCode> {
  const instructions = known.code ? await disassemble(known.code, place.start) : [];
  const rows = rowsOf(counts, instructions, known);
  return {
    name: place.name,
    binary: place.binary,
    ...(place.buildId !== undefined && { buildId: place.buildId }),
    start: `0x${place.address.toString(16)}`,
    bytes: place.bytes,
    reference: rows.reduce((n, row) => n + row.reference, 0),
    kept: rows.reduce((n, row) => n + row.kept, 0),
    all,
    rows,
    files: known.lines?.files ?? [],
    ...(!known.code && whyMissing(place)),
    ...(known.code && place.bytes > FUNCTION_BYTES && { cut: place.bytes - known.code.length }),
  };
}

function whyMissing({ binary, symbol, name }: FunctionPlace): Pick<FunctionCode, 'missing' | 'loadable'> {
  if (isPerfMap(binary))
    return { missing: 'Generated code: a perf map names functions, it holds none of their instructions.' };
  if (binary === KERNEL)
    return { missing: 'The instructions of the kernel are not kept: it patches its own code as it runs.' };
  const file = binary.slice(binary.lastIndexOf('/') + 1);
  const missing = symbol
    ? `The lab holds no code of ${name}: add ${file} itself (umbra symbols --elf ${file}), of the same build id.`
    : `No function is known here: add ${file} (umbra symbols --elf ${file}).`;
  return { missing, loadable: true };
}

/** Bytes from the function's start → its samples, and the run's own counts. */
function count(db: Db, place: FunctionPlace, { inputs, outcome }: ReplayedAgain) {
  const { spe, reference } = inputs;
  const mappings = readMappings(db, spe.id);
  const starts = halves(BigUint64Array.from(mappings, (m) => m.start));
  // Per mapping the place of its first byte, relative to the function; NaN where another binary is mapped.
  const offsets = mappings.map((m) => {
    const homes = [homeOf(m), jitHomeOf(m)];
    const home = homes.find((h) => h?.binary === place.binary);
    const sameBuild = m.kernel || place.buildId === undefined || m.buildId === place.buildId;
    return home && sameBuild ? home.start - place.start : NaN;
  });
  const counts = new Map<number, Counted>();
  const all = { reference: 0, kept: 0 };
  reference.stored.forEach((lane, l) => {
    const column = <K extends Parameters<typeof readColumn>[3]>(name: K) => readColumn(db, spe.id, lane, name);
    const [present, map, pc] = [column('present'), column('map'), halves(column('pc'))];
    const [latency, source] = [column('totalLat'), column('source')];
    const midr = midrOfLane(spe, lane.cpu);
    const fates = outcome.fates[l];
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      const kept = fates[i] === KEPT ? 1 : 0;
      all.reference++;
      all.kept += kept;
      const m = map[i];
      if (m < 0 || !(present[i] & Has.PC) || Number.isNaN(offsets[m])) continue;
      const at = offsets[m] + distance(pc[2 * i], pc[2 * i + 1], starts[2 * m], starts[2 * m + 1]);
      if (at < 0 || at >= place.bytes) continue;
      let own = counts.get(at);
      if (!own) counts.set(at, (own = { reference: 0, kept: 0, latency: 0, timed: 0, sources: new Map() }));
      own.reference++;
      own.kept += kept;
      if (present[i] & Has.TOTAL) {
        own.latency += latency[i];
        own.timed++;
      }
      if (!(present[i] & Has.SOURCE)) continue;
      const name = sourceName(source[i], midr);
      own.sources.set(name, (own.sources.get(name) ?? 0) + 1);
    }
  });
  return { counts, all };
}

/** Every instruction, or every address with samples; both if samples are between instructions. */
function rowsOf(
  counts: ReadonlyMap<number, Counted>,
  instructions: readonly Instruction[],
  { lines }: SymbolCode,
): CodeRow[] {
  const byPlace = new Map(instructions.map((one) => [one.at, one]));
  const places = [...new Set([...byPlace.keys(), ...counts.keys()])].sort((a, b) => a - b);
  let next = 0;
  return places.map((at): CodeRow => {
    while (lines && next < lines.rows.length && lines.rows[next][0] <= at) next++;
    const line = lines?.rows[next - 1];
    const own = counts.get(at);
    const { text, to } = byPlace.get(at) ?? {};
    return {
      at,
      reference: own?.reference ?? 0,
      kept: own?.kept ?? 0,
      ...(own?.timed && { latency: own.latency / own.timed }),
      sources: Array.from(own?.sources ?? [], ([name, samples]) => ({ name, samples })).sort(
        (a, b) => b.samples - a.samples || (a.name < b.name ? -1 : 1),
      ),
      ...(text !== undefined && { text: to === undefined ? text : withTarget(text, to) }),
      ...(to !== undefined && { to }),
      ...(line && line[2] > 0 && { line: [line[1], line[2]] }),
    };
  });
}

/** Branch targets in the offsets of the rows: `b.eq +0x12c`, `bl -0x40`. */
function withTarget(text: string, to: number): string {
  return text.replace(/#0x[0-9a-f]+$/, `${to < 0 ? '-' : '+'}0x${Math.abs(to).toString(16)}`);
}
