/**
 * Do the statistics keep their promises? Simulated captures: programs with and without phases, losses that know nothing of them, in bursts of
 * any length. `node test/property/calibration.ts [RUNS]` prints the table of docs/model.md; the test runs less of it.
 */
import { fileURLToPath } from 'node:url';
import { compareProfiles } from '../../core/analysis/compare.ts';
import type { KeyedLane } from '../../core/analysis/over-time.ts';
import { countsOf, skew } from '../../core/analysis/skew.ts';
import { judge, MOVED, TOP } from '../../core/analysis/verdict.ts';
import type { Verdict } from '../../core/analysis/verdict.ts';
import { KEPT, LOST } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';
import type { Random } from '../../core/model/random.ts';

const KEYS = 12;
const weights = [0.3, 0.2, 0.15, 0.1, 0.08, 0.05, 0.04, 0.03, 0.02, 0.015, 0.01, 0.005];

/** Mean length of a phase as a part of the capture; 0: samples are independent. */
export const phases = [0, 0.004, 0.04, 0.25] as const;
/** Samples lost in a row. */
export const bursts = [1, 7, 60, 600] as const;
export const losses = [0.02, 0.2] as const;

function pick(random: Random): number {
  let u = random.uniform();
  for (let key = 0; key < KEYS - 1; key++) if ((u -= weights[key]) < 0) return key;
  return KEYS - 1;
}

/** Keys of one capture: in a phase, 30 % of the samples are of its own key. */
export function program(random: Random, n: number, phase: number): Uint32Array {
  let own = pick(random);
  return Uint32Array.from({ length: n }, () => {
    if (phase > 0 && random.uniform() < 1 / (phase * n)) own = pick(random);
    return phase > 0 && random.uniform() < 0.3 ? own : pick(random);
  });
}

/** A mask independent of the keys: bursts at random places until the share is lost. */
export function mask(random: Random, n: number, burst: number, loss: number): Uint8Array {
  const fates = new Uint8Array(n).fill(KEPT);
  let gone = 0;
  while (gone < loss * n) {
    const at = random.below(n);
    for (let i = at; i < Math.min(n, at + burst); i++) {
      if (fates[i] === KEPT) gone++;
      fates[i] = LOST;
    }
  }
  return fates;
}

export function laneOf(keys: Uint32Array, fates: Uint8Array): KeyedLane {
  return { t: Float64Array.from({ length: keys.length }, (_, i) => i), keys, fates };
}

export interface Cell {
  phase: number;
  burst: number;
  loss: number;
  runs: number;
  /** Runs in which the cause could be decided, and of these: p at most 5 %, any false star, all intervals cover no move. */
  tested: number;
  alarms: number;
  stars: number;
  covered: number;
  misleading: number;
  /** Captures of which no large key's share moved by more than 10 % of itself, and of these those called misleading. */
  unmoved: number;
  untrue: number;
}

/** How far the share of any of the largest keys moved, as a part of itself: counted here, sample by sample. */
function farthestMove(keys: Uint32Array, fates: Uint8Array): number {
  const all = Array.from({ length: KEYS }, () => 0);
  const kept = Array.from({ length: KEYS }, () => 0);
  keys.forEach((key, i) => {
    all[key]++;
    if (fates[i] === KEPT) kept[key]++;
  });
  const survivors = kept.reduce((sum, n) => sum + n, 0);
  const largest = all.map((n, key) => [n, key] as const).sort(([a], [b]) => b - a);
  const moves = largest.slice(0, TOP).map(([n, key]) => (n ? kept[key] / survivors / (n / keys.length) - 1 : 0));
  return Math.max(...moves.map(Math.abs));
}

/** Captures without bias: every alarm is false. Intervals are for the move caused by place, whose truth is 0. */
export function calibrate(seed: number, runs: number, n: number, phase: number, burst: number, loss: number): Cell {
  const random = createRandom(seed);
  const none = { tested: 0, alarms: 0, stars: 0, covered: 0, misleading: 0, unmoved: 0, untrue: 0 };
  const cell: Cell = { phase, burst, loss, runs, ...none };
  for (let run = 0; run < runs; run++) {
    const keys = program(random, n, phase);
    const fates = mask(random, n, burst, loss);
    const result = skew([laneOf(keys, fates)], KEYS);
    if (!result) continue;
    const isMisleading = verdictOf(result).word === 'misleading';
    const isUnmoved = farthestMove(keys, fates) <= MOVED;
    if (isMisleading) cell.misleading++;
    if (isUnmoved) cell.unmoved++;
    if (isMisleading && isUnmoved) cell.untrue++;
    if (result.cause.pValue === undefined) continue;
    cell.tested++;
    if (result.cause.pValue <= 0.05) cell.alarms++;
    if (result.keys.significant.includes(1)) cell.stars++;
    if (result.keys.low.every((low, row) => Number.isNaN(low) || (low <= 0 && result.keys.high[row] >= 0)))
      cell.covered++;
  }
  return cell;
}

