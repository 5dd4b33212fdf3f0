/**
 * How far the reconstruction agrees with the kernel's own page-table calls, by trace; and how often
 * rows are right, and how far off in time, by evidence: what core/model/stage2/confidence.ts holds.
 * Of a trace's buffers: the share of known page-time that is right, and of all page-time that is unknown, by the clock and
 * by guest time (guest-clock.ts); of all RAM: the share of known page-time that is right, by the clock.
 *
 *   npm run accuracy                 over the fixtures
 *   npm run accuracy -- FOLDER…      over every capture below the folders that has X.trace.dat, X.vm.json and X.stage2.txt
 */
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { wilson } from '../../core/model/stage2/confidence.ts';
import { guestClock } from '../../core/model/stage2/guest-clock.ts';
import { measureRows, pooledRows } from '../../core/model/stage2/row-accuracy.ts';
import type { RowAccuracy } from '../../core/model/stage2/row-accuracy.ts';
import { capturesBelow, compared, load, loadFiles, references } from './stage2-fixtures.ts';

const percent = (share: number): string => `${(share * 100).toFixed(3)} %`.padStart(11);
/** Evidence → how often rows of it are right, capture by capture. */
const byEvidence = new Map<string, RowAccuracy[]>();

const folders = process.argv.slice(2);
const traces = folders.length
  ? folders.flatMap((folder) =>
      capturesBelow(folder).map(([name, ...files]) => [name, () => loadFiles(...files)] as const),
    )
  : references.map((name) => [name, () => load(name)] as const);
if (!traces.length) throw new Error(`No trace with X.vm.json and X.stage2.txt beside it below ${folders.join(', ')}.`);
const width = Math.max(26, ...traces.map(([name]) => name.length + 2));

const shares: number[] = [];
const guestShares: number[] = [];
const columns = (...cells: string[]): string => cells.map((cell) => cell.padStart(11)).join('');
console.log(`${' '.repeat(width)}${columns('by clock', '', 'guest time', '', 'by clock')}`);
console.log(`${'trace'.padEnd(width)}${columns('buffers', 'unknown', 'buffers', 'unknown', 'all RAM')}`);
for (const [name, open] of traces) {
  const trace = open();
  compared(trace).forEach(({ inferred, truth }, v) => {
    const { buffers, slots } = trace.vm.vms[v];
    const buffer = measureAccuracy(inferred, truth, buffers);
    const guest = measureAccuracy(inferred, truth, buffers, guestClock(trace.events, trace.vm, v));
    const ram = measureAccuracy(inferred, truth, slots);
    shares.push(buffer.valid);
    guestShares.push(guest.valid);
    const cells = [buffer.valid, buffer.unknown, guest.valid, guest.unknown, ram.valid];
    console.log(`${name.padEnd(width)}${cells.map(percent).join('')}`);
    for (const [evidence, found] of measureRows(inferred, truth, slots))
      byEvidence.set(evidence, [...(byEvidence.get(evidence) ?? []), found]);
  });
}
for (const [of, list] of [
  ['by clock', shares],
  ['guest time', guestShares],
] as const) {
  list.sort((a, b) => a - b);
  console.log(`${`median, worst ${of}`.padEnd(width)}${percent(list[list.length >> 1])}${percent(list[0])}`);
}

const micros = (ns: number): string => (Number.isNaN(ns) ? '–' : (ns / 1000).toFixed(1)).padStart(12);
const heads = ['rows', 'captures', 'effective'].map((head) => head.padStart(10)).join('');
console.log(`\nrows that change what was claimed of a page of RAM, by evidence\n`);
console.log(
  `${'evidence'.padEnd(18)}${heads}${'right'.padStart(11)}${'at least'.padStart(11)}${'half, µs'.padStart(12)}${'95 %, µs'.padStart(12)}`,
);
const pooled = Array.from(byEvidence, ([name, found]) => [name, pooledRows(found)] as const);
for (const [name, { rows, captures, effective, right, halfNs, withinNs }] of pooled.sort(
  ([, a], [, b]) => b.rows - a.rows,
)) {
  const counts = [rows, captures, Math.floor(effective)].map((n) => String(n).padStart(10)).join('');
  const share = right / rows;
  const sure = `${percent(share)}${percent(wilson(share * effective, effective))}`;
  console.log(`${name.padEnd(18)}${counts}${sure}${micros(halfNs)}${micros(withinNs)}`);
}