function verdictOf(result: NonNullable<ReturnType<typeof skew>>): Verdict {
  const summary = { coverage: result.kept / result.reference, vmDead: false, reference: result.reference };
  return judge(summary, countsOf(result, String));
}

/** How often a capture whose largest key loses half of its samples is called representative. */
export function halvedTopKey(seed: number, runs: number, n: number): number {
  const random = createRandom(seed);
  let wrong = 0;
  for (let run = 0; run < runs; run++) {
    const keys = program(random, n, 0.04);
    const counts = new Uint32Array(KEYS);
    for (const key of keys) counts[key]++;
    const top = counts.indexOf(Math.max(...counts));
    const fates = Uint8Array.from(keys, (key) => (key === top && random.uniform() < 0.5 ? LOST : KEPT));
    const result = skew([laneOf(keys, fates)], KEYS);
    if (result && verdictOf(result).word === 'representative') wrong++;
  }
  return wrong / runs;
}

/** Two captures of one process: how many comparisons answer, and how many of these say that they differ. */
export function sameProcess(
  seed: number,
  runs: number,
  n: number,
  phase: number,
): { answered: number; different: number; notAlike: number } {
  const random = createRandom(seed);
  const found = { answered: 0, different: 0, notAlike: 0 };
  for (let run = 0; run < runs; run++) {
    const [a, b] = [0, 1].map(() => [laneOf(program(random, n, phase), new Uint8Array(n).fill(KEPT))]);
    const comparison = compareProfiles(a, b, KEYS, String, { draws: 399, seed: run });
    if (!comparison || comparison.word === "can't tell") continue;
    found.answered++;
    if (comparison.word === 'different') found.different++;
    if (comparison.word !== 'alike') found.notAlike++;
  }
  return found;
}

function print(runs: number): void {
  const percent = (n: number, of: number): string => (of ? `${((100 * n) / of).toFixed(1)} %` : '–').padStart(8);
  const n = 20_000;
  console.log(`${runs} captures of ${n} samples a line, losses that know nothing of the keys\n`);
  console.log('phase   burst   loss   tested   p ≤ 5 %   any star  intervals  misleading  of those, untrue');
  for (const phase of phases)
    for (const burst of bursts)
      for (const loss of losses) {
        const c = calibrate(7, runs, n, phase, burst, loss);
        const head = `${`${100 * phase} %`.padEnd(7)} ${String(burst).padStart(5)} ${percent(loss, 1)} ${percent(c.tested, c.runs)}`;
        console.log(
          `${head}  ${percent(c.alarms, c.tested)}   ${percent(c.stars, c.tested)}   ${percent(c.covered, c.tested)}    ${percent(c.misleading, c.runs)}${String(c.untrue).padStart(18)}`,
        );
      }
  console.log(
    `\nshort captures, bursts of 60: misleading, of those untrue; of captures with no share off by over 10 %: misleading`,
  );
  for (const size of [1000, 5000])
    for (const phase of phases)
      for (const loss of losses) {
        const c = calibrate(10, runs, size, phase, 60, loss);
        const head = `${size} samples, phases ${100 * phase} %, ${percent(loss, 1).trim()} lost`.padEnd(42);
        console.log(
          `${head}${percent(c.misleading, c.runs)}${String(c.untrue).padStart(6)}${`${c.untrue} of ${c.unmoved}`.padStart(12)}`,
        );
      }
  console.log(`\nlargest key halved, 1000 samples: representative in ${percent(halvedTopKey(8, runs, 1000), 1)}`);
  for (const phase of phases) {
    const c = sameProcess(9, Math.max(1, Math.floor(runs / 4)), n, phase);
    console.log(
      `two captures of one process, phases ${100 * phase} %: answered ${c.answered}, different ${percent(c.different, c.answered)}, not alike ${percent(c.notAlike, c.answered)}`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) print(Number(process.argv[2] ?? 400));
